// The page: the live stream in, the lists and the conversation out.
import {arrows, by, el, obey, soon} from "./dom.js";
import {apply, world} from "./world.js";
import {asking} from "./components.js";
import {problem, reply, startCompose, suggest} from "./compose.js";
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

async function enter(channelId, guildId) {
	shut();
	reply(null);
	if (!channelId) {
		world.here = null;
		world.guild = guildId;
		showAll();
		return;
	}
	world.go(channelId);
	for (const user of [...typists.keys()]) stopTyping(user);
	document.body.classList.remove("side-open");
	by("side-toggle").setAttribute("aria-expanded", "false");
	showAll();
	await load(channelId);
	by("box").focus();
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
		wait(h.id, h.channel, `${world.name(world.bot)} is thinking about ${h.name || "it"} …`);
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
	problem(names.length ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing …` : "");
}

// ---- the stream

function onWorld(news) {
	const isFirst = !world.here, was = world.here;
	world.take(news);
	showSides();
	if (isFirst || was !== world.here) load(world.here).then(() => by("box").focus());
	else soon(redrawAll);
}

const redrawAll = () => showMessages(); // names and colours may be others

function onEvent(event) {
	showEvent(event);
	const d = event.d;
	const id = apply(event.t, d);
	if (event.t === "TYPING_START" && d) typing(d);
	if (event.t === "MESSAGE_CREATE" && d?.author) stopTyping(d.author.id);
	if (event.t === "MESSAGE_CREATE" && d) countInThread(d);
	if (event.t === "CHANNEL_PINS_UPDATE" && d) pinsChanged(d.channel_id);
	if (!id) return;
	if (d.channel_id !== world.here) soon(drawLists);
	else if (event.t === "MESSAGE_CREATE") appendMessage(id);
	else if (event.t === "MESSAGE_DELETE_BULK") showMessages();
	else redraw(id);
}

// The message that a thread started from says how many there are in it.
function countInThread(d) {
	const c = world.channels.get(d.channel_id);
	if (!isThread(c) || ![0, 19, 20, 23].includes(d.type)) return;
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

function listKeys(container) {
	container.addEventListener("keydown", (event) => {
		const buttons = [...container.querySelectorAll("button")];
		const to = arrows(event, buttons, buttons.indexOf(document.activeElement));
		if (to !== null) buttons[to].focus();
	});
}

function newPerson(name) {
	const id = String(1000 + world.users.size);
	obey("user", {id, name}).then(() => {
		world.be(id);
		showAll();
	}, (error) => problem(error.message));
}

function start() {
	startCompose();
	startDrawer();
	startLists();
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
		const isOpen = document.body.classList.toggle("side-open");
		by("side-toggle").setAttribute("aria-expanded", String(isOpen));
	});
	document.addEventListener("keydown", (event) => {
		if (event.key === "Escape" && document.body.classList.contains("side-open")) by("side-toggle").click();
	});
	listen();
}

start();
