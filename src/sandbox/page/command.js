// The line below the events: the sandbox's language, meant where one is and as whom one is.
import {by, obeyLine} from "./dom.js";

const line = by("command-line"), answer = by("command-answer");
const past = [];
let at = 0;

function say(text, isBad) {
	answer.textContent = text;
	answer.classList.toggle("problem", isBad);
	answer.scrollTop = 0;
}

// What the sandbox says of itself is JSON on one line.
function readable(text) {
	return text.startsWith("{") ? JSON.stringify(JSON.parse(text), null, 1) : text;
}

async function send(enter) {
	const text = line.value.trim();
	if (!text) return;
	if (!text.startsWith("/")) {
		say("A command begins with /, and /help lists them all. What is to be said in the channel goes into the box below the conversation.", true);
		return;
	}
	past.push(text);
	at = past.length;
	try {
		const done = await obeyLine(text);
		line.value = "";
		say(readable(done.text) || "done", false);
		if (done.channel) enter(done.channel, undefined, line);
	} catch (error) {
		say(error.message, true);
	}
}

export function startCommand(enter) {
	by("command").addEventListener("submit", (event) => {
		event.preventDefault();
		send(enter);
	});
	line.addEventListener("keydown", (event) => {
		if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
		event.preventDefault();
		at = Math.max(0, Math.min(past.length, at + (event.key === "ArrowUp" ? -1 : 1)));
		line.value = past[at] || "";
	});
}
