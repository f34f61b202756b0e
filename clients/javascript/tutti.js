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
 * in a file. Where tuttid is, and which key opens its doors, is said in the constructor or, for containers,
 * in TUTTI_HOST, TUTTI_PORT, TUTTI_KEY (a file of `tutti keys new`), TUTTI_SERVER_KEY, TUTTI_STATE. */
import { randomBytes } from "node:crypto";
import os from "node:os";
import { Cursor } from "./cursor.js";
import { Doors, zmq } from "./door.js";
import { pattern } from "./pattern.js";
import * as wire from "./wire.js";

const SILENCE_MS = 5000, REFUSED_MS = 30000, KEY_MOST_MS = 60000;

function log(what, fields = {}) {
	const words = Object.entries(fields).map(([k, v]) => `${k}=${/^[\w.:/-]+$/.test(v) ? v : JSON.stringify(String(v))}`);
	console.error([new Date().toISOString(), "tutti", what, ...words].join(" "));
}

export class CallFailed extends Error {
	constructor(status, body) {
		super(`${status}: ${body?.message ?? JSON.stringify(body)}`);
		this.status = status;
		this.body = body;
	}
}

export class Bot {
	constructor(name, { stateDir, part = [0, 1], window, from, ...where } = {}) {
		Object.assign(this, { name, part, window, from });
		this.doors = new Doors(where);
		const state = stateDir ?? process.env.TUTTI_STATE ??
			(process.env.XDG_STATE_HOME ?? os.homedir() + "/.local/state") + "/tutti";
		const which = part[1] === 1 ? "" : `-${part[0]}-of-${part[1]}`;
		this.cursor = new Cursor(`${state}/${name}${which}.pos`);
		this.handlers = new Map();
		this.pending = new Map();
		this.isStopping = this.isOpen = false;
		this.keyPauseMs = 1000;
	}

	/* fn(event) for each event of that name; what it returns is waited for. */
	on(event, fn) {
		this.handlers.set(event, [...(this.handlers.get(event) ?? []), fn]);
		return this;
	}

	/* fn({a, b}, event) for each message like ",add {a:int} {b:int}" that is not the bot's own. */
	message(text, fn) {
		const match = pattern(text);
		return this.on("MESSAGE_CREATE", async (event) => {
			const found = match(event.d.content);
			if (found && event.d.author.id !== this.userId)
				await fn(found, event);
		});
	}

	/* Until SIGTERM, SIGINT, stop(), or another process of this bot takes over. */
	async run() {
		for (const name of ["SIGTERM", "SIGINT"])
			process.once(name, () => this.stop());
		while (!this.isStopping) {
			const pause = await this.#serve();
			await this.#rest(pause);
		}
		this.calls?.close();
	}

	stop() {
		this.isStopping = true;
		this.wake?.();
		this.sock?.close();
	}

	async #rest(ms) {
		if (this.isStopping || !ms)
			return;
		await new Promise((resolve) => {
			const timer = setTimeout(resolve, ms);
			this.wake = () => { clearTimeout(timer); resolve(); };
		});
	}

	/* One connection to its end; how many milliseconds to wait before the next. */
	async #serve() {
		const { sock, endpoint } = this.doors.connect("events", zmq.Dealer);
		Object.assign(this, { sock, endpoint, isOpen: false, done: 0n, saidDone: 0n, heard: Date.now(), keyPause: 0 });
		this.sending = Promise.resolve();
		const failed = (why) => () => this.#keyRefused(why);
		sock.events.on("handshake:error:auth", failed("tuttid does not allow this bot's key"));
		sock.events.on("handshake:error:other",
			failed("no handshake: TUTTI_SERVER_KEY is not tuttid's, or one side has no key"));
		const tick = setInterval(() => this.#tick(), 1000);
		let pause = 0;
		try {
			this.#send("O", wire.ask({
				bot: this.name, topics: [...this.handlers.keys()].map((name) => name + "."),
				epoch: this.cursor.epoch, pos: this.cursor.pos, part: this.part, window: this.window,
				from: this.cursor.epoch ? "cursor" : this.from,
			}));
			for await (const [kind, ...args] of sock) {
				this.heard = Date.now();
				pause = await this.#take(kind.toString(), args);
				if (pause !== undefined)
					break;
				this.#ack();
			}
		} finally {
			clearInterval(tick);
			await this.#close(sock);
		}
		return this.keyPause || (pause ?? 0);
	}

	async #close(sock) {
		if (this.isOpen && !sock.closed) {
			this.#send(...wire.ack(this.done, this.cursor.pos));
			this.#send("C");
			await this.sending;
		}
		this.isOpen = false;
		sock.close();
	}

	/* One after the other: a socket of this library takes no second send while one is under way. */
	#send(...frames) {
		this.sending = this.sending.then(() => this.sock.send(frames)).catch(() => {});
	}

	#keyRefused(reason) {
		if (this.keyPause)
			return;
		this.keyPauseMs = Math.min(this.keyPauseMs * 2, KEY_MOST_MS);
		this.keyPause = this.keyPauseMs;
		log("key_refused", { endpoint: this.endpoint, reason, again_in_s: this.keyPauseMs / 1000 });
		this.sock.close();
	}

	#tick() {
		if (this.isOpen)
			this.#say();
		if (this.isBusy || Date.now() - this.heard < SILENCE_MS)
			return;
		if (this.isOpen)
			log("silence", { endpoint: this.endpoint });
		this.isOpen = false;
		this.sock.close();
	}

	/* How far we are, which is also the sign of life. */
	#say() {
		this.#send(...wire.ack(this.done, this.cursor.pos));
		this.saidDone = this.done;
	}

	#ack() {
		if (this.isOpen && this.done - this.saidDone >= BigInt(this.welcome.window >> 2))
			this.#say();
	}

	/* undefined: go on; else milliseconds until the next connection. Kinds of a later version are ignored. */
	async #take(kind, args) {
		if (kind === "W")
			this.#welcome(JSON.parse(args[0]));
		else if (kind === "X")
			return this.#refused(Number(args[0].toString()), args[1].toString());
		else if (kind === "C")
			return this.#leave("another process of this bot waits");
		else if (kind === "N")
			return this.#gone(100);
		else if (kind === "E" && this.isOpen)
			await this.#events(args[0]);
		else if (kind === "M" && this.isOpen)
			this.cursor.put(this.cursor.epoch, args[0].readBigUInt64LE());
		else if (kind === "G" && this.isOpen)
			this.#gap(args[0].toString());
		return undefined;
	}

	#welcome(welcome) {
		this.welcome = welcome;
		this.userId = welcome.user_id;
		this.keyPauseMs = 1000;
		if (this.cursor.epoch !== BigInt(welcome.epoch))
			this.cursor.put(BigInt(welcome.epoch), BigInt(welcome.pos));
		this.isOpen = true;
		log("welcome", { bot: this.name, epoch: welcome.epoch, pos: welcome.pos });
	}

	#gap(text) {
		log("gap", { what: text });
		this.cursor.put(this.cursor.epoch, BigInt(JSON.parse(text).to));
	}

	#gone(pause) {
		this.isOpen = false;
		return pause;
	}

	#leave(text) {
		log("taken_over", { by: text });
		this.isStopping = true;
		return 0;
	}

	#refused(code, text) {
		this.isOpen = false;
		if (code === 409)
			return this.#leave(text);
		log("refused", { code, reason: text });
		if (code === 400)
			throw new Error(`tuttid does not understand this bot: ${text}`);
		return REFUSED_MS;
	}

	async #events(frame) {
		this.isBusy = true; /* its silence is ours */
		for (const event of wire.records(frame)) {
			if (this.isStopping)
				break;
			if (event.pos > this.cursor.pos) {
				await this.#handle(event);
				this.cursor.put(event.epoch, event.pos);
			}
			this.done++;
			this.#ack();
		}
		this.isBusy = false;
		this.heard = Date.now();
	}

	async #handle(event) {
		event.nCalls = 0;
		event.reply = (text, more) => this.reply(event, text, more);
		event.call = (method, route, more) => this.call(method, route, { ...more, event });
		for (const fn of this.handlers.get(event.event) ?? []) {
			try {
				await fn(event);
			} catch (why) {
				log("handler_failed", { event: event.event, pos: event.pos, why: why.stack });
			}
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

	/* Discord's answer; else CallFailed is thrown. */
	async call(method, route, { params = {}, body, query = {}, reason, event, seconds = 30, files = [] } = {}) {
		const id = event ? wire.callId(this.name, event.epoch, event.pos, event.nCalls++) : randomBytes(16);
		const document = { method, route, params, query, body, reason };
		const { status, answer } = await this.#ask(id, document, files, Date.now() + seconds * 1000);
		if (status < 200 || status >= 300)
			throw new CallFailed(status, answer);
		return answer;
	}

	/* An answer may get lost with a tuttid that restarts: what may be repeated is, under its id. */
	async #ask(id, document, files, end) {
		const mayRepeat = document.method !== "POST" || document.route.endsWith("/messages");
		const key = id.toString("hex");
		let answered, wait = 1000;
		if (!this.calls)
			this.#openCalls();
		const answer = new Promise((resolve) => { answered = resolve; });
		const say = () => {
			const frames = wire.call(this.name, id, Math.max(1, end - Date.now()), document, files);
			this.callsSending = this.callsSending.then(() => this.calls.send(frames)).catch(() => {});
			again = setTimeout(say, mayRepeat ? wait : 2 ** 30);
			wait = Math.min(8000, wait * 2);
		};
		let again;
		const late = setTimeout(() => answered({
			status: 0, answer: { message: "no answer from tuttid before the deadline" },
		}), end - Date.now() + 2000);
		this.pending.set(key, answered);
		say();
		const got = await answer;
		clearTimeout(late);
		clearTimeout(again);
		this.pending.delete(key);
		return got;
	}

	#openCalls() {
		this.calls = this.doors.connect("call", zmq.Dealer).sock;
		this.callsSending = Promise.resolve();
		(async () => {
			for await (const [id, status, text] of this.calls)
				this.pending.get(id.toString("hex"))?.({ status: status.readUInt16LE(), answer: JSON.parse(text) });
		})();
	}
}

/* Events as they pass on the live door, best effort; topics are prefixes, none of them means all. */
export async function* live(topics = [""], where = {}) {
	const { sock } = new Doors(where).connect("live", zmq.Subscriber, topics);
	for await (const [, header, payload] of sock)
		yield new wire.Event(header, payload);
}

export { Cursor, wire };
