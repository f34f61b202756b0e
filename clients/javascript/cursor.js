/* How far a bot has come, in a file: one line, overwritten in place by one write of one block, so that a kill
 * at any moment leaves the old line or the new one; at its end a sum of the numbers. Node has no file locks: of
 * two processes of one bot tuttid ends the first (X 409) before it serves the second. */
import fs from "node:fs";
import path from "node:path";
import { log } from "./log.js";
import { crc } from "./wire.js";

const SIZE = 64;
const LINE = /^(\d{1,20} \d{1,20}) \.(?: ([0-9a-f]{8}))? *\n$/; /* before there were sums: without */

const sum = (numbers) => crc(Buffer.from(numbers), 0xedb88320).toString(16).padStart(8, "0");

export class Cursor {
	constructor(file) {
		fs.mkdirSync(path.dirname(file), { recursive: true });
		this.fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
		[this.epoch, this.pos] = this.#read() ?? this.#putAside(file);
	}

	/* undefined: it is damaged. */
	#read() {
		const bytes = Buffer.alloc(SIZE), n = fs.readSync(this.fd, bytes, 0, SIZE, 0);
		const words = bytes.toString("latin1", 0, n).match(LINE);
		if (words && (!words[2] || words[2] === sum(words[1])))
			return words[1].split(" ").map(BigInt);
		return n ? undefined : [0n, 0n];
	}

	#putAside(file) {
		fs.copyFileSync(file, file + ".bad");
		fs.ftruncateSync(this.fd);
		log("cursor_bad", { reason: `${file} was put aside as ${path.basename(file)}.bad: it is damaged` });
		return [0n, 0n];
	}

	put(epoch, pos) {
		if (epoch === this.epoch && pos <= this.pos)
			return;
		this.epoch = epoch;
		this.pos = pos;
		const numbers = `${epoch} ${pos}`;
		fs.writeSync(this.fd, `${numbers} . ${sum(numbers)}`.padEnd(SIZE - 1) + "\n", 0);
	}
}
