// What a bot puts below its text: buttons, selects, and the boxes of components v2.
import {el, link, obey, shownUrl, tint} from "./dom.js";
import {markdown} from "./markdown.js";
import {world} from "./world.js";

const styles = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "secondary", 6: "primary"};
export const asking = new Map(); // nonce -> {element, text}: what waits for its bot

let numbers = 0;
export const newNonce = () => `page-${Date.now()}-${++numbers}`;

function press(message, custom_id, values, element) {
	const nonce = newNonce();
	element.setAttribute("aria-busy", "true");
	asking.set(nonce, {element, channel: message.channel_id});
	obey("press", {custom_id, values: values && JSON.stringify(values), message: message.id, channel: message.channel_id,
		user: world.me, nonce}).catch((error) => {
		element.removeAttribute("aria-busy");
		element.title = error.message;
	});
}

const sign = (emoji) => emoji && (emoji.id ? `:${emoji.name}: ` : `${emoji.name} `);

function button(c, message) {
	if (c.style === 5) return link(c.url || "", el("span", {class: "button secondary"}, sign(c.emoji), c.label, " ↗"));
	return el("button", {class: "button " + (styles[c.style] || "secondary"), type: "button", disabled: c.disabled,
		on: {click: (event) => press(message, c.custom_id, null, event.currentTarget)}}, sign(c.emoji), c.label || "");
}

const ofWorld = {
	5: () => [...world.users.values()].map((u) => ({value: u.id, label: "@" + u.username})),
	6: () => (world.guilds.get(world.guild)?.roles || []).map((r) => ({value: r.id, label: "@" + r.name.replace(/^@/, "")})),
	7: () => [...ofWorld[5](), ...ofWorld[6]()],
	8: () => world.channelsOf(world.guild).map((c) => ({value: c.id, label: "#" + world.channelName(c.id)})),
};

export const choicesOf = (c) => (c.type === 3 ? c.options || [] : ofWorld[c.type]());

function selectOne(c, message) {
	const made = el("select", {"aria-label": c.placeholder || "Choose", disabled: c.disabled,
		on: {change: () => made.value !== "" && press(message, c.custom_id, [choices[made.selectedIndex - 1].value], made)}});
	const choices = choicesOf(c);
	made.append(el("option", {value: ""}, c.placeholder || "Choose …"), ...choices.map((o, i) =>
		el("option", {value: i, selected: o.default}, [sign(o.emoji), o.label, o.description && ` – ${o.description}`].filter(Boolean).join(""))));
	return made;
}

function selectMany(c, message) {
	const boxes = choicesOf(c).map((o) => [o.value, el("input", {type: "checkbox", checked: o.default, disabled: c.disabled}), o.label]);
	const count = () => boxes.filter(([, box]) => box.checked).length;
	const least = c.min_values ?? 1;
	const done = el("button", {type: "button", class: "button primary", disabled: c.disabled, on: {click: () =>
		press(message, c.custom_id, boxes.filter(([, box]) => box.checked).map(([value]) => value), done)}}, "Choose");
	const check = () => {
		done.disabled = c.disabled || count() < least || count() > c.max_values;
	};
	check();
	return el("fieldset", {class: "many", on: {change: check}}, el("legend", {}, c.placeholder || `Choose up to ${c.max_values}`),
		...boxes.map(([, box, label]) => el("label", {}, box, " ", label)), done);
}

const select = (c, message) => ((c.max_values ?? 1) > 1 ? selectMany : selectOne)(c, message);
const media = (c) => c?.url && el("p", {class: "elsewhere"}, "media ", link(c.url, shownUrl(c.url)));

const makers = {
	1: (c, message) => el("div", {class: "buttons"}, ...each(c.components, message)),
	2: button,
	3: select, 5: select, 6: select, 7: select, 8: select,
	9: (c, message) => el("div", {class: "section"}, el("div", {}, ...each(c.components, message)), one(c.accessory, message)),
	10: (c) => el("div", {class: "text"}, ...markdown(String(c.content))),
	11: (c) => media(c.media),
	12: (c) => el("div", {}, ...(c.items || []).map((item) => media(item.media))),
	13: (c) => media(c.file),
	14: () => el("hr"),
	17: (c, message) => {
		const made = el("div", {class: "embed"}, ...each(c.components, message));
		return typeof c.accent_color === "number" ? tint(made, "--edge", "#" + c.accent_color.toString(16).padStart(6, "0")) : made;
	},
};

const one = (c, message) => (c && makers[c.type] ? makers[c.type](c, message) : null);
const each = (list, message) => (list || []).map((c) => one(c, message));

export function components(message) {
	return message.components?.length ? el("div", {class: "components"}, ...each(message.components, message)) : null;
}
