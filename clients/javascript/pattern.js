/* Patterns of messages: words, and {name}, {name:int} or {name:number} for what varies. */
const KINDS = {
	int: { text: "[+-]?\\d+", read: Number },
	number: { text: "[+-]?\\d+(?:\\.\\d+)?", read: Number },
	str: { text: "\\S+", read: String },
};

export function pattern(text) {
	const parts = text.split(/\{(\w+)(?::(\w+))?\}/);
	const fields = [];
	let source = "";
	for (let i = 0; i < parts.length; i += 3) {
		source += parts[i].replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
		if (i + 1 === parts.length)
			break;
		const kind = KINDS[parts[i + 2] ?? "str"];
		if (!kind)
			throw new TypeError(`pattern ${text}: no such type: ${parts[i + 2]}`);
		const isRest = i + 4 === parts.length && parts[i + 3] === "" && kind === KINDS.str;
		fields.push({ name: parts[i + 1], kind });
		source += `(${isRest ? ".*" : kind.text})`;
	}
	const re = new RegExp(`^${source}$`, "su");
	/* The handler's arguments by name, or null. */
	return (content) => {
		const found = re.exec(content);
		return found && Object.fromEntries(fields.map(({ name, kind }, i) => [name, kind.read(found[i + 1])]));
	};
}
