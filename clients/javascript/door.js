/* Where tuttid's doors are, and sockets to them. */
import fs from "node:fs";
import { keyFile } from "./wire.js";

const zmq = await import("zeromq").catch((why) => {
	if (why.code !== "ERR_MODULE_NOT_FOUND")
		throw why;
	const sentence = new Error("the package zeromq is not there: npm ci --prefix clients/javascript");
	sentence.stack = sentence.message; /* that it is told without ours */
	throw sentence;
});

const ADD = { live: 0, events: 1, call: 2 };

/* "host:port", and behind a blank the public key of this tuttid. */
function entry(text) {
	const found = text.trim().match(/^(\[[\da-fA-F:.]+\]|[\w.-]+)(?::(\d+))?(?:\s+(\S{40}))?$/);
	if (!found)
		throw new Error(`${text} is not host:port, with a public key of 40 characters behind a blank or without`);
	const [, host, port, serverKey] = found;
	return { host: host.replace(/[[\]]/g, ""), isOneOfMany: true, ...(port && { port }), ...(serverKey && { serverKey }) };
}

function portOf(value) {
	const port = /^\d{1,5}$/.test(value) ? Number(value) : 0;
	if (port < 1 || port > 65533)
		throw new TypeError(`the port is a number from 1 to 65533, not ${value}`);
	return port;
}

/* The Doors of each tuttid that connect, a list or a text with commas, or TUTTI_CONNECT names, else of the one
 * that host and port name. */
export function places({ connect, ...where } = {}) {
	connect ??= process.env.TUTTI_CONNECT ?? "";
	if (typeof connect === "string")
		connect = connect.split(",").filter((text) => text.trim());
	return connect.length ? connect.map((text) => new Doors({ ...where, ...entry(text) })) : [new Doors(where)];
}

/* name: of a directory, for what belongs to this tuttid and no other. */
export class Doors {
	constructor({ host, port, key, serverKey, isOneOfMany = false, ...unknown } = {}) {
		for (const option of Object.keys(unknown))
			throw new TypeError(`there is no option ${option}; host, port, key, serverKey and connect say where tuttid is`);
		const env = process.env;
		this.host = host ?? env.TUTTI_HOST ?? "127.0.0.1";
		this.port = portOf(port ?? env.TUTTI_PORT ?? 6000);
		this.bare = this.host.includes(":") ? `[${this.host}]` : this.host;
		this.name = isOneOfMany ? `${this.bare}:${this.port}/` : "";
		key ??= env.TUTTI_KEY;
		this.pair = key ? keyFile(fs.readFileSync(key, "latin1")) : null;
		this.serverKey = serverKey ?? env.TUTTI_SERVER_KEY ?? "";
		if (this.pair && this.serverKey.length !== 40)
			throw new Error("a key needs tuttid's public key beside it, 40 characters: TUTTI_SERVER_KEY");
	}

	/* The socket file where it is there, else TCP. */
	endpoint(door) {
		const isNear = ["127.0.0.1", "localhost", "::1"].includes(this.host);
		for (const run of isNear ? [process.env.XDG_RUNTIME_DIR, "/run"] : []) {
			const file = `${run}/tutti/${this.port}/${door}`;
			if (run && fs.existsSync(file))
				return "ipc://" + file;
		}
		return `tcp://${this.bare}:${this.port + ADD[door]}`;
	}

	/* onRefused(why): the handshake was refused, which leaves this socket dead for ever, also where ZeroMQ was
	 * about to connect it again: close it and make another. Sending never waits. */
	connect(door, Kind, { topics = [], onRefused }) {
		const endpoint = this.endpoint(door);
		const curve = this.pair && endpoint.startsWith("tcp:") ? {
			curvePublicKey: this.pair.public, curveSecretKey: this.pair.secret, curveServerKey: this.serverKey,
		} : {};
		const sock = new Kind({
			linger: 300, reconnectInterval: 50, reconnectMaxInterval: 5000, ipv6: this.host.includes(":"),
			...(Kind === zmq.Dealer && { sendTimeout: 0 }), ...curve,
		});
		for (const topic of topics)
			sock.subscribe(topic);
		sock.events.on("handshake:error:auth", () => onRefused("tuttid does not allow this bot's key"));
		sock.events.on("handshake:error:other",
			() => onRefused("no handshake: TUTTI_SERVER_KEY is not tuttid's, or one side has no key"));
		sock.connect(endpoint);
		return { sock, endpoint };
	}
}

export { zmq };
