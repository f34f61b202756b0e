/* How far a bot has come, in a file: one line, overwritten in place by one write of one block, so that a kill
 * at any moment leaves the old line or the new one; at its end a sum of the numbers.
 *
 * Its lock is flock(2), as in C and Python, which Node does not have: the program flock (util-linux, BusyBox) takes it
 * on the descriptor that it inherits, and it stays ours when that program has ended. */
import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { log } from "./log.js";
import { crc } from "./wire.js";

const SIZE = 64, BUSY = 1; /* flock's exit */
const LINE = /^(\d{1,20} \d{1,20}) \.(?: ([0-9a-f]{8}))? *\n$/; /* before there were sums: without */

const sum = (numbers) => crc(Buffer.from(numbers), 0xedb88320).toString(16).padStart(8, "0");

/* epoch 0: there is none yet. Until lock() it is in memory only. */
export class Cursor {
	constructor(file) {
		fs.mkdirSync(path.dirname(file), { recursive: true });
		Object.assign(this, { file, epoch: 0n, pos: 0n, isOurs: false });
		this.fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
	}

	#stdio() {
		return { stdio: ["ignore", "ignore", "ignore", this.fd] };
	}

	/* False: another process of this bot has it still. */
	lock() {
		const { status, error } = spawnSync("flock", ["-n", "3"], this.#stdio());
		if (error)
			log("cursor_unlocked", { path: this.file, reason: error.message, what: "two processes of this bot may run at once" });
		if (status === BUSY)
			return false;
		this.#take();
		return true;
	}

	/* fn() as soon as it is ours. Returns what ends the waiting. */
	lockLater(fn) {
		const waiting = spawn("flock", ["3"], this.#stdio());
		waiting.unref();
		waiting.on("error", () => {});
		waiting.on("exit", (status) => {
			if (status !== 0)
				return;
			this.#take();
			fn();
		});
		return () => waiting.kill();
	}

	/* What was done in memory before is written down. */
	#take() {
		this.isOurs = true;
		const [epoch, pos] = this.read() ?? this.#putAside();
		if (this.epoch && (this.epoch !== epoch || this.pos > pos))
			this.#write();
		else
			[this.epoch, this.pos] = [epoch, pos];
	}

	/* [epoch, pos] as the file has them, be it another process's; undefined: it is damaged. */
	read() {
		const bytes = Buffer.alloc(SIZE), n = fs.readSync(this.fd, bytes, 0, SIZE, 0);
		const words = bytes.toString("latin1", 0, n).match(LINE);
		if (words && (!words[2] || words[2] === sum(words[1])))
			return words[1].split(" ").map(BigInt);
		return n ? undefined : [0n, 0n];
	}

	#putAside() {
		fs.copyFileSync(this.file, this.file + ".bad");
		fs.ftruncateSync(this.fd);
		log("cursor_bad", { reason: `${this.file} was put aside as ${path.basename(this.file)}.bad: it is damaged` });
		return [0n, 0n];
	}

	put(epoch, pos) {
		if (epoch === this.epoch && pos <= this.pos)
			return;
		this.epoch = epoch;
		this.pos = pos;
		if (this.isOurs)
			this.#write();
	}

	#write() {
		const numbers = `${this.epoch} ${this.pos}`;
		fs.writeSync(this.fd, `${numbers} . ${sum(numbers)}`.padEnd(SIZE - 1) + "\n", 0);
	}
}
