// Discord's markdown as elements. It reads; it never makes HTML.
import {el, link, shownUrl} from "./dom.js";
import {world} from "./world.js";

const clock = {
	t: {timeStyle: "short"}, T: {timeStyle: "medium"}, d: {dateStyle: "short"}, D: {dateStyle: "long"},
	f: {dateStyle: "long", timeStyle: "short"}, F: {dateStyle: "full", timeStyle: "short"},
};

function ago(seconds) {
	const steps = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
	const [unit, size] = steps.find(([, s]) => Math.abs(seconds) >= s) || ["second", 1];
	return new Intl.RelativeTimeFormat("en", {numeric: "auto"}).format(Math.round(seconds / size), unit);
}

function when(unix, style) {
	const at = new Date(unix * 1000);
	if (Number.isNaN(at.getTime())) return `<t:${unix}>`;
	const text = style === "R" ? ago(unix - Date.now() / 1000)
		: new Intl.DateTimeFormat("en", clock[style] || clock.f).format(at);
	return el("time", {class: "mention", datetime: at.toISOString()}, text);
}

const mention = (text, isMe) => el("span", {class: isMe ? "mention me" : "mention"}, text);

function spoiler(children) {
	const open = (event) => {
		event.currentTarget.setAttribute("aria-expanded", "true");
	};
	return el("button", {class: "spoiler", type: "button", "aria-expanded": "false", "aria-label": "Spoiler", on: {click: open}},
		el("span", {}, ...children));
}

// An address in a sentence: what ends that is not part of it, nor is a bracket that was opened before it.
function address(text) {
	let [found] = /^https?:\/\/[^\s<>]+/i.exec(text) || [""];
	const count = (sign) => found.split(sign).length;
	while (/[.,:;"'\]!?*_~|]$/.test(found) || (found.endsWith(")") && count(")") > count("("))) found = found.slice(0, -1);
	return /^https?:\/\/./i.test(found) ? [found] : null;
}

// [pattern at the front of the rest, what it becomes]; the first that fits is taken.
const inline = [
	[/^\\([^A-Za-z0-9\s])/, (m) => m[1]],
	[/^(`+)([\s\S]*?[^`])\1(?!`)/, (m) => el("code", {}, m[2].replace(/^ (?=`)|(?<=`) $/g, ""))],
	[/^<(https?:\/\/[^\s<>]+)>/i, (m) => link(m[1], shownUrl(m[1]))],
	[/^<@!?(\d{1,20})>/, (m) => mention("@" + world.name(m[1]), m[1] === world.me)],
	[/^<@&(\d{1,20})>/, (m) => mention("@" + (world.roleOf(m[1])?.name || "role " + m[1]))],
	[/^<#(\d{1,20})>/, (m) => mention("#" + world.channelName(m[1]))],
	[/^<\/([^:<>]{1,100}):(\d{1,20})>/, (m) => mention("/" + m[1])],
	[/^<a?:(\w{1,32}):(\d{1,20})>/, (m) => el("span", {class: "emoji", title: m[1]}, `:${m[1]}:`)],
	[/^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/, (m) => when(Number(m[1]), m[2])],
	[/^@(everyone|here)\b/, (m) => mention(m[0], true)],
	[/^\[((?:\\.|[^\[\]\\])+)\]\(<?(https?:\/\/(?:[^\s()<>]|\([^\s()<>]*\))+)>?\)/i, (m, depth) => link(m[2], ...spans(m[1], depth))],
	[{exec: address}, (m) => link(m[0], shownUrl(m[0]))],
	[/^\|\|([\s\S]+?)\|\|/, (m, depth) => spoiler(spans(m[1], depth))],
	[/^\*\*([\s\S]+?)\*\*(?!\*)/, (m, depth) => el("strong", {}, ...spans(m[1], depth))],
	[/^__([\s\S]+?)__(?!_)/, (m, depth) => el("u", {}, ...spans(m[1], depth))],
	[/^~~([\s\S]+?)~~/, (m, depth) => el("s", {}, ...spans(m[1], depth))],
	[/^\*(?![\s*])([\s\S]*?[^\s*])\*(?!\*)/, (m, depth) => el("em", {}, ...spans(m[1], depth))],
	[/^_(?![\s_])([\s\S]*?[^\s_])_(?!\w)/, (m, depth) => el("em", {}, ...spans(m[1], depth))],
];

function spans(text, depth = 0) {
	const out = [];
	let plain = "";
	if (depth > 12) return [text];
	for (let rest = text, before = ""; rest;) {
		let found = null;
		// A word may hold underscores: snake_case is not Italian.
		if (/[\\`<@[h|*_~]/i.test(rest[0]) && !(rest[0] === "_" && /\w/.test(before)))
			for (const [pattern, fn] of inline) {
				const m = pattern.exec(rest);
				if (m && (found = [m[0].length, fn(m, depth + 1)])) break;
			}
		const [n, made] = found || [[...rest.slice(0, 2)][0].length, null];
		if (made === null) plain += rest.slice(0, n);
		else {
			if (plain) out.push(plain);
			plain = "";
			out.push(made);
		}
		before = rest[n - 1];
		rest = rest.slice(n);
	}
	if (plain) out.push(plain);
	return out;
}

// A block takes lines from the front and becomes an element.
function heading(lines) {
	const m = /^(#{1,3}) +(.+)$/.exec(lines[0]);
	return m && [1, el("p", {class: "h" + m[1].length, role: "heading", "aria-level": 3 + m[1].length}, ...spans(m[2]))];
}

function small(lines) {
	const m = /^-# +(.+)$/.exec(lines[0]);
	return m && [1, el("p", {class: "small"}, ...spans(m[1]))];
}

function quote(lines, depth) {
	if (/^>>> /.test(lines[0]))
		return [lines.length, el("blockquote", {}, ...blocks([lines[0].slice(4), ...lines.slice(1)], depth + 1))];
	let n = 0;
	while (n < lines.length && /^> /.test(lines[n])) n++;
	return n && [n, el("blockquote", {}, ...blocks(lines.slice(0, n).map((line) => line.slice(2)), depth + 1))];
}

// What a line of a list says; null: it is none.
function itemOf(line) {
	const m = /^( {0,8})([-*]|\d{1,9}\.) +(.+)$/.exec(line);
	return m && {indent: m[1].length, number: parseInt(m[2], 10), text: m[3]};
}

// Lines of one kind are one list, numbered from its first; what is indented more belongs to the line above it.
function list(lines) {
	const first = itemOf(lines[0] || ""), isOrdered = first?.number >= 0;
	const rows = [];
	let n = 0;
	for (let item = first; item && (item.number >= 0) === isOrdered; item = itemOf(lines[n] || "")) {
		const inner = [];
		for (n++; itemOf(lines[n] || "")?.indent > first.indent + 1; n++) inner.push(lines[n]);
		rows.push(el("li", {}, ...spans(item.text), ...lists(inner)));
	}
	return n && [n, el(isOrdered ? "ol" : "ul", {start: isOrdered ? first.number : null}, ...rows)];
}

function lists(lines) {
	const found = lines.length > 0 && list(lines);
	return found ? [found[1], ...lists(lines.slice(found[0]))] : [];
}

function paragraph(lines) {
	let n = 1;
	while (n < lines.length && !/^(#{1,3} |-# |>|( {0,8})([-*]|\d{1,9}\.) )/.test(lines[n])) n++;
	return [n, el("p", {}, ...spans(lines.slice(0, n).join("\n")))];
}

function blocks(lines, depth = 0) {
	const out = [];
	for (let rest = lines; rest.length;) {
		const fit = [heading, small, depth < 2 ? quote : () => null, list, paragraph].map((f) => () => f(rest, depth));
		let found = null;
		for (const f of fit) if ((found = f())) break;
		out.push(found[1]);
		rest = rest.slice(found[0]);
	}
	return out;
}

export function markdown(text) {
	const out = [];
	const fence = /```(?:([\w+-]{1,20})\n)?\n?([\s\S]*?)\n?```/g;
	let from = 0;
	const plain = (part) => part && out.push(...blocks(part.split("\n")));
	for (const m of text.matchAll(fence)) {
		plain(text.slice(from, m.index).replace(/\n$/, ""));
		out.push(el("pre", {}, el("code", {"data-language": m[1]}, m[2])));
		from = m.index + m[0].length;
		if (text[from] === "\n") from++;
	}
	plain(text.slice(from));
	return out;
}
