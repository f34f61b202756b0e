/* One tuttid, as a bot has it: a cursor in its journal, a connection to its events door, the calls. */
import { randomInt } from "node:crypto";
import path from "node:path";
import { Asker } from "./asker.js";
import { Hand, deadLetter } from "./crash.js";
import { zmq } from "./door.js";
import { log } from "./log.js";
import * as wire from "./wire.js";

const WAITING_MS = 500, WAITING_AGAIN_MS = 60000; /* without an answer, until that is said, and said again */
const UNWRITTEN_MS = 60000, WRITE_AGAIN_MS = 1000; /* between two lines, and two tries, of a dead letter */
const TAKE_OVER_MS = 12000; /* how long the process before us may take to leave, before we go on without the cursor's file */
const LOOK_MS = 50; /* between two looks for who takes over */
const TICK_MS = 1000, SILENCE_MS = 5000, REFUSED_MS = 30000, KEY_MOST_MS = 60000;

export class Gate {
	constructor(bot, doors, cursor) {
		Object.assign(this, { bot, doors, cursor, isOpen: false, keyPauseMs: 1000, process: randomInt(2 ** 48 - 1) + 1, attempt: 0 });
		this.calls = new Asker(doors, "call");
		this.ops = new Asker(doors, "events");
		const [i, n] = bot.part, which = n === 1 ? "" : `.${i}-of-${n}`;
		this.hand = new Hand(cursor.file.replace(/\.pos$/, ""));
		this.deadFile = `${path.dirname(cursor.file)}/${bot.name}${which}.dead.jsonl`;
	}

	#haveFile() {
		try {
			this.hand.open();
		} catch (why) {
			log("crashes_uncounted", { reason: why.message });
		}
	}

	#locked() {
		log("cursor_taken", { waited_s: ((Date.now() - (this.waitsSince ?? Date.now())) / 1000).toFixed(1) });
		this.#haveFile();
		this.onLocked?.();
	}

	/* Until the bot stops: one connection after another. */
	async run() {
		if (this.cursor.lock())
			this.#haveFile();
		else
			this.endLocking = this.cursor.lockLater(() => this.#locked());
		this.#tellWaiting(WAITING_MS);
		while (!this.bot.isStopping) {
			const pause = await this.#serve();
			await this.#rest(pause);
		}
		clearTimeout(this.telling);
		this.endLocking?.();
		this.calls.close();
		this.ops.close();
	}

	/* Anew from now on: who refused us is there, and that was logged. */
	#tellWaiting(ms) {
		clearTimeout(this.telling);
		this.telling = setTimeout(() => {
			if (!this.isOpen && !this.isWaiting)
				log("waiting", { for: "tuttid", endpoint: this.doors.endpoint("events") });
			this.#tellWaiting(WAITING_AGAIN_MS);
		}, ms);
	}

	stop() {
		this.onLocked?.();
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
		Object.assign(this, { sock, endpoint, isOpen: false, isLeaving: false, dead: 0, done: 0n, saidDone: 0n, heard: Date.now(), tickedAt: Date.now(), keyPause: 0, lookedAt: 0 });
		this.sending = Promise.resolve();
		const tick = setInterval(() => this.#tick(), TICK_MS);
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
			for await (const frames of sock) {
				pause = await this.#takeAll(frames);
				if (pause !== undefined)
					break;
			}
		} finally {
			clearInterval(tick);
			await this.#close(sock);
		}
		return this.keyPause || (pause ?? 0);
	}

	async #takeAll(frames) {
		this.queue = [frames];
		while (this.queue.length) {
			const [kind, ...args] = this.queue.shift();
			this.heard = Date.now();
			const pause = await this.#take(kind.toString(), args).catch((why) => this.#unreadable(why));
			if (pause !== undefined)
				return pause;
			this.#ack();
		}
		return undefined;
	}

	/* Between two events: a process that takes over is heard while a batch is handled. */
	async #isToLeave() {
		const now = Date.now(), { sock } = this;
		if (now - this.lookedAt >= LOOK_MS && !sock.closed) {
			this.lookedAt = now;
			sock.receiveTimeout = 0;
			for (let frames = []; frames; frames = await sock.receive().catch(() => null))
				if (frames.length)
					this.queue.push(frames);
			if (!sock.closed)
				sock.receiveTimeout = -1;
		}
		return this.bot.isStopping || this.queue.some(([kind]) => ["C", "X"].includes(kind.toString()));
	}

	#unreadable(why) {
		if (!(why instanceof wire.Unreadable))
			throw why;
		log("protocol", { endpoint: this.endpoint, reason: why.message });
		this.isBusy = false;
		this.#tellWaiting(REFUSED_MS + WAITING_MS);
		return this.#gone(REFUSED_MS);
	}

	async #close(sock) {
		if (this.isOpen && !sock.closed) {
			this.#say();
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
		this.#tellWaiting(this.keyPauseMs + WAITING_MS);
		this.sock.close();
	}

	#tick() {
		if (this.isOpen)
			this.#say();
		else if (this.isWaiting)
			this.#send(...wire.ack(0n, 0n));
		/* while we stood still nobody listened: what was said lies in the socket */
		const now = Date.now(), late = now - this.tickedAt - TICK_MS;
		this.tickedAt = now;
		if (this.isBusy || now - this.heard < SILENCE_MS + (late > TICK_MS ? late : 0))
			return;
		if (this.isOpen)
			log("silence", { endpoint: this.endpoint });
		this.isOpen = false;
		this.sock.close();
	}

	/* How far we are, which is also the sign of life. */
	#say() {
		this.#send(...wire.ack(this.done, this.cursor.pos, this.dead));
		this.saidDone = this.done;
	}

	#ack() {
		if (this.isOpen && this.done - this.saidDone >= BigInt(this.welcome.window >> 2))
			this.#say();
	}

	/* undefined: go on; else milliseconds until the next connection. Kinds of a later version are ignored. */
	async #take(kind, args) {
		if (kind === "W")
			return this.#welcome(JSON.parse(args[0]));
		else if (kind === "X")
			return this.#refused(Number(args[0].toString()), args[1].toString());
		else if (kind === "C")
			return this.#leave("another process of this bot waits");
		else if (kind === "N")
			return this.#gone(100);
		else if (!this.isOpen || this.isLeaving)
			return undefined; /* a mark behind events that were not handled means those, too */
		else if (kind === "E")
			await this.#events(args[0]);
		else if (kind === "M")
			this.cursor.put(this.cursor.epoch, args[0].readBigUInt64LE());
		else if (kind === "G")
			this.#gap(args[0].toString());
		return undefined;
	}

	/* Its old owner finishes and goes; until then nothing is taken. One that stands still is not waited for: we go on from
	 * what its file says, and write to the file when we have it. What that process has in hand runs again. */
	async #waitForFile() {
		this.waitsSince ??= Date.now();
		this.isBusy = this.isWaiting = true;
		await new Promise((resolve) => {
			const timer = setTimeout(resolve, this.waitsSince + TAKE_OVER_MS - Date.now());
			this.onLocked = () => { clearTimeout(timer); resolve(); };
		});
		this.onLocked = undefined;
		this.isBusy = this.isWaiting = false;
		this.heard = Date.now();
		if (this.cursor.isOurs || this.bot.isStopping)
			return;
		log("cursor_busy", { path: this.cursor.file, note: "its process does not leave: what it has in hand runs again" });
		this.cursor.put(...this.cursor.read() ?? [0n, 0n]);
	}

	async #welcome(welcome) {
		if (!this.cursor.isOurs && !this.cursor.epoch)
			await this.#waitForFile();
		if (this.bot.isStopping)
			return 0;
		this.welcome = welcome;
		this.userId = welcome.user_id;
		this.keyPauseMs = 1000;
		const epoch = BigInt(welcome.epoch), commit = welcome.commit ?? 0;
		if (this.cursor.epoch === epoch && this.cursor.pos < BigInt(welcome.pos))
			return 0; /* asked before the file could be read: open again, from it */
		if (!this.cursor.epoch && commit && this.cursor.isOurs)
			log("cursor_absent", { pos: welcome.pos, going_on: "behind what tuttid last saw this bot finish" });
		if (this.cursor.epoch !== epoch)
			this.cursor.put(epoch, BigInt(welcome.pos));
		if (commit <= welcome.head)
			this.cursor.put(epoch, BigInt(commit)); /* a process of ours has been there */
		this.isOpen = true;
		log("welcome", { bot: this.bot.name, epoch: welcome.epoch, pos: welcome.pos, endpoint: this.endpoint });
		return undefined;
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
		this.#tellWaiting(REFUSED_MS + WAITING_MS);
		return REFUSED_MS;
	}

	async #events(frame) {
		this.isBusy = true; /* its silence is ours */
		for (const event of wire.records(frame)) {
			if (await this.#isToLeave()) {
				this.isLeaving = true; /* what is left is delivered again, to whom comes next */
				break;
			}
			if (event.pos > this.cursor.pos) {
				if (this.hand.take(event) ? !await this.#handle(event) : !await this.#setAside(event)) {
					log("stop_late", { pos: event.pos, what: "a handler did not end: its event comes again" });
					this.isLeaving = true;
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
	async #handle(event) {
		const isDone = await new Promise((resolve, reject) => {
			this.late = () => resolve(false);
			this.bot.handle(this, event).then(() => resolve(true), reject);
		});
		if (isDone)
			this.hand.finished();
		return isDone;
	}

	/* False: it cannot be written, and the bot is to end: the event stays. */
	async #setAside(event) {
		const what = { topic: event.topic, epoch: event.epoch, pos: event.pos, crashes: this.hand.crashes };
		for (let toldAt = 0; !this.bot.isStopping; await this.#rest(WRITE_AGAIN_MS)) {
			try {
				deadLetter(this.deadFile, this.bot.name, this.bot.part, event, this.hand);
				log("dead_letter", { ...what, signal: this.hand.signal, path: this.deadFile });
				this.dead++;
				return true;
			} catch (why) {
				if (Date.now() - toldAt >= UNWRITTEN_MS) {
					toldAt = Date.now();
					log("dead_letter_unwritten", { ...what, reason: why.message });
				}
			}
		}
		return false;
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
