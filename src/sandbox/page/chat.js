// The page: the live stream in, the lists and the conversation out.
import {arrows, by, el, face, obey, soon} from "./dom.js";
import {apply, world} from "./world.js";
import {day, row} from "./message.js";
import {asking} from "./components.js";
import {problem, reply, startCompose, suggest} from "./compose.js";
import {ask, showModal} from "./modal.js";
import {clear, showEvent, showHappening, startDrawer} from "./drawer.js";

const list = by("messages");
const waiting = new Map(); // interaction id -> what is said while its bot thinks
const typists = new Map(); // user id -> timer

// ---- lists at the left

function showGuilds() {
	const one = (id, label, name) => el("button", {"aria-current": String(world.guild === id), title: name, "aria-label": name,
		class: world.guilds.get(id)?.unavailable ? "outage" : null, on: {click: () => enter(world.channelsOf(id)[0]?.id, id)}}, label);
	by("guilds").replaceChildren(one(null, "@", "Direct messages"), el("hr"),
		...[...world.guilds.values()].map((g) => one(g.id, initials(g.name), g.name)));
}

const initials = (name) => (name || "?").split(/\s+/).map((word) => [...word][0]).join("").slice(0, 3);

function showChannels() {
	const guild = world.guilds.get(world.guild);
	const all = world.channelsOf(world.guild);
	by("guild-name").textContent = guild ? guild.name || guild.id : "Direct messages";
	by("channels").replaceChildren(...all.map((c) => el("button", {"aria-current": String(c.id === world.here),
		class: world.unread.has(c.id) ? "unread" : null, on: {click: () => enter(c.id)}},
		el("i", {"aria-hidden": "true"}, guild ? "#" : "@"), world.channelName(c.id) || c.id)),
	...(guild ? [] : [el("button", {class: "new", on: {click: () => obey("direct", {user: world.me}).catch((e) => problem(e.message))}},
		"Write to the bot")]));
	by("channel-name").textContent = (guild ? "# " : "@ ") + (world.channelName(world.here) || "");
	by("box").placeholder = `Message ${guild ? "#" : "@"}${world.channelName(world.here)}, or / for commands`;
}

function showMe() {
	const people = [...world.users.values()].filter((u) => u.id !== world.bot);
	by("me-select").replaceChildren(...people.map((u) => el("option", {value: u.id, selected: u.id === world.me},
		u.username + (u.bot ? " (bot)" : ""))));
	by("me-face").replaceWith(Object.assign(face(world.users.get(world.me)), {id: "me-face"}));
}

function listKeys(container) {
	container.addEventListener("keydown", (event) => {
		const buttons = [...container.querySelectorAll("button")];
		const to = arrows(event, buttons, buttons.indexOf(document.activeElement));
		if (to !== null) buttons[to].focus();
	});
}

async function enter(channelId, guildId) {
	if (!channelId) {
		world.here = null;
		world.guild = guildId;
		showAll();
		return;
	}
	world.go(channelId);
	document.body.classList.remove("side-open");
	by("side-toggle").setAttribute("aria-expanded", "false");
	showAll();
	await load(channelId);
	by("box").focus();
}

async function load(channelId) {
	const answer = await fetch(`/page/messages?channel=${channelId}`);
	const entries = await answer.json();
	const known = world.messagesOf(channelId);
	const newer = [...known.values()];
	known.clear();
	for (const entry of entries) world.put(entry);
	for (const entry of newer) if (!known.has(entry.message.id) && isAfter(entry, entries.at(-1))) world.put(entry);
	if (channelId === world.here) showMessages(true);
}

const isAfter = (a, b) => !b || BigInt(a.message.id) > BigInt(b.message.id);

// ---- the conversation

function isFollowing(entry, before) {
	return before && before.message.author.id === entry.message.author.id && !entry.message.message_reference &&
		new Date(entry.message.timestamp) - new Date(before.message.timestamp) < 420000;
}

const dayOf = (entry) => day.format(new Date(entry.message.timestamp));

function isAtEnd() {
	return list.scrollHeight - list.scrollTop - list.clientHeight < 80;
}

function toEnd() {
	list.scrollTop = list.scrollHeight;
}

function addRow(entry, before, place) {
	const rows = [];
	if (!before || dayOf(before) !== dayOf(entry)) rows.push(el("p", {class: "day", role: "separator"}, dayOf(entry)));
	rows.push(row(entry, isFollowing(entry, before), {reply}));
	if (place) place.before(...rows);
	else list.append(...rows);
}

function welcome() {
	return el("div", {class: "welcome"}, el("h3", {}, "Nothing was said here yet"),
		el("p", {}, "Write something below. A bot that listens answers here: with examples/echo running, try ",
			el("code", {}, ",echo hello"), "."),
		el("p", {}, "Whatever the bot and this sandbox tell each other stands under Events."));
}

function showMessages(isNew) {
	fresh = [];
	const stays = isNew || isAtEnd();
	const entries = world.here ? [...world.messagesOf(world.here).values()] : [];
	list.replaceChildren();
	if (!entries.length) list.append(welcome());
	entries.forEach((entry, i) => addRow(entry, entries[i - 1]));
	for (const made of waiting.values()) if (made.dataset.channel === world.here) list.append(made);
	if (stays) toEnd();
}

let fresh = []; // ids of messages that came and are not drawn

function drawFresh() {
	const ids = fresh;
	fresh = [];
	const entries = [...world.messagesOf(world.here).values()];
	const from = entries.length - ids.length;
	if (ids.length > 50 || ids.some((id, i) => entries[from + i]?.message.id !== id)) {
		showMessages();
		return;
	}
	const stays = isAtEnd();
	list.querySelector(".welcome")?.remove();
	for (let i = from; i < entries.length; i++) addRow(entries[i], entries[i - 1], list.querySelector(".waiting"));
	while (list.querySelectorAll(".message").length > entries.length) list.firstChild.remove();
	if (stays) toEnd();
}

function appendMessage(id) {
	if (fresh.at(-1) !== id) fresh.push(id);
	soon(drawFresh);
}

function redraw(id) {
	if (fresh.includes(id)) return; // drawn soon, as it is then
	const old = list.querySelector(`[data-id="${CSS.escape(id)}"]`);
	const entries = [...world.messagesOf(world.here).values()];
	const i = entries.findIndex((entry) => entry.message.id === id);
	if (!old || i < 0) {
		showMessages();
		return;
	}
	const stays = isAtEnd();
	const focused = [...old.querySelectorAll("button, select, textarea")].indexOf(document.activeElement);
	const made = row(entries[i], isFollowing(entries[i], entries[i - 1]), {reply});
	const hadFocus = old.contains(document.activeElement);
	old.replaceWith(made);
	if (hadFocus) ([...made.querySelectorAll("button, select, textarea")][focused] || made).focus();
	if (stays) toEnd();
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
	const to = at < 0 ? null : arrows(event, rows, at);
	if (to !== null) rows[to].focus();
}

// ---- what the bot does about what a person did

function wait(h) {
	const made = el("p", {class: "waiting", "data-channel": h.channel}, el("span", {class: "dots", "aria-hidden": "true"}),
		` ${world.name(world.bot)} is thinking about ${h.name || "it"} …`);
	waiting.set(h.id, made);
	if (h.channel === world.here) {
		list.append(made);
		toEnd();
	}
}

function settle(h) {
	waiting.get(h.id)?.remove();
	waiting.delete(h.id);
	const asked = asking.get(h.nonce);
	asked?.element?.removeAttribute("aria-busy");
	if (h.state !== "sent") asking.delete(h.nonce);
	return asked;
}

const states = {
	deferred(h) {
		settle(h);
		wait(h);
	},
	failed(h) {
		settle(h);
		const made = el("p", {class: "waiting failed", role: "alert", "data-channel": h.channel},
			`${h.name || "This interaction"}: the application did not respond.`);
		waiting.set(h.id, made);
		if (h.channel === world.here) list.append(made);
		toEnd();
		setTimeout(() => settle(h), 20000);
	},
	modal(h) {
		const isOurs = settle(h);
		if (isOurs) showModal(h.id, h.data);
	},
	choices: (h) => suggest(h.nonce, h.data?.choices),
	answered: settle,
	seen: settle,
};

function typing(d) {
	if (d.channel_id !== world.here || d.user_id === world.me) return;
	clearTimeout(typists.get(d.user_id));
	typists.set(d.user_id, setTimeout(() => {
		typists.delete(d.user_id);
		sayTyping();
	}, 8000));
	sayTyping();
}

function sayTyping() {
	const names = [...typists.keys()].map(world.name);
	problem(names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing …` : "");
}

// ---- the stream

function onWorld(news) {
	const isFirst = !world.here;
	world.take(news);
	showAll();
	if (isFirst) load(world.here).then(() => by("box").focus());
}

function onEvent(event) {
	showEvent(event);
	const d = event.d;
	const id = apply(event.t, d);
	if (event.t === "TYPING_START" && d) typing(d);
	if (event.t === "MESSAGE_CREATE" && typists.delete(d?.author?.id)) sayTyping();
	if (!id) return;
	if (d.channel_id !== world.here) soon(showChannels);
	else if (event.t === "MESSAGE_CREATE") appendMessage(id);
	else redraw(id);
}

function onHappening(h) {
	showHappening(h);
	if (h.what === "interaction") states[h.state]?.(h);
}

function showAll() {
	showGuilds();
	showChannels();
	showMe();
	showMessages();
}

function listen() {
	const live = new EventSource("/page/live");
	const on = (name, fn) => live.addEventListener(name, (message) => fn(JSON.parse(message.data)));
	let isBack = false;
	live.onopen = () => {
		by("line").textContent = "";
		clear();
		if (isBack && world.here) load(world.here);
		isBack = true;
	};
	live.onerror = () => {
		by("line").textContent = "The sandbox is away; this page waits for it.";
	};
	on("world", onWorld);
	on("event", onEvent);
	on("happening", onHappening);
	on("past", (past) => (past.kind === "event" ? showEvent : showHappening)(past.data));
}

function start() {
	startCompose();
	startDrawer();
	listKeys(by("guilds"));
	listKeys(by("channels"));
	list.addEventListener("keydown", messageKeys);
	by("me-select").addEventListener("change", () => {
		world.be(by("me-select").value);
		showAll();
	});
	by("me-new").addEventListener("click", () => ask("A new person", "Name", (name) => {
		const id = String(1000 + world.users.size);
		obey("user", {id, name}).then(() => {
			world.be(id);
			showAll();
		}, (error) => problem(error.message));
	}));
	by("side-toggle").addEventListener("click", () => {
		const isOpen = document.body.classList.toggle("side-open");
		by("side-toggle").setAttribute("aria-expanded", String(isOpen));
	});
	document.addEventListener("keydown", (event) => {
		if (event.key === "Escape" && document.body.classList.contains("side-open")) by("side-toggle").click();
	});
	listen();
}

start();
