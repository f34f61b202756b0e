/* What an author may get wrong, in JavaScript: a sentence, and nothing else happens. No tuttid is needed. */
import fs from "node:fs";
import { Bot, CallFailed } from "../../clients/javascript/tutti.js";
import { pattern } from "../../clients/javascript/pattern.js";

let isBad = false;

function check(name, good) {
	isBad ||= !good;
	console.log(`${good ? "ok" : "not ok"} javascript: ${name}`);
}

/* A handler may throw anything at all. */
for (const what of [undefined, null, 7, Object.create(null), new Error("x")]) {
	const bot = new Bot("thrower"), seen = [];
	bot.on("MESSAGE_CREATE", () => { throw what; }).on("MESSAGE_CREATE", () => seen.push(1));
	await bot.handle(null, { event: "MESSAGE_CREATE", pos: 1n }).catch(() => {});
	check(`a handler that throws ${what === null || typeof what !== "object" ? what : "an object"}: the next one runs`, seen.length === 1);
}

const long = { content: { _errors: [{ code: "BASE_TYPE_MAX_LENGTH", message: "Must be 2000 or fewer in length." }] } };
for (const [errors, words] of [
	[long, ": content: Must be 2000 or fewer in length."], [{ a: { 0: long } }, ": a.0.content: Must be 2000 or fewer in length."],
	[{ _errors: [{ message: "All." }] }, ": All."], [{ a: 7 }, ""], [7, ""], [null, ""], [{ a: { _errors: [] } }, ""],
	[{ _errors: [{}] }, ""], [{ ["x".repeat(500)]: { _errors: [{ message: "y".repeat(500) }] } }, `: ${"x".repeat(160)}: ${"y".repeat(300)}`],
]) {
	const got = new CallFailed(400, { message: "Wrong", errors }).message;
	check(`a failure says what is wrong: ${JSON.stringify(errors)?.slice(0, 50)}`, got === "400: Wrong" + words || console.log(got));
}
check("also one that is no object", new CallFailed(500, null).message === "500: null");

const whole = pattern(",n {a:int}");
check("an int that fits a Number is captured", whole(",n -9007199254740991")?.a === -9007199254740991);
check("one that does not is no match, never a wrong number", whole(",n 9007199254740993") === null);
check("nor is a number without end", pattern("{a:number}")("9".repeat(400)) === null);

function says(name, wanted, work) {
	try {
		work();
		check(`${name}: not refused`, false);
	} catch (why) {
		check(name, why instanceof TypeError && why.message.includes(wanted) || console.log(why.message));
	}
}

for (const text of [",cc {t", ",cc t}", ",cc {t u}", ",cc {}", ",cc {t} {"])
	says(`the pattern ${text}`, "a brace that is none", () => pattern(text));
says("a capture that is there twice", "{t} is there twice", () => pattern("{t} {t:int}"));
for (const name of ["../../evil", "a/b", "", "x".repeat(65), undefined, "a\n"])
	says(`the name ${JSON.stringify(name)}`, "a bot's name is", () => new Bot(name));
const state = process.env.TUTTI_STATE;
check("no file came of it", fs.readdirSync(state).join() === "thrower.pos");
const bot = new Bot("b"), said = [];
says("an event of no such form", "no event's name", () => bot.on("message_create", () => 0));
console.error = (text) => said.push(text);
bot.on("MESAGE_CREATE", () => 0);
check("an event that nobody knows is said", said[0]?.includes("unknown_event name=MESAGE_CREATE"));
says("a handler that is none", "a handler is a function", () => bot.on("READY", 7));
says("nor in message()", "a handler is a function", () => bot.message("x"));
says("an option that is none", "no option portt", () => new Bot("b", { portt: 3 }));
says("a port that is no number", "from 1 to 65533, not abc", () => new Bot("b", { port: "abc" }));
says("a part that is none", "part is [i, n]", () => new Bot("b", { part: ["../../x", 2] }));
check("connect may be one text", new Bot("b", { connect: "h:1, h:2" }).gates.length === 2);

process.exit(isBad ? 1 : 0);
