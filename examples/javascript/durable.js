/* A durable reader that answers, from docs/wire.md alone.     node durable.js HOST PORT CURSOR_FILE
 *
 * The cursor is written when the answer is there. A crash between the two makes the call again under the
 * same id, which gets the first answer: nothing is lost, nothing is said twice. */
import fs from "node:fs";
import { createRequire } from "node:module";

const zmq = createRequire(new URL("../../clients/javascript/", import.meta.url))("zeromq");
const [host, port, file] = process.argv.slice(2), bot = "durable_js";
const connect = (door) => {
	const sock = new zmq.Dealer({ receiveTimeout: 5000, linger: 300 });
	sock.connect(`tcp://${host}:${Number(port) + door}`);
	return sock;
};
const u64 = (n) => Buffer.from(new BigUint64Array([n]).buffer);
let epoch = 0n, pos = 0n, done = 0n, events = null;
const save = () => {
	fs.writeFileSync(file + ".new", `${epoch} ${pos}`);
	fs.renameSync(file + ".new", file);
};

async function answer(message) {
	const body = { content: "durable javascript: " + message.content.slice(9), allowed_mentions: { parse: [] } };
	const params = { channel_id: message.channel_id };
	const call = JSON.stringify({ method: "POST", route: "/channels/{channel_id}/messages", params, body });
	const id = Buffer.concat([u64(epoch), u64(pos)]), deadline = Buffer.from(new Uint32Array([4000]).buffer);
	for (let status = 0; status < 2;) { /* nobody knows, or it was too early: ask again, under the same id */
		await calls.send([bot, id, deadline, "REST", call]);
		const [got, code] = await calls.receive().catch(() => []);
		status = got?.equals(id) ? code.readUInt16LE() : 0;
		await events.send(["A", u64(done), u64(pos - 1n)]);
	}
}

if (fs.existsSync(file))
	[epoch, pos] = fs.readFileSync(file, "latin1").split(" ").map(BigInt);
const calls = connect(2);
for (let kind = "N", args; kind !== "C" && kind !== "X";) { /* make room for another; refused */
	if (kind === "N") { /* not known there, or silence: begin again at the cursor */
		events?.close();
		[events, done] = [connect(1), 0n];
		await events.send(["O", JSON.stringify({ v: 1, bot, epoch: Number(epoch), pos: Number(pos), topics: ["MESSAGE_CREATE."] })]);
	}
	[kind, ...args] = await events.receive().catch(() => ["N"]);
	if ((kind = kind.toString()) === "W" && BigInt(JSON.parse(args[0]).epoch) !== epoch)
		[epoch, pos] = [BigInt(JSON.parse(args[0]).epoch), BigInt(JSON.parse(args[0]).pos)];
	for (let frame = kind === "E" ? args[0] : ""; frame.length; save(), done++) {
		const end = 8 + frame.readUInt32LE(0), next = end + frame.readUInt32LE(4);
		const message = JSON.parse(frame.subarray(end, next));
		pos = frame.readBigUInt64LE(24);
		if (message.content?.startsWith(",durable "))
			await answer(message);
		frame = frame.subarray(next);
	}
	if (kind === "M" || kind === "G") /* nothing for us up to there; gone up to there */
		pos = kind === "M" ? args[0].readBigUInt64LE() : BigInt(JSON.parse(args[0]).to);
	save();
	await events.send(["A", u64(done), u64(pos)]);
}
