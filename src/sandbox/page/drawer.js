// The events drawer: what Discord sent, what the bot did, and what the sandbox thinks of it.
import {spelt} from "./bidi.js";
import {by, el, nameOf, soon} from "./dom.js";

const KEPT = 400;
const kinds = {events: true, REST: true, connections: true, heartbeats: false, trouble: true};
const list = by("events");
let last = null; // the newest event's row, for who received it

function kindOf(h) {
	if (h.what === "rest") return "REST";
	if (h.what === "error" || h.what === "violation" || h.what === "note") return "trouble";
	if ((h.what === "recv" || h.what === "sent") && (h.op === 1 || h.op === 11)) return "heartbeats";
	return "connections";
}

const ops = {1: "heartbeat", 2: "identify", 3: "presence", 4: "voice", 6: "resume", 7: "reconnect", 8: "members", 9: "invalid session",
	10: "hello", 11: "heartbeat ack", 31: "sounds"};
const opName = (op) => ops[op] || `op ${op}`;

// Ids and tokens are long and all alike; the whole path stands in the row's details.
function brief(path) {
	const short = path.replace(/interaction-[0-9a-f]+|[0-9a-f_-]{60,}/, "…").replace(/\d{13,}/g, (id) => "…" + id.slice(-4));
	try {
		return decodeURIComponent(short);
	} catch {
		return short;
	}
}

// [sign, line, class] of each kind of line.
const words = {
	connect: (h) => ["⇄", `connection ${h.conn} opens (${h.door})`],
	closed: (h) => ["⇄", `connection ${h.conn} closed ${h.code || ""} by ${h.by}`],
	recv: (h) => ["←", `${opName(h.op)} from ${h.conn}`],
	sent: (h) => ["→", `${h.t || opName(h.op)} to ${h.conn}${h.s ? ` s=${h.s}` : ""}`],
	refused: (h) => ["⇄", `a connection refused: ${h.status}`],
	interaction: (h) => ["⚡", `interaction ${brief(h.name || "")} ${h.state}`, h.state === "failed" ? "bad" : ""],
	rest: (h) => ["←", `${h.method} ${brief(h.path)}`],
	violation: (h) => ["!", `${h.rule}: ${h.text}`, "bad"],
	note: (h) => ["·", `${h.rule}: ${h.text}`],
	error: (h) => ["!", h.text, "bad"],
};

function details(data) {
	return el("pre", {}, spelt(JSON.stringify(data, null, 2)));
}

// Opened only when somebody looks: most never are.
function rowOf(kind, sign, line, data, extra, mood) {
	const made = el("details", {class: mood || null, "data-kind": kind, hidden: !kinds[kind], on: {toggle() {
		if (made.open && made.children.length === 1) made.append(details(data));
	}}}, el("summary", {}, el("i", {"aria-hidden": "true"}, sign), el("span", {class: "line"}, line), extra || []));
	return made;
}

let pending = []; // rows that are drawn soon
let follows = true; // the newest is seen; until one scrolls up

function toNewest() {
	if (follows) list.scrollTop = list.scrollHeight;
}

function draw() {
	list.append(...pending);
	pending = [];
	while (list.children.length > KEPT) list.firstChild.remove();
	toNewest();
}

function add(made) {
	pending.push(made);
	if (pending.length > KEPT) pending.shift();
	soon(draw);
}

const status = (n) => el("b", {class: n >= 200 && n < 300 ? "good" : "bad"}, n ? String(n) : "reset");

// Who asked. tuttid's calls end in the bot's name: "DiscordBot (https://github.com/tutti/tutti, 0.1) echo";
// "DiscordBot (https://github.com/Rapptz/discord.py 2.2.2) Python/3.11 .." is discord.py; curl says its first word.
export function askedBy(h) {
	const text = h.headers?.["user-agent"] || "";
	const bot = /^DiscordBot \([^)]*\) ([\w.-]+)$/.exec(text) || /^DiscordBot \(\S*?\/([^\/\s,]+)[\s,]/.exec(text);
	return bot ? bot[1] : text.split(/[\s\/]/)[0];
}

const agent = (h) => el("span", {class: "agent", title: h.headers?.["user-agent"]}, askedBy(h));

// A word of what an event is about.
function gist(d) {
	if (typeof d?.content === "string") return [...(d.author?.username ? [nameOf(d.author.username), ": "] : []), nameOf((d.content || d.poll?.question.text || "").slice(0, 80))];
	return [d?.emoji?.name || d?.name || d?.data?.name || d?.user?.username].filter(Boolean).map(nameOf);
}

export function showEvent(event) {
	const text = gist(event.d);
	last = rowOf("events", "→", [event.t, text.length > 0 && el("span", {class: "gist"}, text)], event.d ?? event,
		[el("span", {class: "to"}, ""), event.why && event.t.startsWith("MESSAGE") && el("span", {class: "why"}, event.why)].filter(Boolean));
	if (event.why) last.title = event.why; // of who types or comes it is no surprise, and takes no line
	last.dataset.t = event.t;
	add(last);
}

export function showHappening(h) {
	if (h.what === "sent" && h.op === 0 && last?.dataset.t === h.t) {
		last.querySelector(".to").textContent += ` #${h.conn}·${h.s}`;
		return;
	}
	if (h.what === "listening" || h.what === "help" || h.what === "state") return; // answers to the terminal
	const [sign, line, mood] = (words[h.what] || ((x) => ["·", x.what]))(h);
	add(rowOf(kindOf(h), sign, line, h, h.what === "rest" ? [agent(h), status(h.status)] : null, mood));
}

export function clear() {
	pending = [];
	list.replaceChildren();
	last = null;
}

function kindBox(kind) {
	const input = el("input", {type: "checkbox", checked: kinds[kind], on: {change() {
		kinds[kind] = input.checked;
		for (const made of list.querySelectorAll(`[data-kind="${kind}"]`)) made.hidden = !input.checked;
		toNewest();
	}}});
	return el("label", {}, input, " ", kind);
}

// One drawer, for the events or for the people; "" shuts it.
const tabs = {events: {name: "Events", toggle: "drawer-toggle", parts: ["kinds", "events", "command", "drawer-clear"]},
	people: {name: "People", toggle: "people-toggle", parts: ["people"]}};

function open(shown, isWish = true) {
	document.body.classList.toggle("no-drawer", !shown);
	document.body.classList.toggle("with-people", shown === "people");
	for (const [key, tab] of Object.entries(tabs)) {
		by(tab.toggle).setAttribute("aria-expanded", String(key === shown));
		for (const part of tab.parts) by(part).hidden = key !== shown;
	}
	if (shown) by("drawer-name").textContent = tabs[shown].name;
	follows = true; // what was not shown has no place that one was at
	toNewest();
	if (isWish) sessionStorage.setItem("drawer", shown);
}

const isShown = (key) => by(tabs[key].toggle).getAttribute("aria-expanded") === "true";

export function startDrawer() {
	by("kinds").append(...Object.keys(kinds).map(kindBox));
	for (const [key, tab] of Object.entries(tabs)) by(tab.toggle).addEventListener("click", () => {
		open(isShown(key) ? "" : key);
		if (isShown(key) && !wide.matches) by("drawer-close").focus(); // it covers the conversation
	});
	by("drawer-close").addEventListener("click", () => {
		const toggle = by(isShown("people") ? "people-toggle" : "drawer-toggle");
		open("");
		toggle.focus();
	});
	by("drawer-clear").addEventListener("click", clear);
	list.addEventListener("scroll", () => {
		if (list.clientHeight) follows = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
	});
	new ResizeObserver(toNewest).observe(list);
	by("drawer").addEventListener("keydown", (event) => event.key === "Escape" && by("drawer-close").click());
	const wide = matchMedia("(min-width: 1101px)"); // where it stands beside the conversation, not on it
	const fit = () => open(wide.matches ? sessionStorage.getItem("drawer") ?? "events" : "", false);
	wide.addEventListener("change", fit);
	fit();
}
