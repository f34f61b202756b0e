// The page: the live stream in, the lists and the conversation out.
import {among, arrows, by, el, nameOf, obey, soon} from "./dom.js";
import {apply, world} from "./world.js";
import {startCommand} from "./command.js";
import {asking} from "./components.js";
import {forgetReply, reply, sayBelow, startCompose, suggest} from "./compose.js";
import {appendMessage, jump, load, put, redraw, showMessages, startConversation, wait, waiting} from "./conversation.js";
import {ask, showModal} from "./modal.js";
import {clear, showEvent, showHappening, startDrawer} from "./drawer.js";
import {showLists, startLists} from "./lists.js";
import {showPeople} from "./people.js";
import {isThread} from "./permissions.js";
import {pinsChanged, shut, startPins} from "./pins.js";

const typists = new Map(); // user id -> timer

function showSides() {
	showLists(enter);
	showPeople();
}

function showAll() {
	showSides();
	showMessages();
}

// The lists over the conversation, where there is no room beside it; whether they were.
function openSide(isOpen) {
	const was = document.body.classList.contains("side-open");
	document.body.classList.toggle("side-open", isOpen);
	by("side-toggle").setAttribute("aria-expanded", String(isOpen));
	return was;
}

let wanted = null; // a channel that was made just now, and is not in the stream yet

async function enter(channelId, guildId, focus = by("box")) {
	shut();
	reply(null);
	if (!channelId) {
		world.here = null;
		world.guild = guildId;
		showAll();
		return;
	}
	wanted = world.channels.has(channelId) ? null : {channelId, focus};
	if (wanted) return;
	world.go(channelId);
	for (const user of [...typists.keys()]) stopTyping(user);
	openSide(false);
	showAll();
	await load(channelId);
	focus.focus();
}

// ---- what the bot does about what a person did

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
		wait(h.id, h.channel, nameOf(world.name(world.bot)), ` is thinking about ${h.name || "it"} …`);
	},
	failed(h) {
		settle(h);
		put(h.id, h.channel, el("p", {class: "waiting failed", role: "alert", "data-channel": h.channel},
			`${h.name || "This interaction"}: the application did not respond.`));
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

// ---- who types

function stopTyping(userId) {
	clearTimeout(typists.get(userId));
	if (typists.delete(userId)) sayTyping();
}

function typing(d) {
	if (d.channel_id !== world.here || d.user_id === world.me) return;
	clearTimeout(typists.get(d.user_id));
	typists.set(d.user_id, setTimeout(() => stopTyping(d.user_id), 10000));
	sayTyping();
}

function sayTyping() {
	const names = [...typists.keys()].map((id) => world.name(id));
	sayBelow(names.length ? [...among(names), names.length > 1 ? " are typing …" : " is typing …"] : "");
}

// ---- the stream

function onWorld(news) {
	const isFirst = !world.here, was = world.here;
	const isAnother = world.take(news);
	if (isAnother) forget();
	showSides();
	if (wanted) enter(wanted.channelId, undefined, wanted.focus);
	else if (isFirst || isAnother || was !== world.here) load(world.here).then(() => isAnother || by("box").focus());
	else soon(redrawAll);
}

// The sandbox was started anew: nobody there knows what was under way.
function forget() {
	for (const made of waiting.values()) made.remove();
	waiting.clear();
	asking.clear();
	reply(null);
	for (const user of [...typists.keys()]) stopTyping(user);
}

const redrawAll = () => showMessages(); // names and colours may be others

function onEvent(event) {
	showEvent(event);
	const d = event.d;
	const ids = apply(event.t, d);
	if (event.t === "TYPING_START" && d) typing(d);
	if (event.t === "MESSAGE_CREATE" && d?.author) stopTyping(d.author.id);
	if (event.t === "MESSAGE_CREATE" && d) countInThread(d);
	if (event.t === "MESSAGE_CREATE" && d?.author?.id === world.me && event.why) sayBelow(event.why + ".");
	if (event.t === "CHANNEL_PINS_UPDATE" && d) pinsChanged(d.channel_id);
	if (event.t.startsWith("MESSAGE_DELETE")) gone(d, ids);
	if (!ids.length) return;
	if (d.channel_id !== world.here) soon(drawLists);
	else if (event.t === "MESSAGE_CREATE") appendMessage(ids[0]);
	else if (event.t === "MESSAGE_DELETE_BULK") showMessages();
	else ids.forEach(redraw);
}

function gone(d, ids) {
	forgetReply(ids);
	pinsChanged(d?.channel_id);
}

// The message that a thread started from says how many there are in it.
function countInThread(d) {
	const c = world.channels.get(d.channel_id);
	if (!isThread(c) || d.id === c.id || ![0, 19, 20, 23].includes(d.type)) return;
	c.message_count++;
	if (c.parent_id === world.here) redraw(c.id);
}

const drawLists = () => showLists(enter);

function onHappening(h) {
	showHappening(h);
	if (h.what === "interaction") states[h.state]?.(h);
}

function listen() {
	const live = new EventSource("/page/live");
	const on = (name, fn) => live.addEventListener(name, (message) => fn(JSON.parse(message.data)));
	live.onopen = () => {
		if (by("line").textContent) sayBelow(""); // what failed while it was away
		by("line").textContent = "";
		clear();
		if (world.here) load(world.here);
	};
	live.onerror = () => {
		by("line").textContent = "The sandbox is away; this page waits for it.";
		if (live.readyState === EventSource.CLOSED) setTimeout(listen, 2000); // it was refused: the browser gives up
	};
	on("world", onWorld);
	on("event", onEvent);
	on("happening", onHappening);
	on("past", (past) => (past.kind === "event" ? showEvent : showHappening)(past.data));
}

function listKeys(container) {
	container.addEventListener("keydown", (event) => {
		const buttons = [...container.querySelectorAll("button")];
		const to = arrows(event, buttons, buttons.indexOf(document.activeElement));
		if (to !== null) buttons[to].focus();
	});
}

async function newPerson(name) {
	const done = await obey("user", {name});
	world.be(done.id);
	showAll();
}

function start() {
	startCompose();
	startDrawer();
	startCommand(enter);
	startLists(enter);
	startPins(jump);
	startConversation({enter, jump});
	listKeys(by("guilds"));
	listKeys(by("channels"));
	by("me-select").addEventListener("change", () => {
		world.be(by("me-select").value);
		showAll();
	});
	by("me-new").addEventListener("click", () => ask("A new person", "Name", newPerson));
	by("side-toggle").addEventListener("click", () => {
		openSide(true);
		(by("channels").querySelector("[aria-current=true]") || by("guilds").querySelector("button")).focus();
	});
	document.addEventListener("keydown", (event) => {
		if (event.key !== "Escape" || !openSide(false)) return;
		by("side-toggle").focus();
	});
	document.querySelector("main").addEventListener("pointerdown", (event) => event.target.closest("#side-toggle") || openSide(false));
	listen();
}

start();
