/* A bot in ten lines; Node 18 and the package zeromq are all it needs.
 *
 *     import { Bot } from "./clients/javascript/tutti.js";
 *     const bot = new Bot("echo");
 *     bot.message(",echo {text}", ({ text }, event) => event.reply("ok, you said: " + text));
 *     bot.message(",add {a:int} {b:int}", ({ a, b }, event) => event.reply(`${a + b}`));
 *     bot.on("GUILD_CREATE", (event) => console.log(event.d.name));
 *     await bot.run();
 *
 * Each event is handled at least once, in order, also over a kill of the bot or of tuttid: the cursor lies
 * in a file. SIGTERM ends a bot within 5 s: an event whose handler still runs then comes again, flagged, at the next
 * start. Where tuttid is, and which key opens its doors, is said in the constructor or, for containers,
 * in TUTTI_HOST, TUTTI_PORT, TUTTI_KEY (a file of `tutti keys new`), TUTTI_SERVER_KEY, TUTTI_STATE. A bot that
 * reads several tuttids names them by { connect: ["host:port", ...] } or TUTTI_CONNECT, and has a cursor for each. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import os from "node:os";
import { inspect } from "node:util";
import { Cursor } from "./cursor.js";
import { Doors, places, zmq } from "./door.js";
import { Gate } from "./gate.js";
import { log } from "./log.js";
import * as names from "./names.js";
import { pattern } from "./pattern.js";
import * as wire from "./wire.js";

const STOP_GRACE_MS = 5000; /* that a handler has when the bot is to stop */
const KEY_PAUSE_MS = 10000; /* of the live door */

/* What began inside a handler knows its event, at whatever time it goes on. */
const within = new AsyncLocalStorage();

function failed({ event, pos }, why) {
	log("handler_failed", { event, pos, why: inspect(why) });
}

/* exit() in a handler, or an exception that nobody catches in what it began: one crash of its event. */
function onExit() {
	const event = within.getStore()?.event;
	event?.gate.hand.ended(event);
}

/* A promise that a handler let go of is the handler's failure; another's ends the process, as ever. */
function onUnhandled(why) {
	const running = within.getStore();
	if (running)
		failed(running.event, why);
	else if (process.listenerCount("unhandledRejection") === 1)
		throw why;
}

/* "content: Must be 2000 or fewer in length.": the first flaw in the "errors" of an answer; undefined where none is. */
function flaw(errors) {
	for (let at = errors, path = [], depth = 0; at && typeof at === "object" && depth < 16; depth++) {
		const message = at._errors?.[0]?.message;
		if (typeof message === "string")
			return (path.length ? `${path.join(".").slice(0, 160)}: ` : "") + message.slice(0, 300);
		const [key] = Object.keys(at);
		path.push(key);
		at = at[key];
	}
	return undefined;
}

export class CallFailed extends Error {
	constructor(status, body) {
		const words = [status, body?.message ?? JSON.stringify(body), flaw(body?.errors)];
		super(words.filter((word) => word !== undefined).join(": "));
		this.status = status;
		this.body = body;
	}
}

export class Bot {
	constructor(name, { stateDir, part = [0, 1], window, from, ...where } = {}) {
		Object.assign(this, { name: names.botName(name), part: names.part(part), window, from });
		const state = stateDir ?? process.env.TUTTI_STATE ??
			(process.env.XDG_STATE_HOME ?? os.homedir() + "/.local/state") + "/tutti";
		const which = part[1] === 1 ? "" : `-${part[0]}-of-${part[1]}`;
		this.gates = places(where).map((doors) =>
			new Gate(this, doors, new Cursor(`${state}/${doors.name}${name}${which}.pos`)));
		this.handlers = new Map();
		this.isStopping = false;
	}

	/* fn(event) for each event of that name; what it returns is waited for, and so is each call that it began. */
	on(event, fn) {
		const before = this.handlers.get(names.eventName(event)) ?? [];
		this.handlers.set(event, [...before, names.handler(fn)]);
		return this;
	}

	/* fn({a, b}, event) for each message like ",add {a:int} {b:int}" that is not the bot's own. */
	message(text, fn) {
		const match = pattern(text);
		names.handler(fn);
		return this.on("MESSAGE_CREATE", async (event) => {
			const found = match(event.d.content);
			if (found && event.d.author.id !== event.gate.userId)
				await fn(found, event);
		});
	}

	/* Until SIGTERM, SIGINT, stop(), or another process of this bot takes over. A handler that runs then has
	 * STOP_GRACE_MS; its event comes again, flagged, if that is not enough. */
	async run() {
		for (const name of ["SIGTERM", "SIGINT"])
			process.once(name, () => this.stop());
		if (!process.listeners("unhandledRejection").includes(onUnhandled))
			process.on("unhandledRejection", onUnhandled).on("exit", onExit);
		await Promise.all(this.gates.map((gate) => gate.run()));
		clearTimeout(this.grace);
	}

	stop(butFor) {
		this.isStopping = true;
		this.grace ??= setTimeout(() => this.gates.forEach((gate) => gate.late?.()), STOP_GRACE_MS);
		for (const gate of this.gates)
			if (gate !== butFor)
				gate.stop();
	}

	async handle(gate, event) {
		event.gate = gate;
		event.nCalls = 0;
		event.reply = (text, more) => this.reply(event, text, more);
		event.call = (method, route, more) => this.call(method, route, { ...more, event });
		event.gatewayOp = (op, d, more) => this.gatewayOp(op, d, { ...more, event });
		for (const fn of this.handlers.get(event.event) ?? []) {
			const calls = new Set();
			try {
				await within.run({ event, calls }, fn, event);
			} catch (why) {
				failed(event, why);
			}
			while (calls.size) /* also those that it did not wait for */
				await Promise.allSettled(calls);
		}
	}

	/* Answers in the channel of a message; nobody is pinged unless allowed_mentions says so. */
	reply(event, text, more = {}) {
		return this.call("POST", "/channels/{channel_id}/messages", {
			event, params: { channel_id: event.channelId.toString() }, body: {
				content: text, allowed_mentions: { parse: [] },
				message_reference: { message_id: event.d.id, fail_if_not_exists: false }, ...more,
			},
		});
	}

	/* Discord's answer; else CallFailed is thrown. Goes where the event came from. Ids may be BigInt. */
	async call(method, route, { params = {}, body, query = {}, reason, event, seconds = 30, files = [], ...unknown } = {}, ...more) {
		const [wrong] = [...Object.keys(unknown), ...more.map((_, i) => `argument ${i + 4}`)];
		if (wrong)
			throw new TypeError(`call(method, route, { params, body, query, reason, event, seconds, files }) takes no ${wrong}`);
		const document = { method, route, params, query, body, reason };
		const { gate, id } = this.#place(event);
		return this.#answer(await this.#begun(gate.call(id, document, files, Date.now() + seconds * 1000)));
	}

	/* Op 3, 4, 8, 31 or 43, on the shard of the guild in d, else on that shard or every one. It was sent when this
	 * resolves; Discord answers by events, or not at all. */
	async gatewayOp(op, d, { shard, event, seconds = 30 } = {}) {
		const { gate, id } = this.#place(event);
		return this.#answer(await this.#begun(gate.op(id, { op, d, shard }, Date.now() + seconds * 1000)));
	}

	/* The handler that runs is not done before this is. */
	#begun(asked) {
		const calls = within.getStore()?.calls, gone = () => calls?.delete(asked);
		calls?.add(asked);
		asked.then(gone, gone);
		return asked;
	}

	/* Where a call goes, and its id: for an event the same when its handler runs again. */
	#place(event) {
		return event ? { gate: event.gate, id: wire.callId(this.name, event.epoch, event.pos, event.nCalls++) }
			: { gate: this.gates[0], id: randomBytes(16) };
	}

	#answer({ status, answer }) {
		if (status < 200 || status >= 300)
			throw new CallFailed(status, answer);
		return answer;
	}
}

/* Events as they pass on the live door, best effort; topics are prefixes, none of them means all. */
export async function* live(topics = [""], where = {}) {
	const doors = new Doors(where);
	for (;;) {
		const { sock, endpoint } = doors.connect("live", zmq.Subscriber, {
			topics, onRefused: (reason) => {
				log("key_refused", { endpoint, reason, again_in_s: KEY_PAUSE_MS / 1000 });
				sock.close();
			},
		});
		for await (const [, header, payload] of sock)
			yield new wire.Event(header, payload);
		await new Promise((resolve) => setTimeout(resolve, KEY_PAUSE_MS));
	}
}

export { Cursor, wire };
