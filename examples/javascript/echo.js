/* echo: says what it hears, adds, shows itself as idle.     node examples/javascript/echo.js, after npm ci in clients/javascript */
import { Bot } from "../../clients/javascript/tutti.js";

const bot = new Bot("echo_js");
bot.message(",echo {text}", ({ text }, event) => event.reply("javascript: you said: " + text));
bot.message(",add {a:int} {b:int}", ({ a, b }, event) => event.reply(`javascript: ${a + b}`));
bot.message(",idle", (_, event) => event.gatewayOp(3, { since: null, activities: [], status: "idle", afk: false }));
await bot.run();
