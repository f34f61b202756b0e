// The conversation: what is drawn of the messages of the channel one is in, and older ones on the way up.
import {arrows, by, el, keepFocus, nameOf, soon} from "./dom.js";
import {day, row, threadButton} from "./message.js";
import {reply} from "./compose.js";
import {FORUM, isThread} from "./permissions.js";
import {world} from "./world.js";

const PAGE = 100, MOST = 2000; // of one answer; drawn at a time
const list = by("messages");
export const waiting = new Map(); // interaction id -> what is said while its bot thinks
let fresh = []; // ids of messages that came and are not drawn
let isWhole = false; // nothing is older than what is drawn
let isLoading = false;
let isPast = false; // the newest are not drawn: one is far up
let doings = {reply, redraw};

async function fetchEntries(query) {
	const answer = await fetch(`/page/messages?${new URLSearchParams(query)}`);
	return answer.json();
}

// The stream says that the sandbox is away, and loads again when it is back.
const away = (error) => {
	if (!(error instanceof TypeError)) throw error;
};

const isAfter = (a, b) => !b || BigInt(a.message.id) > BigInt(b.message.id);

export async function load(channelId) {
	const boot = world.boot;
	const entries = await fetchEntries({channel: channelId}).catch(away);
	if (!entries || boot !== world.boot) return; // of a sandbox that is no more
	const known = world.messagesOf(channelId);
	const newer = [...known.values()];
	known.clear();
	for (const entry of entries) world.put(entry);
	for (const entry of newer) if (!known.has(entry.message.id) && isAfter(entry, entries.at(-1))) world.put(entry);
	if (channelId !== world.here) return;
	world.isReading = false;
	isPast = false;
	isWhole = entries.length < PAGE;
	showMessages(true);
}

// Older ones, put in front; what one reads stays where it is.
async function loadOlder() {
	const channel = world.here;
	const first = world.messagesOf(channel).keys().next().value;
	if (isLoading || isWhole || !first) return;
	isLoading = true;
	world.isReading = true;
	const entries = await fetchEntries({channel, before: first}).catch(away);
	isLoading = false;
	if (!entries || channel !== world.here) return;
	isWhole = entries.length < PAGE;
	world.putBefore(channel, entries);
	drawOlder(entries, world.messagesOf(channel).get(first));
}

// Only what is new is made; of what was there only the first row may look different.
function drawOlder(entries, next) {
	const place = anchor();
	while (list.firstChild && list.firstChild.dataset.id !== next.message.id) list.firstChild.remove();
	list.firstChild?.remove();
	const second = list.firstChild;
	if (isWhole) list.insertBefore(beginning(), second);
	[...entries, next].forEach((entry, i, all) => addRow(entry, all[i - 1], second));
	const rows = list.querySelectorAll(".message");
	for (let i = MOST; i < rows.length; i++) {
		isPast = true;
		rows[i].remove();
	}
	by("to-newest").hidden = !isPast;
	if (place) stayAt(place);
}

// The row at the top of what is seen, and how far above it begins: to stay there over a redrawing.
function anchor() {
	const top = list.getBoundingClientRect().top;
	for (const made of list.querySelectorAll(".message")) {
		const box = made.getBoundingClientRect();
		if (box.bottom > top) return {id: made.dataset.id, offset: box.top - top};
	}
	return null;
}

function stayAt({id, offset}) {
	const made = list.querySelector(`[data-id="${CSS.escape(id)}"]`);
	if (made) list.scrollTop += made.getBoundingClientRect().top - list.getBoundingClientRect().top - offset;
}

function isFollowing(entry, before) {
	return before && before.message.author.id === entry.message.author.id && before.message.author.username === entry.message.author.username &&
		before.message.author.avatar === entry.message.author.avatar && !entry.message.message_reference &&
		[0, 19].includes(before.message.type) && entry.message.type === 0 &&
		new Date(entry.message.timestamp) - new Date(before.message.timestamp) < 420000;
}

const dayOf = (entry) => day.format(new Date(entry.message.timestamp));

function isAtEnd() {
	return list.scrollHeight - list.scrollTop - list.clientHeight < 80;
}

export function toEnd() {
	list.scrollTop = list.scrollHeight;
}

function addRow(entry, before, place) {
	const rows = [];
	if (!before || dayOf(before) !== dayOf(entry)) rows.push(el("p", {class: "day", role: "separator"}, dayOf(entry)));
	rows.push(row(entry, isFollowing(entry, before), doings));
	if (place) place.before(...rows);
	else list.append(...rows);
}

function welcome() {
	return el("div", {class: "welcome"}, el("h3", {}, "Nothing was said here yet"),
		el("p", {}, "Start a bot, and write one of its commands below: its answers appear here."),
		el("p", {}, "Whatever the bot and this sandbox tell each other stands under Events."));
}

function beginning() {
	const c = world.channels.get(world.here);
	return el("p", {class: "beginning"}, "This is where ", ...(!c?.guild_id ? ["you and the bot"] : [isThread(c) ? "the thread " : "#", nameOf(c.name)]), " began.");
}

function drawn() {
	const entries = world.here ? [...world.messagesOf(world.here).values()] : [];
	return isPast ? entries.slice(0, MOST) : entries;
}

// A forum holds posts alone, the newest first.
function posts() {
	const all = world.channelsOf(world.guild).filter((c) => c.parent_id === world.here && isThread(c)).reverse();
	return [el("p", {class: "beginning"}, all.length ? "Posts, the newest first." : "Nothing was posted here yet. Write a post below."),
		...all.map((c) => threadButton(c, doings))];
}

function drawAll() {
	const entries = drawn();
	list.replaceChildren();
	if (world.channels.get(world.here)?.type === FORUM) list.append(...posts());
	else if (!entries.length) list.append(welcome());
	else if (isWhole) list.append(beginning());
	entries.forEach((entry, i) => addRow(entry, entries[i - 1]));
}

export function showMessages(isNew) {
	fresh = [];
	const stays = isNew || isAtEnd();
	const place = stays ? null : anchor();
	keepFocus(list, drawAll);
	for (const made of waiting.values()) if (made.dataset.channel === world.here) list.append(made);
	by("to-newest").hidden = !isPast;
	if (stays) toEnd();
	else if (place) stayAt(place);
}

function drawFresh() {
	const ids = fresh;
	fresh = [];
	if (isPast) return;
	const entries = [...world.messagesOf(world.here).values()];
	const from = entries.length - ids.length;
	if (ids.length > 50 || ids.some((id, i) => entries[from + i]?.message.id !== id)) {
		showMessages();
		return;
	}
	const stays = isAtEnd();
	list.querySelector(".welcome")?.remove();
	for (let i = from; i < entries.length; i++) addRow(entries[i], entries[i - 1], list.querySelector(".waiting"));
	if (list.querySelectorAll(".message").length > entries.length) isWhole = false;
	while (list.querySelectorAll(".message").length > entries.length) list.firstChild.remove();
	if (stays) toEnd();
}

export function appendMessage(id) {
	if (fresh.at(-1) !== id) fresh.push(id);
	soon(drawFresh);
}

// Where the keyboard goes from a message that is taken away.
function neighbour(made) {
	const rows = [...list.querySelectorAll(".message")];
	const i = rows.indexOf(made);
	return (rows[i + 1] || rows[i - 1])?.dataset.id ?? "none";
}

export function redraw(id) {
	if (fresh.includes(id)) return; // drawn soon, as it is then
	const old = list.querySelector(`[data-id="${CSS.escape(id)}"]`);
	const entries = [...world.messagesOf(world.here).values()];
	const i = entries.findIndex((entry) => entry.message.id === id);
	if (!old && i < 0) return;
	if (!old || i < 0) {
		const near = old?.contains(document.activeElement) && neighbour(old);
		showMessages();
		if (near) (list.querySelector(`[data-id="${CSS.escape(near)}"]`) || by("box")).focus();
		return;
	}
	if (old.querySelector(".body > textarea")) return; // being edited: drawn when that is over
	const stays = isAtEnd();
	keepFocus(list, () => old.replaceWith(row(entries[i], isFollowing(entries[i], entries[i - 1]), doings)));
	if (stays) toEnd();
}

// Goes to a message that is drawn, and lets it shine.
export function jump(id) {
	const made = list.querySelector(`[data-id="${CSS.escape(id)}"]`);
	made?.scrollIntoView({block: "center"});
	made?.focus();
	return Boolean(made);
}

// Up and down walk over the messages; Tab then reaches the tools of the one that is in focus.
function messageKeys(event) {
	const rows = [...list.querySelectorAll(".message")];
	const at = rows.indexOf(document.activeElement);
	if (at < 0 && document.activeElement !== list) return;
	if (event.key === "Escape") by("box").focus();
	if (at < 0 && event.key === "ArrowUp" && rows.length) {
		event.preventDefault();
		rows.at(-1).focus();
		return;
	}
	if (at === 0 && event.key === "ArrowUp") loadOlder();
	const to = at < 0 ? null : arrows(event, rows, at);
	if (to !== null) rows[to].focus();
}

// The bot's answer is not there yet.
export function wait(id, channel, ...words) {
	const made = el("p", {class: "waiting", "data-channel": channel}, el("span", {class: "dots", "aria-hidden": "true"}), " ", ...words);
	put(id, channel, made);
}

export function put(id, channel, made) {
	waiting.set(id, made);
	if (channel !== world.here) return;
	list.append(made);
	toEnd();
}

export function startConversation(more) {
	doings = {...doings, ...more};
	list.addEventListener("keydown", messageKeys);
	for (const name of ["focusin", "keydown"]) list.addEventListener(name, () => list.classList.add("by-keys"));
	list.addEventListener("pointermove", () => list.classList.remove("by-keys"));
	let wasAtEnd = true;
	list.addEventListener("scroll", () => {
		wasAtEnd = isAtEnd();
		if (list.scrollTop < 200) loadOlder();
	});
	new ResizeObserver(() => wasAtEnd && toEnd()).observe(list);
	by("to-newest").addEventListener("click", () => load(world.here).then(() => by("box").focus()));
}
