/* Questions with an id, and their answers, over one socket that is made when it is needed: any number at a time. */
import { zmq } from "./door.js";

export class Asker {
	constructor(doors, door) {
		Object.assign(this, { doors, door, pending: new Map(), sending: Promise.resolve() });
	}

	close() {
		this.sock?.close();
	}

	/* {status, answer}; frames(leftMs) makes the question, asked again meanwhile where that does no harm. */
	async ask(id, end, mayRepeat, frames) {
		const key = id.toString("hex");
		let answered, again, wait = 1000;
		const answer = new Promise((resolve) => { answered = resolve; });
		const say = () => {
			const question = frames(Math.max(1, end - Date.now()));
			this.sending = this.sending.then(() => this.sock.send(question)).catch(() => {});
			again = setTimeout(say, mayRepeat ? wait : 2 ** 30);
			wait = Math.min(8000, wait * 2);
		};
		const late = setTimeout(() => answered({
			status: 0, answer: { message: "no answer from tuttid before the deadline" },
		}), end - Date.now() + 2000);
		this.#open();
		this.pending.set(key, answered);
		say();
		const got = await answer;
		clearTimeout(late);
		clearTimeout(again);
		this.pending.delete(key);
		return got;
	}

	#open() {
		if (!this.sock) {
			this.sock = this.doors.connect(this.door, zmq.Dealer).sock;
			this.#read();
		}
	}

	async #read() {
		for await (const frames of this.sock) {
			const [id, status, text] = this.door === "events" ? frames.slice(1) : frames;
			this.pending.get(id.toString("hex"))?.({ status: status.readUInt16LE(), answer: JSON.parse(text) });
		}
	}
}
