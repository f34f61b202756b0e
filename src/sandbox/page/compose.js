// The message box: text, replies, and the slash menu with a form for a command's options.
import {arrows, by, el, must, nameOf, obey} from "./dom.js";
import {asking, newNonce} from "./components.js";
import {chosenTags, dropTags} from "./tags.js";
import {FORUM} from "./permissions.js";
import {world} from "./world.js";

const box = by("box"), menu = by("menu"), form = by("options");
let replyTo = null, shown = [], at = 0;
const choosing = new Map(); // nonce -> fills the suggestions of an option

export function reply(message) {
	replyTo = message;
	by("replying").hidden = !message;
	if (message) by("replying").replaceChildren("Replying to ", el("b", {}, nameOf(world.authorName(message.author))), " ",
		el("button", {class: "icon", "aria-label": "No reply", on: {click: () => reply(null)}}, "×"));
	box.focus();
}

// Messages that are gone: one does not go on answering them.
export function forgetReply(ids) {
	const at = document.activeElement;
	if (!replyTo || !ids.includes(replyTo.id)) return;
	reply(null);
	if (at.isConnected) at.focus();
}

async function say(content) {
	try {
		if (world.channels.get(world.here)?.type === FORUM)
			await obey("thread", {name: content.trim().split("\n")[0].slice(0, 90), content, user: world.me, tags: chosenTags()})
				.then(dropTags);
		else await obey("say", {channel: world.here, author: world.me, content, reply_to: replyTo?.id});
		reply(null);
	} catch (error) {
		box.value = box.value || content;
		problem(error.message);
	}
}

// Discord's own page says it once in so many seconds, and not of commands.
let saidTyping = 0;
function sayTyping() {
	if (!box.value || box.value.startsWith("/") || Date.now() - saidTyping < 8000) return;
	saidTyping = Date.now();
	obey("typing", {channel: world.here, user: world.me}).catch(() => {});
}

// The line above the box: who types, or what went wrong; a text, or its parts.
export function sayBelow(text, isProblem = false) {
	by("typing").replaceChildren(...[text].flat());
	by("typing").classList.toggle("problem", isProblem);
}

export const problem = (text) => sayBelow(text, true);

// A command with sub-commands is several rows: {command, path: ["group", "sub"], options, label, help}.
function runnable(command) {
	const walk = (node, path) => {
		const below = (node.options || []).filter((o) => o.type <= 2);
		if (below.length) return below.flatMap((o) => walk(o, [...path, o]));
		return [{command, path, options: node.options || [], help: node.description || "",
			label: "/" + [command.name, ...path.map((p) => p.name)].join(" ")}];
	};
	return walk(command, []);
}

function showMenu() {
	const typed = box.value.toLowerCase();
	const isAsking = typed.startsWith("/") && !typed.includes("\n") && form.hidden;
	shown = isAsking ? world.commandsHere().flatMap(runnable).filter((r) => r.label.startsWith(typed.trimEnd())).slice(0, 25) : [];
	at = 0;
	menu.hidden = !isAsking;
	menu.replaceChildren(...shown.map((r, i) => el("li", {role: "option", id: `menu-${i}`, "aria-selected": String(i === 0),
		on: {mousedown: (event) => event.preventDefault(), click: () => pick(i)}}, el("b", {}, r.label), " ", el("span", {}, r.help))));
	if (isAsking && !shown.length)
		menu.append(el("li", {class: "empty", role: "option", "aria-disabled": "true"}, world.commandsHere().length
			? "No command begins so." : "No bot has registered a slash command here yet."));
	if (isAsking) menu.append(el("li", {class: "hint", role: "presentation", on: {mousedown: (event) => event.preventDefault(), click: toSandbox}},
		"Commands to the sandbox itself, as ", el("code", {}, "/help"), ", go into the line under Events."));
	mark();
}

// What was begun here goes on in the line that it belongs into.
function toSandbox() {
	const line = by("command-line");
	if (line.offsetParent === null) by("drawer-toggle").click();
	line.value = box.value;
	box.value = "";
	line.focus();
}

function mark() {
	[...menu.querySelectorAll("[role=option]")].forEach((li, i) => li.setAttribute("aria-selected", String(i === at && shown.length > 0)));
	box.setAttribute("aria-expanded", String(!menu.hidden));
	if (shown.length) box.setAttribute("aria-activedescendant", `menu-${at}`);
	else box.removeAttribute("aria-activedescendant");
	menu.children[at]?.scrollIntoView({block: "nearest"});
}

function pick(i) {
	const row = shown[i];
	menu.hidden = true;
	shown = [];
	if (row.options.length) openForm(row);
	else run(row, []);
}

function nested(path, values) {
	return [...path].reverse().reduce((inner, o) => [{name: o.name, type: o.type, options: inner}], values);
}

function run(row, values) {
	const nonce = newNonce();
	box.value = "";
	asking.set(nonce, {text: row.label, channel: world.here});
	obey("interact", {name: row.command.name, options: JSON.stringify(nested(row.path, values)), channel: world.here,
		user: world.me, nonce}).catch((error) => problem(error.message));
	closeForm();
}

function optionInput(o, row) {
	const common = {name: o.name, required: o.required, title: o.description};
	const list = (items) => el("select", common, ...(o.required ? [] : [el("option", {value: ""}, "–")]),
		...items.map(([value, label]) => el("option", {value}, label)));
	if (o.choices?.length) return list(o.choices.map((c) => [c.value, c.name]));
	if (o.type === 5) return list([["true", "true"], ["false", "false"]]);
	const people = () => [...world.users.values()].map((u) => [u.id, "@" + u.username]);
	const roles = () => (world.guilds.get(world.guild)?.roles || []).map((r) => [r.id, "@" + r.name.replace(/^@/, "")]);
	if (o.type === 6) return list(people());
	if (o.type === 9) return list([...people(), ...roles()]);
	if (o.type === 7) return list(world.channelsOf(world.guild).map((c) => [c.id, "#" + world.channelName(c.id)]));
	if (o.type === 8) return list(roles());
	if (o.type === 4 || o.type === 10)
		return el("input", {...common, type: "number", step: o.type === 4 ? 1 : "any", min: o.min_value, max: o.max_value});
	const input = el("input", {...common, type: "text", minlength: o.min_length, maxlength: o.max_length || 6000, autocomplete: "off"});
	return o.autocomplete ? suggesting(input, o, row) : input;
}

// A list of suggestions that the bot is asked for while one types.
function suggesting(input, o, row) {
	const list = el("datalist", {id: `choices-${o.name}`});
	input.setAttribute("list", list.id);
	input.addEventListener("input", () => {
		const nonce = newNonce();
		choosing.set(nonce, (choices) => list.replaceChildren(...choices.map((c) => el("option", {value: c.value}, c.name))));
		const values = filled(row).filter((v) => v.name !== o.name);
		values.push({name: o.name, type: o.type, value: input.value, focused: true});
		obey("interact", {name: row.command.name, autocomplete: "true", options: JSON.stringify(nested(row.path, values)),
			channel: world.here, user: world.me, nonce}).catch(() => {});
	});
	return [input, list];
}

export function suggest(nonce, choices) {
	choosing.get(nonce)?.(choices || []);
	choosing.delete(nonce);
}

const typed = {
	4: (v) => parseInt(v, 10), 10: Number, 5: (v) => v === "true",
};

function filled(row) {
	return row.options.filter((o) => form.elements[o.name]?.value !== "")
		.map((o) => ({name: o.name, type: o.type, value: (typed[o.type] || String)(form.elements[o.name].value)}));
}

function openForm(row) {
	form.replaceChildren(el("b", {}, row.label),
		...row.options.map((o) => el("label", {}, el("span", {}, o.name, o.required && must()), optionInput(o, row))),
		el("button", {type: "submit", class: "button primary"}, "Run"),
		el("button", {type: "button", class: "button secondary", on: {click: closeForm}}, "Cancel"));
	form.onsubmit = (event) => {
		event.preventDefault();
		run(row, filled(row));
	};
	form.hidden = false;
	box.hidden = true;
	box.value = "";
	form.querySelector("input, select")?.focus();
}

function closeForm() {
	form.hidden = true;
	box.hidden = false;
	form.replaceChildren();
	box.focus();
}

function grow() {
	box.style.setProperty("height", "auto");
	box.style.setProperty("height", `${Math.min(box.scrollHeight + 2, 240)}px`); // and its border
}

function menuKey(event) {
	const to = arrows(event, shown, at);
	if (to !== null) {
		at = to;
		mark();
		return true;
	}
	if (event.key === "Enter" || event.key === "Tab") {
		event.preventDefault();
		pick(at);
		return true;
	}
	return false;
}

export function startCompose() {
	box.addEventListener("input", () => {
		sayBelow("");
		grow();
		showMenu();
		sayTyping();
	});
	box.addEventListener("keydown", (event) => {
		if (event.isComposing) return;
		if (event.key === "Escape") {
			if (menu.hidden) reply(null);
			menu.hidden = true;
			shown = [];
			mark();
			return;
		}
		if (!menu.hidden && shown.length && menuKey(event)) return;
		if (event.key === "Enter" && !event.shiftKey) {
			event.preventDefault();
			const text = box.value;
			box.value = "";
			menu.hidden = true;
			grow();
			saidTyping = 0;
			if (text.trim()) say(text);
		}
	});
	box.addEventListener("blur", () => {
		menu.hidden = true;
	});
	box.addEventListener("focus", showMenu);
	form.addEventListener("keydown", (event) => event.key === "Escape" && closeForm());
}
