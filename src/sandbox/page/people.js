// Who is in this server: by role, with what each is doing; and what can be done with one of them.
import {by, el, face, keepFocus, obey, tint} from "./dom.js";
import {asking, newNonce} from "./components.js";
import {colorOf, mayHere, MAY, rolesOf} from "./permissions.js";
import {problem} from "./compose.js";
import {world} from "./world.js";

const words = {online: "online", idle: "idle", dnd: "do not disturb", offline: "offline"};

function groupOf(guildId, u) {
	if (u.presence.status === "offline") return "Offline";
	return rolesOf(guildId, u.id).find((r) => r.hoist)?.name || "Online";
}

const act = (verb, args) => obey(verb, args).catch((error) => problem(error.message));

function run(command, u) {
	const nonce = newNonce();
	asking.set(nonce, {channel: world.here});
	act("interact", {name: command.name, type: "user", target: u.id, channel: world.here, user: world.me, nonce});
}

function roleBox(r, u) {
	const has = rolesOf(world.guild, u.id).some((x) => x.id === r.id);
	const input = el("input", {type: "checkbox", checked: has, disabled: !mayHere(MAY.manageRoles), on: {change: () =>
		act("member", {guild: world.guild, user: u.id, [input.checked ? "role" : "take"]: r.id})}});
	return el("label", {}, input, " ", tint(el("span", {class: "role"}, r.name), "--role", r.color ? "#" + r.color.toString(16).padStart(6, "0") : "inherit"));
}

function details(u) {
	const roles = (world.guilds.get(world.guild)?.roles || []).filter((r) => r.id !== world.guild && !r.tags?.bot_id)
		.sort((a, b) => b.position - a.position);
	return el("div", {class: "person"}, roles.length ? el("div", {class: "roles"}, ...roles.map((r) => roleBox(r, u))) : null,
		...world.commandsHere(2).map((c) => el("button", {class: "button secondary", on: {click: () => run(c, u)}}, c.name)),
		u.id !== world.me && u.id !== world.bot && mayHere(MAY.kick)
			? el("button", {class: "button danger", on: {click: () => act("member", {guild: world.guild, user: u.id, leave: "true"})}}, "Kick") : null);
}

function line(u) {
	const activity = u.presence.activities[0]?.name;
	const name = tint(el("b", {class: "name"}, world.name(u.id)), "--role", colorOf(world.guild, u.id) || "inherit");
	return el("details", {"data-user": u.id, "data-key": u.id, name: "people"},
		el("summary", {}, el("span", {class: "with-dot"}, face(u), el("i", {class: `dot ${u.presence.status}`, title: words[u.presence.status]})),
			el("span", {class: "who"}, name, u.bot && el("span", {class: "badge"}, "BOT"), activity && el("span", {class: "small"}, activity))),
		details(u));
}

export function showPeople() {
	keepFocus(by("people"), draw);
}

function draw() {
	const opened = by("people").querySelector("details[open]")?.dataset.user;
	const groups = new Map();
	const all = world.guild ? world.peopleOf(world.guild) : [];
	for (const r of [...(world.guilds.get(world.guild)?.roles || [])].sort((a, b) => b.position - a.position)) if (r.hoist) groups.set(r.name, []);
	groups.set("Online", []).set("Offline", []);
	for (const u of all) groups.get(groupOf(world.guild, u))?.push(u);
	by("people").replaceChildren(...[...groups].filter(([, list]) => list.length).flatMap(([name, list]) =>
		[el("h3", {}, `${name} · ${list.length}`), ...list.map(line)]),
	...(all.length ? [] : [el("p", {class: "small"}, "You and the bot.")]));
	if (opened) by("people").querySelector(`[data-user="${CSS.escape(opened)}"]`)?.setAttribute("open", "");
}
