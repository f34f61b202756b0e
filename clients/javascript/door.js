/* Where tuttid's doors are, and sockets to them. */
import fs from "node:fs";
import * as zmq from "zeromq";
import { keyFile } from "./wire.js";

const ADD = { live: 0, events: 1, call: 2 };

export class Doors {
	constructor({ host, port, key, serverKey } = {}) {
		const env = process.env;
		this.host = host ?? env.TUTTI_HOST ?? "127.0.0.1";
		this.port = Number(port ?? env.TUTTI_PORT ?? 6000);
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
		return `tcp://${this.host}:${this.port + ADD[door]}`;
	}

	connect(door, Kind, topics = []) {
		const endpoint = this.endpoint(door);
		const curve = this.pair && endpoint.startsWith("tcp:") ? {
			curvePublicKey: this.pair.public, curveSecretKey: this.pair.secret, curveServerKey: this.serverKey,
		} : {};
		const sock = new Kind({
			linger: 300, reconnectInterval: 50, reconnectMaxInterval: 5000, ipv6: this.host.includes(":"), ...curve,
		});
		for (const topic of topics)
			sock.subscribe(topic);
		sock.connect(endpoint);
		return { sock, endpoint };
	}
}

export { zmq };
