// A bot's questions in a window of their own.
import {by, el, must, obey} from "./dom.js";
import {choicesOf} from "./components.js";
import {markdown} from "./markdown.js";
import {world} from "./world.js";

function textInput(c, id) {
	const common = {id, name: c.custom_id, required: c.required !== false, placeholder: c.placeholder,
		minlength: c.min_length, maxlength: c.max_length || 4000};
	const made = c.style === 2 ? el("textarea", {...common, rows: 4}) : el("input", {...common, type: "text", autocomplete: "off"});
	made.value = c.value || "";
	return made;
}

function select(c, id) {
	return el("select", {id, name: c.custom_id, multiple: (c.max_values ?? 1) > 1, required: c.required !== false},
		...choicesOf(c).map((o) => el("option", {value: o.value, selected: o.default}, o.label)));
}

const inputs = {3: select, 4: textInput, 5: select, 6: select, 7: select, 8: select};

// To where it came from; that may have been drawn anew meanwhile.
function giveBack(before) {
	const key = before?.closest("[data-key]")?.dataset.key;
	const now = before?.isConnected ? before : key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
	(now || by("box")).focus();
}

// The older form puts a text input into a row and the label on the input; the newer has labels.
function field(c, number) {
	const id = `field-${number}`;
	if (c.type === 10) return el("div", {class: "text"}, ...markdown(String(c.content)));
	const input = c.type === 18 ? c.component : c.components?.[0];
	if (!input || !inputs[input.type]) return null;
	return el("p", {class: "field"}, el("label", {for: id}, (c.type === 18 ? c.label : input.label) || input.custom_id, input.required !== false && must()),
		c.description && el("span", {class: "small"}, c.description), inputs[input.type](input, id));
}

function answers(form) {
	const out = {};
	for (const input of form.elements)
		if (input.name) out[input.name] = input.multiple ? [...input.selectedOptions].map((o) => o.value)
			: input.tagName === "SELECT" ? [input.value] : input.value;
	return out;
}

export function showModal(interaction, data) {
	const dialog = by("modal");
	const before = document.activeElement;
	const problem = el("p", {class: "problem", role: "alert"});
	const send = (event) => {
		event.preventDefault();
		obey("submit", {interaction, fields: JSON.stringify(answers(event.target)), user: world.me})
			.then(() => dialog.close(), (error) => problem.replaceChildren(error.message));
	};
	const fields = (data.components || []).map(field).filter(Boolean);
	dialog.replaceChildren(el("form", {"aria-labelledby": "modal-title", on: {submit: send}},
		el("h2", {id: "modal-title"}, data.title || "?"), ...fields,
		fields.some((f) => f.querySelector(".required")) && el("p", {class: "small", "aria-hidden": "true"}, must(), " must be filled in"), problem,
		el("p", {class: "buttons"}, el("button", {type: "submit", class: "button primary"}, "Submit"),
			el("button", {type: "button", class: "button secondary", on: {click: () => dialog.close()}}, "Cancel"))));
	dialog.onclose = () => giveBack(before);
	if (!dialog.open) dialog.showModal();
}

// A few questions of the page itself, in the same window.
export function ask(title, label, done) {
	const dialog = by("modal");
	const input = el("input", {id: "ask", required: true, maxlength: 32, autocomplete: "off"});
	const problem = el("p", {class: "problem", role: "alert"});
	const before = document.activeElement;
	dialog.onclose = () => giveBack(before);
	dialog.replaceChildren(el("form", {"aria-labelledby": "modal-title", on: {submit(event) {
		event.preventDefault();
		done(input.value.trim()).then(() => dialog.close(), (error) => problem.replaceChildren(error.message));
	}}}, el("h2", {id: "modal-title"}, title), el("p", {class: "field"}, el("label", {for: "ask"}, label), input), problem,
	el("p", {class: "buttons"}, el("button", {type: "submit", class: "button primary"}, "Done"),
		el("button", {type: "button", class: "button secondary", on: {click: () => dialog.close()}}, "Cancel"))));
	dialog.showModal();
}
