/* A plain subscriber of the live door: any ZeroMQ library can do this.     node live.js HOST PORT [TOPIC ...] */
import { createRequire } from "node:module";

const zmq = createRequire(new URL("../../clients/javascript/", import.meta.url))("zeromq");
const [host, port, ...topics] = process.argv.slice(2);
const sock = new zmq.Subscriber();
sock.subscribe(...(topics.length ? topics : [""]));
sock.connect(`tcp://${host}:${port}`);
for await (const [topic, header, payload] of sock)
	console.log(header.readBigUInt64LE(16).toString(), topic.toString(), payload.toString().slice(0, 60));
