/* Questions with an id, and their answers, over one socket that is made when it is needed: any number at a time. */
import { zmq } from "./door.js";
import { log } from "./log.js";

const PAUSE_MOST_MS = 8000, NOT_NOW_MS = 50; /* from a refused handshake to the next, doubled from 1 s */

export class Asker {
	constructor(doors, door) {
		Object.assign(this, { doors, door, pending: new Map(), sending: Promise.resolve(), openAt: 0, pause: 0 });
	}

	/* Who still waits is told nothing any more. */
	close() {
		this.sock?.close();
		for (const { forget } of this.pending.values())
			forget();
		this.pending.clear();
	}

	/* {status, answer}; frames(leftMs) makes the question, asked again meanwhile where that does no harm. */
	async ask(id, end, mayRepeat, frames) {
		const key = id.toString("hex");
		let answered, again, wait = 1000;
		const answer = new Promise((resolve) => { answered = resolve; });
		const say = () => {
			if (!this.pending.has(key))
				return;
			const later = (ms) => { again = this.pending.has(key) ? setTimeout(say, ms) : again; };
			if (!this.#open())
				return later(this.openAt - Date.now());
			const question = frames(Math.max(1, end - Date.now()));
			this.sending = this.sending.then(() => this.sock.send(question)).then(() => {
				later(mayRepeat ? wait : 2 ** 30);
				wait = Math.min(8000, wait * 2);
			}, () => later(NOT_NOW_MS));
		};
		const late = setTimeout(() => answered({
			status: 0, answer: { message: "no answer from tuttid before the deadline" },
		}), end - Date.now() + 2000);
		const forget = () => {
			clearTimeout(late);
			clearTimeout(again);
		};
		this.pending.set(key, { answered, forget });
		say();
		const got = await answer;
		forget();
		this.pending.delete(key);
		return got;
	}

	/* False: a handshake was refused, and it is too early for another. */
	#open() {
		if (!this.sock && Date.now() >= this.openAt) {
			const { sock, endpoint } = this.doors.connect(this.door, zmq.Dealer, {
				onRefused: (why) => this.#refused(sock, endpoint, why),
			});
			this.sock = sock;
			this.#read(sock);
		}
		return Boolean(this.sock);
	}

	#refused(sock, endpoint, reason) {
		if (this.sock !== sock)
			return;
		this.pause = Math.min(this.pause * 2, PAUSE_MOST_MS) || 1000;
		this.openAt = Date.now() + this.pause;
		log("key_refused", { endpoint, reason, again_in_s: this.pause / 1000 });
		sock.close();
		this.sock = null;
	}

	async #read(sock) {
		for await (const frames of sock) {
			const [id, status, text] = this.door === "events" ? frames.slice(1) : frames;
			this.pause = 0;
			this.pending.get(id.toString("hex"))?.answered({ status: status.readUInt16LE(), answer: JSON.parse(text) });
		}
	}
}
