/* Patterns of messages: words, and {name}, {name:int} or {name:number} for what varies. An int that a Number does
 * not hold exactly, beyond 2^53 - 1, is no match, so take Discord's ids as {name} and as text. */
const KINDS = {
	int: { text: "[+-]?\\d+", read: Number, fits: Number.isSafeInteger },
	number: { text: "[+-]?\\d+(?:\\.\\d+)?", read: Number, fits: Number.isFinite },
	str: { text: "\\S+", read: String },
};

export function pattern(text) {
	const parts = text.split(/\{(\w+)(?::(\w+))?\}/);
	const fields = [];
	let source = "";
	if (parts.some((part, i) => i % 3 === 0 && /[{}]/.test(part)))
		throw new TypeError(`pattern ${text}: a brace that is none of a capture's, which is {name} or {name:int}`);
	for (let i = 0; i < parts.length; i += 3) {
		source += parts[i].replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
		if (i + 1 === parts.length)
			break;
		const kind = KINDS[parts[i + 2] ?? "str"];
		if (fields.some(({ name }) => name === parts[i + 1]))
			throw new TypeError(`pattern ${text}: {${parts[i + 1]}} is there twice`);
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
		const values = found && fields.map(({ kind }, i) => kind.read(found[i + 1]));
		return values && fields.every(({ kind }, i) => kind.fits?.(values[i]) ?? true)
			? Object.fromEntries(fields.map(({ name }, i) => [name, values[i]])) : null;
	};
}
