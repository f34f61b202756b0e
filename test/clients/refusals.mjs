/* What an author may get wrong, in JavaScript: a sentence, and nothing else happens. No tuttid is needed. */
import { Bot } from "../../clients/javascript/tutti.js";
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

const whole = pattern(",n {a:int}");
check("an int that fits a Number is captured", whole(",n -9007199254740991")?.a === -9007199254740991);
check("one that does not is no match, never a wrong number", whole(",n 9007199254740993") === null);
check("nor is a number without end", pattern("{a:number}")("9".repeat(400)) === null);

process.exit(isBad ? 1 : 0);
