// A poll: what is asked, its answers to vote for, who voted so, and when it ends.
import {apart} from "./bidi.js";
import {el, nameOf, obey, tint} from "./dom.js";
import {problem} from "./compose.js";
import {world} from "./world.js";

const date = new Intl.DateTimeFormat("en", {dateStyle: "medium", timeStyle: "short", hour12: false});
const votes = (n) => (n === 1 ? "1 vote" : `${n} votes`);

function vote(message, answer, isMine) {
	obey("vote", {answer, message: message.id, channel: message.channel_id, user: world.me, remove: isMine ? "true" : null})
		.catch((error) => problem(error.message));
}

const sign = (emoji) => emoji && (emoji.id ? `:${emoji.name}: ` : `${emoji.name} `);

function answer(a, message, who, total) {
	const isMine = who.includes(world.me), isOver = message.poll.results.is_finalized;
	const names = who.map((id) => apart(world.name(id))).join(", ");
	const made = el("button", {class: "answer", type: "button", "aria-pressed": String(isMine), disabled: isOver, title: names || null,
		on: {click: () => vote(message, a.answer_id, isMine)}},
		el("span", {}, sign(a.poll_media.emoji), nameOf(a.poll_media.text)), el("b", {}, votes(who.length)));
	return tint(made, "--share", `${total ? Math.round((who.length * 100) / total) : 0}%`);
}

export function poll(message, voters) {
	if (!message.poll) return null;
	const of = (a) => voters[a.answer_id] || [];
	const total = message.poll.answers.reduce((sum, a) => sum + of(a).length, 0);
	const rule = message.poll.allow_multiselect ? "several answers" : "one answer";
	const end = date.format(new Date(message.poll.expiry));
	return el("div", {class: "poll", role: "group", "aria-label": "Poll"}, el("p", {class: "title"}, nameOf(message.poll.question.text)),
		...message.poll.answers.map((a) => answer(a, message, of(a), total)),
		el("p", {class: "small"}, message.poll.results.is_finalized ? `${votes(total)} · over since ${end}` : `${votes(total)} · ${rule} · ends ${end}`));
}

// What the message of its result says; the numbers come as fields of an embed. go(words): a step to the poll.
export function result(message, go) {
	const said = Object.fromEntries((message.embeds[0]?.fields || []).map((f) => [f.name, f.value]));
	const won = said.victor_answer_text;
	return [go(nameOf(`“${said.poll_question_text || "?"}”`)), " is over: ", won ? el("b", {}, nameOf(won)) : "nobody won",
		won ? ` with ${said.victor_answer_votes} of ${votes(Number(said.total_votes))}.` : `, of ${votes(Number(said.total_votes))}.`];
}
