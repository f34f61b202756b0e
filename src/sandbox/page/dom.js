// Elements, made without a line of HTML: text is always text, whatever it holds.
//
//     el("button", {class: "icon", "aria-label": "Reply", on: {click: reply}}, "↩")

import {calm} from "./bidi.js";
import {world} from "./world.js";

export function el(tag, props = {}, ...children) {
	const made = document.createElement(tag);
	for (const [key, value] of Object.entries(props)) {
		if (key === "on")
			for (const [name, fn] of Object.entries(value)) made.addEventListener(name, fn);
		else if (value === true) made.setAttribute(key, "");
		else if (value !== false && value !== undefined && value !== null) made.setAttribute(key, value);
	}
	made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
	return made;
}

// What marks a field that must be filled in; "required" says the same to who cannot see it.
export const must = () => el("span", {class: "required", "aria-hidden": "true"}, " *");

export const by = (id) => document.getElementById(id);

// The colour of a face or of an embed; the policy of the page allows no style attribute.
export function tint(element, name, value) {
	element.style.setProperty(name, value);
	return element;
}

export function face(user) {
	const name = calm(user?.username) || "?";
	const made = el("span", {class: "face", "aria-hidden": "true"}, [...name][0].toUpperCase());
	if (user?.avatar) made.title = "Its image lies elsewhere, and this page asks nobody else.";
	return tint(made, "--hue", hue(user?.avatar || user?.id || "0"));
}

export function hue(id) {
	let sum = 0;
	for (const digit of String(id)) sum = (sum * 31 + digit.charCodeAt(0)) % 9973;
	return (sum * 137) % 360; // neighbours lie far apart
}

// A name beside other words: it keeps its direction to itself.
export const nameOf = (text) => el("bdi", {}, calm(text));
export const among = (names) => names.flatMap((name, i) => (i ? [", ", nameOf(name)] : [nameOf(name)]));

// A link leads out only by http and https, and tells nobody from where.
export function link(url, ...children) {
	if (!/^https?:\/\//i.test(url)) return el("span", {}, ...children);
	return el("a", {href: url, target: "_blank", rel: "noopener noreferrer", title: shownUrl(url)}, ...children);
}

// An address as it is shown: what would turn its letters round is seen as its number.
export const shownUrl = (url) => url.replace(/[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g, encodeURIComponent);

// Moves among the elements of a list by arrows; true where the key was one.
export function arrows(event, items, at, columns = 1) {
	const steps = {ArrowDown: columns, ArrowUp: -columns, Home: -items.length, End: items.length};
	if (columns > 1) Object.assign(steps, {ArrowRight: 1, ArrowLeft: -1});
	const step = steps[event.key];
	if (step === undefined || items.length === 0) return null;
	event.preventDefault();
	return Math.max(0, Math.min(items.length - 1, at + step));
}

// Draws what is inside anew; the keyboard stays where it was: in what has the same key, else at the same place.
const reachable = "button, select, input, textarea, summary, [tabindex]";
export function keepFocus(container, draw) {
	const at = document.activeElement;
	const isInside = at !== container && container.contains(at);
	const all = (within) => [...within.querySelectorAll(reachable)];
	const keyed = isInside ? at.closest("[data-key]") : null;
	const before = isInside ? all(keyed || container) : [];
	draw();
	if (!isInside || at.isConnected) return;
	const same = keyed ? container.querySelector(`[data-key="${CSS.escape(keyed.dataset.key)}"]`) : container;
	const now = same ? all(same) : [];
	(same || by("box")).focus(); // what it holds may be seen only then
	if (now.length === before.length) now[before.indexOf(at)]?.focus();
}

// Draws soon, and once for all that comes until then: hundreds of events a second are a few drawings.
const due = new Set();
export function soon(draw) {
	if (due.has(draw)) return;
	due.add(draw);
	setTimeout(() => {
		due.delete(draw);
		draw();
	}, 30);
}

// One line of the sandbox's language, done; throws what it says.
export async function obey(verb, words = {}) {
	const line = "/" + verb + Object.entries(words)
		.filter(([, value]) => value !== undefined && value !== null && value !== "")
		.map(([key, value]) => ` ${key}=${JSON.stringify(value)}`).join("");
	return obeyLine(line);
}

// {text: what was done, id: of what was made, channel: where it leads}
export async function obeyLine(line) {
	const at = new URLSearchParams(Object.entries({channel: world.here, user: world.me}).filter(([, id]) => id));
	let answer;
	try {
		answer = await fetch(`/page/do?${at}`, {method: "POST", body: line, headers: {"Content-Type": "text/plain"}});
	} catch {
		throw new Error("The sandbox is away: nothing was sent.");
	}
	if (!answer.ok) throw new Error(await answer.text());
	return answer.json();
}
