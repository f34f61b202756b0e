// The lists at the left: servers, channels with their threads, direct messages, and who one is.
import {apart} from "./bidi.js";
import {by, el, face, keepFocus, nameOf, obey} from "./dom.js";
import {ask} from "./modal.js";
import {FORUM, isThread, mayHere, MAY, permissionsIn, silence} from "./permissions.js";
import {problem} from "./compose.js";
import {showTags} from "./tags.js";
import {world} from "./world.js";

const TEXT = 0, VOICE = 2, CATEGORY = 4, NEWS = 5, PRIVATE_THREAD = 12;
const signs = {[TEXT]: "#", [VOICE]: "♪", [NEWS]: "!", [FORUM]: "☰"};

const initials = (name) => (name || "?").split(/\s+/).map((word) => [...word][0]).join("").slice(0, 3);

function showGuilds(enter) {
	const first = (id) => visible(id).find((c) => c.type !== CATEGORY)?.id;
	const one = (id, label, name) => el("button", {"data-key": String(id), "aria-current": String(world.guild === id), title: name, "aria-label": name,
		class: world.guilds.get(id)?.unavailable ? "outage" : null, on: {click: () => enter(first(id), id)}}, label);
	by("guilds").replaceChildren(one(null, "@", "Direct messages"), el("hr"),
		...[...world.guilds.values()].map((g) => one(g.id, initials(g.name), g.name)));
}

// What one may see. Of direct messages one's own.
function visible(guildId) {
	return world.channelsOf(guildId).filter((c) => (guildId ? permissionsIn(c, world.me) & MAY.view : c.recipients?.[0]?.id === world.me));
}

// Channels in order, each followed by its threads; those of a category below it.
function ordered(guildId) {
	const all = visible(guildId);
	const below = (id) => all.filter((c) => !isThread(c) && (c.parent_id || null) === id)
		.sort((a, b) => a.position - b.position || (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
	const threads = (c) => all.filter((t) => isThread(t) && t.parent_id === c.id && (!t.thread_metadata.archived || t.id === world.here));
	const one = (c) => [c, ...threads(c), ...(c.type === CATEGORY ? below(c.id).flatMap(one) : [])];
	const top = below(null);
	const isCategory = (c) => c.type === CATEGORY;
	return [...top.filter((c) => !isCategory(c)), ...top.filter(isCategory)].flatMap(one);
}

function lineOf(c, enter) {
	if (c.type === CATEGORY) return el("h3", {}, c.name);
	const sign = !c.guild_id ? "@" : isThread(c) ? "⤷" : signs[c.type] || "#";
	const words = [isThread(c) && "thread", c.thread_metadata?.archived && "archived", world.unread.has(c.id) && "unread"];
	const name = c.guild_id ? world.channelName(c.id) : world.name(world.bot, null);
	return el("button", {"data-key": c.id, "aria-current": String(c.id === world.here), on: {click: () => enter(c.id)},
		class: [...words, c.type === PRIVATE_THREAD && "private"].filter(Boolean).join(" ") || null,
		title: c.topic || (isThread(c) ? `a thread of #${world.channelName(c.parent_id)}` : null)},
		el("i", {"aria-hidden": "true"}, sign), el("span", {class: "label"}, name), c.type === PRIVATE_THREAD && el("span", {class: "small"}, "private"));
}

function showChannels(enter) {
	const guild = world.guilds.get(world.guild);
	const all = ordered(world.guild);
	by("guild-name").textContent = guild ? guild.name || guild.id : "Direct messages";
	by("channels").replaceChildren(...all.map((c) => lineOf(c, enter)),
		...(guild || all.length ? [] : [el("button", {class: "new", "data-key": "new", on: {click: () => write(enter)}}, "Write to the bot")]),
		...(guild && mayIn(guild, MAY.manageChannels) ? [el("button", {class: "new", "data-key": "new", on: {click: () => newChannel(guild, enter)}}, "+ New channel")] : []));
}

const mayIn = (guild, what) => {
	const any = world.channelsOf(guild.id)[0];
	return any ? mayHere(what, {...any, permission_overwrites: []}) : guild.owner_id === world.me;
};

function write(enter) {
	obey("direct", {user: world.me}).then((done) => enter(done.channel), (e) => problem(e.message));
}

function newChannel(guild, enter) {
	ask("A new channel", "Name", async (name) => {
		const done = await obey("channel", {guild: guild.id, name: name.toLowerCase().replace(/\s+/g, "-")});
		enter(done.channel);
	});
}

// A text box does not shorten what stands in it.
const narrow = matchMedia("(max-width: 480px)");
function invitation(to) {
	const short = to.length > 26 ? to.slice(0, 25) + "…" : to, text = `Message ${apart(short)}`;
	return narrow.matches && short.length > 14 ? text : text + ", or / for commands";
}

// ---- the line above the conversation

function showHead(enter) {
	const c = world.channels.get(world.here);
	const parent = isThread(c) ? world.channels.get(c.parent_id) : null;
	const sign = !c ? "" : !c.guild_id ? "@ " : isThread(c) ? "⤷ " : (signs[c.type] || "#") + " ";
	const name = !c ? "" : c.guild_id ? world.channelName(c.id) : world.name(world.bot, null);
	by("channel-name").replaceChildren(...(parent ? [el("button", {class: "parent", on: {click: () => enter(parent.id)}}, "# " + parent.name), " "] : []),
		sign, nameOf(name));
	by("topic").textContent = c?.topic || (c?.thread_metadata?.archived ? "archived" : "");
	by("topic").title = c?.topic || "";
	by("pins-toggle").hidden = !c;
	by("archive").hidden = !isThread(c) || !(c.owner_id === world.me || mayHere(MAY.manageThreads, c));
	by("archive").textContent = c?.thread_metadata?.archived ? "Open again" : "Archive";
	const why = silence(c);
	by("box").disabled = why !== "" || !c;
	by("box").placeholder = why || (c?.type === FORUM ? "A new post: its first line is the title" : null) || invitation((sign.trim() === "⤷" ? "" : sign.trim()) + name);
}

export function showMe() {
	const people = [...world.users.values()].filter((u) => u.id !== world.bot);
	const known = JSON.stringify([world.me, people.map((u) => [u.id, u.username])]);
	if (by("me-select").dataset.known === known) return; // somebody may be choosing in it
	by("me-select").dataset.known = known;
	by("me-select").replaceChildren(...people.map((u) => el("option", {value: u.id, selected: u.id === world.me},
		u.username + (u.bot ? " (bot)" : ""))));
	by("me-face").replaceWith(Object.assign(face(world.users.get(world.me)), {id: "me-face"}));
}

export function showLists(enter) {
	keepFocus(by("guilds"), () => showGuilds(enter));
	keepFocus(by("channels"), () => showChannels(enter));
	keepFocus(by("channel-name"), () => showHead(enter));
	showTags();
	showMe();
}

export function startLists(enter) {
	narrow.addEventListener("change", () => showHead(enter));
	by("archive").addEventListener("click", () => {
		const c = world.channels.get(world.here);
		obey("archive", {thread: c.id, open: c.thread_metadata.archived ? "true" : null}).catch((e) => problem(e.message));
	});
}
