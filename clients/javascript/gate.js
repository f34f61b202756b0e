/* One tuttid, as a bot has it: a cursor in its journal, a connection to its events door, the calls. */
import { randomInt } from "node:crypto";
import { Asker } from "./asker.js";
import { zmq } from "./door.js";
import { log } from "./log.js";
import * as wire from "./wire.js";

const WAITING_MS = 500, WAITING_AGAIN_MS = 60000; /* without a first answer, until that is said, and said again */
const SILENCE_MS = 5000, REFUSED_MS = 30000, KEY_MOST_MS = 60000;

export class Gate {
	constructor(bot, doors, cursor) {
		Object.assign(this, { bot, doors, cursor, isOpen: false, keyPauseMs: 1000, process: randomInt(2 ** 48 - 1) + 1, attempt: 0 });
		this.calls = new Asker(doors, "call");
		this.ops = new Asker(doors, "events");
	}

	/* Until the bot stops: one connection after another. */
	async run() {
		this.#tellWaiting(WAITING_MS);
		while (!this.bot.isStopping) {
			const pause = await this.#serve();
			await this.#rest(pause);
		}
		clearTimeout(this.telling);
		this.calls.close();
		this.ops.close();
	}

	#tellWaiting(ms) {
		this.telling = setTimeout(() => {
			if (!this.isOpen)
				log("waiting", { for: "tuttid", endpoint: this.doors.endpoint("events") });
			this.#tellWaiting(WAITING_AGAIN_MS);
		}, ms);
	}

	stop() {
		this.wake?.();
		this.sock?.close();
	}

	async #rest(ms) {
		if (this.bot.isStopping || !ms)
			return;
		await new Promise((resolve) => {
			const timer = setTimeout(resolve, ms);
			this.wake = () => { clearTimeout(timer); resolve(); };
		});
	}

	/* One connection to its end; how many milliseconds to wait before the next. */
	async #serve() {
		const { sock, endpoint } = this.doors.connect("events", zmq.Dealer, { onRefused: (why) => this.#keyRefused(why) });
		Object.assign(this, { sock, endpoint, isOpen: false, done: 0n, saidDone: 0n, heard: Date.now(), keyPause: 0 });
		this.sending = Promise.resolve();
		const tick = setInterval(() => this.#tick(), 1000);
		let pause = 0;
		try {
			this.#send("O", wire.ask({
				bot: this.bot.name, topics: [...this.bot.handlers.keys()].map((name) => name + "."),
				epoch: this.cursor.epoch, pos: this.cursor.pos, part: this.bot.part, window: this.bot.window,
				/* a file that is gone or damaged is no bot that is new */
				from: this.cursor.epoch ? "cursor" : "commit",
				orElse: this.bot.from === "tail" && !this.cursor.epoch ? "tail" : undefined,
				process: this.process, attempt: ++this.attempt,
			}));
			for await (const [kind, ...args] of sock) {
				this.heard = Date.now();
				pause = await this.#take(kind.toString(), args).catch((why) => this.#unreadable(why));
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

	#unreadable(why) {
		if (!(why instanceof wire.Unreadable))
			throw why;
		log("protocol", { endpoint: this.endpoint, reason: why.message });
		this.isBusy = false;
		return this.#gone(REFUSED_MS);
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
		const epoch = BigInt(welcome.epoch), commit = welcome.commit ?? 0;
		if (!this.cursor.epoch && commit)
			log("cursor_absent", { pos: welcome.pos, going_on: "behind what tuttid last saw this bot finish" });
		if (this.cursor.epoch !== epoch)
			this.cursor.put(epoch, BigInt(welcome.pos));
		if (commit <= welcome.head)
			this.cursor.put(epoch, BigInt(commit)); /* a process of ours has been there */
		this.isOpen = true;
		log("welcome", { bot: this.bot.name, epoch: welcome.epoch, pos: welcome.pos, endpoint: this.endpoint });
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
		this.bot.stop(this); /* our own last word is still to come */
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
			if (this.bot.isStopping)
				break;
			if (event.pos > this.cursor.pos) {
				if (!await this.#handle(event)) {
					log("stop_late", { pos: event.pos, what: "a handler did not end: its event comes again" });
					break;
				}
				this.cursor.put(event.epoch, event.pos);
			}
			this.done++;
			this.#ack();
		}
		this.isBusy = false;
		this.heard = Date.now();
	}

	/* False: the bot was to stop, and this took longer than it may. */
	#handle(event) {
		return new Promise((resolve, reject) => {
			this.late = () => resolve(false);
			this.bot.handle(this, event).then(() => resolve(true), reject);
		});
	}

	/* An answer may get lost with a tuttid that restarts: what may be repeated is, under its id. */
	call(id, document, files, end) {
		const mayRepeat = document.method !== "POST" || document.route.endsWith("/messages");
		return this.calls.ask(id, end, mayRepeat, (leftMs) => wire.call(this.bot.name, id, leftMs, document, files));
	}

	/* Where the limit of sends is used up, the wait that tuttid names is waited, if the deadline allows. */
	async op(id, document, end) {
		for (;;) {
			const got = await this.ops.ask(id, end, true, (leftMs) => wire.op(this.bot.name, id, leftMs, document));
			const pause = got.answer?.wait_ms ?? 0;
			if (got.status !== 1 || !pause || Date.now() + pause > end)
				return got;
			await new Promise((resolve) => setTimeout(resolve, pause));
		}
	}
}
