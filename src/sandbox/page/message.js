// One message as a person expects it: who, when, text, embeds, files, components, reactions.
import {apart} from "./bidi.js";
import {el, face, link, obey, shownUrl, tint, arrows} from "./dom.js";
import {markdown} from "./markdown.js";
import {asking, components, newNonce} from "./components.js";
import {ask} from "./modal.js";
import {tagName} from "./tags.js";
import {poll, result} from "./poll.js";
import {colorOf, mayHere, MAY, rolesOf} from "./permissions.js";
import {problem, sayBelow} from "./compose.js";
import {world} from "./world.js";

const EPHEMERAL = 64, LOADING = 128, HAS_THREAD = 32;
const palette = ["👍", "👎", "😄", "😂", "😍", "😸", "😢", "😮", "🎉", "❤️", "🔥", "👀", "✅", "❌", "🙏", "🚀", "🤔", "💯"];

const timeOf = (text) => new Date(text);
const short = new Intl.DateTimeFormat("en", {hour: "2-digit", minute: "2-digit", hour12: false});
const long = new Intl.DateTimeFormat("en", {dateStyle: "full", timeStyle: "medium", hour12: false});
export const day = new Intl.DateTimeFormat("en", {weekday: "long", day: "numeric", month: "long", year: "numeric"});

function stamp(message) {
	const at = timeOf(message.timestamp);
	return el("time", {datetime: message.timestamp, title: long.format(at)}, short.format(at));
}

// An image lies elsewhere, and this page asks nobody else: it is named, as a link.
function picture(what, image) {
	return image?.url && el("p", {class: "elsewhere"}, what + " ", link(image.url, shownUrl(image.url)));
}

function embed(e) {
	const color = typeof e.color === "number" ? "#" + (e.color & 0xffffff).toString(16).padStart(6, "0") : null;
	const made = el("div", {class: "embed"},
		e.author?.name && el("p", {class: "author"}, e.author.url ? link(e.author.url, e.author.name) : e.author.name),
		e.title && el("p", {class: "title"}, e.url ? link(e.url, ...markdown(e.title)) : markdown(e.title)),
		e.description && el("div", {class: "text"}, ...markdown(e.description)),
		e.fields?.length && el("dl", {}, ...e.fields.map((f) => el("div", {class: f.inline ? "inline" : null},
			el("dt", {}, ...markdown(String(f.name))), el("dd", {}, ...markdown(String(f.value)))))),
		picture("image", e.image), picture("thumbnail", e.thumbnail),
		(e.footer?.text || e.timestamp) && el("p", {class: "footer"},
			[e.footer?.text, e.timestamp && long.format(timeOf(e.timestamp))].filter(Boolean).join(" · ")));
	return color ? tint(made, "--edge", color) : made;
}

const bytes = (n) => (n < 1024 ? `${n} bytes` : n < 1048576 ? `${(n / 1024).toFixed(1)} KB` : `${(n / 1048576).toFixed(1)} MB`);

const file = (f) => el("p", {class: "file"}, "▤ ", el("strong", {}, f.filename || "file"), ` ${bytes(f.size || 0)}`);

export function react(message, emoji, isMine) {
	obey("react", {emoji, message: message.id, channel: message.channel_id, user: world.me, remove: isMine ? "true" : null})
		.catch(() => {});
}

function reactions(message, reactors) {
	const all = Object.entries(reactors).map(([emoji, users]) => {
		const isMine = users.includes(world.me), names = users.map((id) => apart(world.name(id))).join(", ");
		return el("button", {class: "reaction", "aria-pressed": String(isMine), title: names,
			"aria-label": `${emoji}: ${names}`, on: {click: () => react(message, emoji, isMine)}},
			emoji.includes(":") ? `:${emoji.split(":")[0]}:` : emoji, el("b", {}, String(users.length)));
	});
	return all.length ? el("div", {class: "reactions"}, ...all) : null;
}

function showPalette(button, message) {
	let isShut = false; // taking it away takes the focus away, and that shuts it again
	const shut = (focus) => {
		if (isShut) return;
		isShut = true;
		box.remove();
		if (focus) button.focus();
	};
	const pick = (emoji) => () => {
		react(message, emoji, false);
		shut(true);
	};
	const buttons = palette.map((emoji) => el("button", {type: "button", "aria-label": emoji, on: {click: pick(emoji)}}, emoji));
	const other = el("input", {placeholder: "another emoji", "aria-label": "Another emoji", maxlength: 60});
	const keys = (event) => {
		if (event.key === "Escape") shut(true);
		if (event.key === "Enter" && event.target === other && other.value.trim()) pick(other.value.trim())();
		event.stopPropagation();
		if (event.target === other) return;
		const to = arrows(event, buttons, buttons.indexOf(event.target), 6);
		if (to !== null) buttons[to].focus();
	};
	const leave = (event) => box.contains(event.relatedTarget) || shut(false);
	const box = el("div", {class: "palette", role: "dialog", "aria-label": "React with", on: {keydown: keys, focusout: leave}},
		...buttons, other);
	button.closest(".tools").append(box);
	buttons[0].focus();
}

function startEdit(row, message, doings) {
	const old = row.querySelector(".content");
	const shut = () => {
		sayBelow("");
		area.replaceWith(old);
		doings.redraw(message.id);
		document.querySelector(`[data-id="${CSS.escape(message.id)}"]`)?.focus();
	};
	const area = el("textarea", {"aria-label": "Edit the message", rows: 2, on: {keydown(event) {
		if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
			event.preventDefault();
			obey("edit", {message: message.id, channel: message.channel_id, content: area.value, user: world.me}).then(shut, (error) =>
				problem(area.value.trim() ? error.message : "A message cannot be empty. Write something, or delete it; Escape leaves it as it was."));
		}
		if (event.key === "Escape") shut();
		event.stopPropagation();
	}}});
	area.value = message.content;
	old.replaceWith(area);
	area.focus();
}

const act = (verb, message, words) => obey(verb, {message: message.id, channel: message.channel_id, ...words})
	.catch((error) => problem(error.message));

function startThread(message) {
	ask("A new thread", "Name", (name) => obey("thread", {message: message.id, channel: message.channel_id, name, user: world.me}));
}

// The commands of a message's menu, in a small list.
function menu(message) {
	const commands = world.commandsHere(3);
	const made = el("select", {"aria-label": "Apps", title: "Apps", on: {change() {
		const nonce = newNonce();
		asking.set(nonce, {channel: message.channel_id});
		obey("interact", {name: commands[made.selectedIndex - 1].name, type: "message", target: message.id, channel: message.channel_id,
			user: world.me, nonce}).catch((error) => problem(error.message));
		made.selectedIndex = 0;
	}}}, el("option", {value: ""}, "Apps"), ...commands.map((c) => el("option", {}, c.name)));
	return commands.length ? made : null;
}

function tools(row, message, doings) {
	const tool = (label, sign, fn) => el("button", {class: "icon", type: "button", title: label, "aria-label": label, on: {click: fn}}, sign);
	const isMine = message.author.id === world.me;
	const isPlain = message.type === 0 || message.type === 19;
	const mayThread = isPlain && !(message.flags & HAS_THREAD) && world.channels.get(world.here)?.type === 0 && mayHere(MAY.thread);
	return el("div", {class: "tools"},
		mayHere(MAY.react) && tool("React", "☺", (event) => showPalette(event.currentTarget, message)),
		isPlain && tool("Reply", "↩", () => doings.reply(message)),
		mayThread && tool("Thread", "⤷", () => startThread(message)),
		mayHere(MAY.pin) && (isPlain || message.type >= 20) && tool(message.pinned ? "Unpin" : "Pin", "⚑",
			() => act("pin", message, {user: world.me, remove: message.pinned ? "true" : null})),
		menu(message),
		isMine && isPlain && tool("Edit", "✎", () => startEdit(row, message, doings)),
		(isMine || mayHere(MAY.manageMessages)) && tool("Delete", "✕", () => act("delete", message, {user: world.me})));
}

function above(message, doings) {
	const to = message.referenced_message, run = message.interaction_metadata;
	if (run) return el("p", {class: "above"}, el("b", {}, world.name(run.user?.id)), message.interaction ? " used " : " pressed a button",
		message.interaction && el("span", {class: "mention"}, (message.type === 23 ? "" : "/") + message.interaction.name));
	if (!message.message_reference || message.type === 21) return null;
	if (!to) return el("p", {class: "above"}, "to a message that is gone");
	return el("button", {class: "above", type: "button", title: "Go there", on: {click: () => doings.jump(to.id)}},
		"to ", el("b", {}, to.author ? world.authorName(to.author) : "?"), " ", (to.content || "a message").slice(0, 120));
}

function head(message) {
	const user = world.users.get(message.author.id) || message.author;
	const color = colorOf(world.guild, message.author.id);
	const name = el("b", {class: "name"}, world.authorName(message.author));
	return el("p", {class: "head"}, color ? tint(name, "--role", color) : name,
		message.author.bot && el("span", {class: "badge"}, message.webhook_id && !world.users.has(message.author.id) ? "WEBHOOK" : "BOT"), stamp(message), message.pinned && el("span", {class: "small"}, "⚑ pinned"));
}

// What the service itself says; what it refers to is a step away.
function notice(message, doings) {
	const who = el("b", {}, world.name(message.author.id));
	const at = message.message_reference || {};
	const go = (label, fn) => el("button", {class: "go", type: "button", on: {click: fn}}, label);
	const all = {
		6: () => [who, " pinned ", go("a message", () => doings.jump(at.message_id)), "."],
		7: () => [who, " is here now."],
		46: () => result(message, (words) => go(words, () => doings.jump(at.message_id))),
		18: () => [who, " started a thread: ", go(message.content, () => doings.enter(at.channel_id)), "."],
	};
	const words = all[message.type]?.();
	return words && el("article", {class: "message notice", tabindex: -1, "data-id": message.id, "data-key": message.id}, el("span", {class: "gutter"}, stamp(message)),
		el("p", {class: "content body"}, ...words));
}

function threadOf(message, doings) {
	const c = message.flags & HAS_THREAD ? world.channels.get(message.id) : null;
	return c ? threadButton(c, doings) : null;
}

const tagsOf = (c) => (c.applied_tags || []).map((id) => world.channels.get(c.parent_id)?.available_tags?.find((t) => t.id === id))
	.filter(Boolean).map((t) => el("span", {class: "tag"}, tagName(t)));

export function threadButton(c, doings) {
	return el("button", {class: "thread-of", type: "button", "data-key": c.id, on: {click: () => doings.enter(c.id)}}, el("i", {"aria-hidden": "true"}, "⤷"),
		el("b", {}, c.name), ...tagsOf(c), el("span", {class: "small"}, `${c.message_count} ${c.message_count === 1 ? "message" : "messages"}`));
}

// A thread begins with the message that it started from.
function shownOf(entry) {
	const from = entry.message.type === 21 ? entry.message.referenced_message : null;
	return from ? {...from, id: entry.message.id, channel_id: entry.message.channel_id, type: 21, timestamp: entry.message.timestamp} : entry.message;
}

// isFollowing: by the same person, just after the one above.
export function row(entry, isFollowing, doings) {
	const {reactors, voters} = entry, message = shownOf(entry);
	const said = notice(message, doings);
	if (said) return said;
	const user = world.users.get(message.author.id) || message.author;
	const lead = above(message, doings);
	const isLead = !isFollowing || lead;
	const text = message.content ? markdown(message.content) : [];
	const made = el("article", {class: isLead ? "message lead" : "message", tabindex: -1, "data-id": message.id, "data-key": message.id,
		"aria-label": `${world.authorName(message.author)}: ${(message.content || "a message").slice(0, 200)}`});
	const isForMe = message.mentions?.some((m) => m.id === world.me) || message.mention_everyone ||
		rolesOf(world.guild, world.me).some((r) => message.mention_roles?.includes(r.id));
	if (isForMe) made.classList.add("for-me");
	if (message.flags & EPHEMERAL) made.classList.add("ephemeral");
	made.append(
		isLead ? face(user) : el("span", {class: "gutter"}, stamp(message)),
		el("div", {class: "body"}, lead, isLead && head(message),
			el("div", {class: "content"}, ...(message.flags & LOADING ? [el("p", {class: "small"}, "thinking …")] : text),
				message.edited_timestamp && el("span", {class: "edited", title: message.edited_timestamp}, "(edited)")),
			...(message.attachments || []).map(file), ...(message.embeds || []).map(embed),
			poll(message, voters || {}), components(message), reactions(message, reactors), threadOf(message, doings),
			message.flags & EPHEMERAL ? el("p", {class: "small"}, "Only the person who asked can see this") : null),
		tools(made, message, doings));
	return made;
}
