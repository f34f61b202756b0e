/* How far a bot has come, in a file: one line, overwritten in place by one write of one block, so that a kill
 * at any moment leaves the old line or the new one. Node has no file locks: of two processes of one bot
 * tuttid ends the first (X 409) before it serves the second. */
import fs from "node:fs";
import path from "node:path";

const SIZE = 64;

export class Cursor {
	constructor(file) {
		fs.mkdirSync(path.dirname(file), { recursive: true });
		this.fd = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
		this.epoch = this.pos = 0n;
		const bytes = Buffer.alloc(SIZE);
		fs.readSync(this.fd, bytes, 0, SIZE, 0);
		const words = bytes.toString("latin1").match(/^(\d+) (\d+) \. /);
		if (words)
			[this.epoch, this.pos] = [BigInt(words[1]), BigInt(words[2])];
	}

	put(epoch, pos) {
		if (epoch === this.epoch && pos <= this.pos)
			return;
		this.epoch = epoch;
		this.pos = pos;
		fs.writeSync(this.fd, `${epoch} ${pos} .`.padEnd(SIZE - 1) + "\n", 0);
	}
}
