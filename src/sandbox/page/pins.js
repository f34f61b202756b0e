// What is pinned in this channel, in a box below its name.
import {by, el, obey} from "./dom.js";
import {markdown} from "./markdown.js";
import {mayHere, MAY} from "./permissions.js";
import {problem} from "./compose.js";
import {world} from "./world.js";

const box = by("pins"), toggle = by("pins-toggle");
let jumpTo = () => false;

function line({message}) {
	const unpin = () => obey("pin", {message: message.id, channel: message.channel_id, user: world.me, remove: "true"})
		.then(show, (error) => problem(error.message));
	return el("li", {}, el("button", {class: "pinned", on: {click: () => jumpTo(message.id) && shut()}},
		el("b", {}, world.authorName(message.author)), el("div", {class: "text"}, ...markdown(message.content || "(no text)"))),
	mayHere(MAY.pin) && el("button", {class: "icon", title: "Unpin", "aria-label": "Unpin", on: {click: unpin}}, "×"));
}

async function show() {
	const entries = await (await fetch(`/page/messages?channel=${world.here}&pins=1`)).json();
	box.replaceChildren(el("h3", {}, "Pinned messages"),
		entries.length ? el("ul", {}, ...entries.reverse().map(line)) : el("p", {class: "small"}, "Nothing is pinned here."));
}

function open(isOpen) {
	box.hidden = !isOpen;
	toggle.setAttribute("aria-expanded", String(isOpen));
}

export function shut() {
	open(false);
}

export function pinsChanged(channelId) {
	if (!box.hidden && channelId === world.here) show();
}

export function startPins(jump) {
	jumpTo = jump;
	toggle.addEventListener("click", async () => {
		if (!box.hidden) return shut();
		await show();
		open(true);
		return box.querySelector("button")?.focus();
	});
	document.addEventListener("keydown", (event) => {
		if (event.key !== "Escape" || box.hidden) return;
		shut();
		toggle.focus();
	});
}
