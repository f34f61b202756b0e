/* Which event brings the bot down: an event whose handler does so three times is set aside (docs/adr/0005).
 *
 * What counts is what the handler does itself: process.exit(), an exception that nobody catches in what it began, and
 * the end of V8's memory, which Node reports in BOT.fault. Beside the cursor lies BOT.crash: a line as the
 * cursor's, (epoch, pos, crashes, signal) of the event in hand. What cannot be seen from within is process.abort()
 * and a fault in an addon: such an event comes again at each start. */
import fs from "node:fs";
import { log } from "./log.js";
import { crc } from "./wire.js";

const CRASHES = 3, SIGABRT = 6;
const FILE_MOST = 8 << 20, EVENT_MOST = 1 << 20; /* bytes of a file of dead letters, and of an event in it */
const SIZE = 64;
const LINE = /^((\d{1,20}) (\d{1,20}) (\d{1,3}) (\d{1,3})) \. ([0-9a-f]{8}) *\n/;

/* Who wants these reports elsewhere gets them there, and nothing of the kind is counted. */
const isTheirs = process.report.reportOnFatalError;

const sum = (numbers) => crc(Buffer.from(numbers), 0xedb88320).toString(16).padStart(8, "0");

/* The event in hand of one cursor, from the moment on that the cursor's file is ours. */
export class Hand {
	constructor(base) {
		Object.assign(this, { base, epoch: 0n, pos: 0n, crashes: 0, signal: 0, isRunning: false });
	}

	/* Reads what the process before left. */
	open() {
		const flags = fs.constants.O_RDWR | fs.constants.O_CREAT;
		this.fd = fs.openSync(this.base + ".crash", flags, 0o600);
		const words = fs.readFileSync(this.base + ".crash", "latin1").match(LINE);
		if (words && words[6] === sum(words[1])) {
			[this.epoch, this.pos] = words.slice(2, 4).map(BigInt);
			[this.crashes, this.signal] = words.slice(4, 6).map(Number);
		}
		const fault = fs.openSync(this.base + ".fault", flags, 0o600); /* made before, so that nobody else may read it */
		const hasFault = /"trigger":"(OOM|Fatal)Error"/.test(fs.readFileSync(fault, "latin1"));
		fs.ftruncateSync(fault);
		fs.closeSync(fault);
		if (hasFault && this.epoch) {
			this.#crashed(SIGABRT);
			log("handler_crashed", { pos: this.pos, crashes: this.crashes, what: "the end of V8's memory" });
		}
	}

	/* False: it is to be set aside. The handler begins where it is true. */
	take(event) {
		if (event.epoch !== this.epoch || event.pos !== this.pos) {
			Object.assign(this, { epoch: event.epoch, pos: event.pos, crashes: 0, signal: 0 });
			this.#write();
		} else if (this.crashes >= CRASHES) {
			return false;
		}
		this.#reportTo();
		this.isRunning = true;
		return true;
	}

	/* One report for the process: it tells on the event that was begun last, of whichever cursor. */
	#reportTo() {
		if (isTheirs || this.fd === undefined || process.report.filename === this.base + ".fault")
			return;
		process.report.directory = "/";
		process.report.filename = this.base + ".fault";
		process.report.compact = process.report.reportOnFatalError = true;
	}

	finished() {
		this.isRunning = false;
	}

	/* By what the handler of this event does just now. */
	ended(event) {
		if (this.isRunning && event.epoch === this.epoch && event.pos === this.pos)
			this.#crashed(0);
	}

	#crashed(signal) {
		Object.assign(this, { crashes: this.crashes + 1, signal });
		this.#write();
	}

	#write() {
		const numbers = `${this.epoch} ${this.pos} ${this.crashes} ${this.signal}`;
		if (this.fd !== undefined)
			fs.writeSync(this.fd, `${numbers} . ${sum(numbers)}`.padEnd(SIZE - 1) + "\n", 0);
	}
}

/* What Discord sent, on one line; as text where it cannot be read. */
function payloadOf(event) {
	if (event.payload.length > EVENT_MOST)
		return "null";
	const text = event.payload.toString().replaceAll("\n", " ");
	try {
		JSON.parse(text);
		return text;
	} catch {
		return JSON.stringify(text);
	}
}

function letterOf(bot, part, event, hand) {
	const [, guild, channel] = event.topic.split(".");
	const head = JSON.stringify({
		set_aside: Date.now() * 1000, bot, part, crashes: hand.crashes, signal: hand.signal, event: event.event,
		epoch: Number(event.epoch), pos: Number(event.pos), shard: event.shard, session: event.session, s: event.s,
		guild_id: guild, channel_id: channel, received: Number(event.received), bytes: event.payload.length,
	});
	return Buffer.from(`${head.slice(0, -1)},"d":${payloadOf(event)}}\n`);
}

/* One line, as libtutti writes it; throws where it cannot be written, and then nothing of it is there. */
export function deadLetter(file, bot, part, event, hand) {
	const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = fs.constants;
	const open = () => fs.openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
	const line = letterOf(bot, part, event, hand);
	let fd = open();
	try {
		let { size } = fs.fstatSync(fd);
		if (size && size + line.length > FILE_MOST) {
			fs.renameSync(file, file + ".1");
			fs.closeSync(fd);
			fd = open();
			size = 0;
		}
		if (fs.writeSync(fd, line) < line.length) {
			fs.ftruncateSync(fd, size);
			throw new Error("no room for the whole line");
		}
	} finally {
		fs.closeSync(fd);
	}
}
