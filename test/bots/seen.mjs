/* seen.py in JavaScript: seen.mjs FILE [SECONDS that "slow" takes] */
import fs from "node:fs";
import { Bot } from "../../clients/javascript/tutti.js";

const [name, slow] = process.argv.slice(2);
const file = fs.openSync(name, "a");
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const crashes = {
	exit: () => process.exit(3),
	throw: () => { setTimeout(() => { throw new Error("nobody catches it"); }); return sleep(600); },
	memory: () => { for (const all = []; ;) all.push(new Array(100000).fill(0.5)); },
};
const bot = new Bot("seen");
bot.on("MESSAGE_CREATE", async (event) => {
	const what = event.d.content;
	fs.writeSync(file, `${process.pid} ${event.flags} ${what}\n`);
	if (what === "slow")
		await sleep(Number(slow ?? 0));
	else if (what === "hang")
		await sleep(600);
	else if (what.startsWith("crash "))
		await crashes[what.slice(6)]();
	fs.writeSync(file, `${process.pid} end\n`);
});
await bot.run();
