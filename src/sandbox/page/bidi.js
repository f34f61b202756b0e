// Names and addresses may hold characters that turn the direction of writing round. They show what they are, and
// turn nothing round that stands beside them.

const controls = /[\u202a-\u202e\u2066-\u2069]/g;

// A name, without them.
export const calm = (text) => (typeof text === "string" ? text.replace(controls, "") : text);

// What a machine reads, with their numbers in their place.
export const spelt = (text) => text.replace(controls, (c) => `\\u${c.charCodeAt(0).toString(16)}`);

// A name in a text that can hold no element: a title, a label. First strong isolate, pop directional isolate.
export const apart = (name) => `\u2068${calm(name)}\u2069`;
