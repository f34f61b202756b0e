/* seen.py in JavaScript: seen.mjs FILE */
import fs from "node:fs";
import { Bot } from "../../clients/javascript/tutti.js";

const file = fs.openSync(process.argv[2], "a");
const bot = new Bot("seen");
bot.on("MESSAGE_CREATE", (event) => fs.writeSync(file, `${process.pid} ${event.flags} ${event.d.content}\n`));
await bot.run();
