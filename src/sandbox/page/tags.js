// The tags of a forum: those that a new post is to have are chosen above the message box.
import {by, el, keepFocus, nameOf} from "./dom.js";
import {FORUM, mayHere, MAY} from "./permissions.js";
import {world} from "./world.js";

const MOST = 5, REQUIRE_TAG = 16;
const box = by("tags");
let chosen = new Set(), forum = null; // whose they are

export const tagName = (t) => [t.emoji_name && t.emoji_name + " ", nameOf(t.name)].filter(Boolean);
export const chosenTags = () => [...chosen].join(",") || null;

function toggle(id) {
	if (!chosen.delete(id) && chosen.size < MOST) chosen.add(id);
	showTags();
}

function draw(c, tags) {
	const must = c.flags & REQUIRE_TAG;
	box.replaceChildren(el("span", {class: "small"}, must ? "Tags, one at least:" : "Tags:"), ...tags.map((t) =>
		el("button", {class: "tag", type: "button", "data-key": t.id, "aria-pressed": String(chosen.has(t.id)),
			disabled: t.moderated && !mayHere(MAY.manageThreads), on: {click: () => toggle(t.id)}}, ...tagName(t))));
}

export function showTags() {
	const c = world.channels.get(world.here), tags = c?.type === FORUM ? c.available_tags : [];
	if (forum !== world.here) chosen = new Set();
	forum = world.here;
	chosen = new Set([...chosen].filter((id) => tags.some((t) => t.id === id)));
	box.hidden = !tags.length;
	if (tags.length) keepFocus(box, () => draw(c, tags));
}

export function dropTags() {
	chosen = new Set();
	showTags();
}
