/* docs/wire.md in JavaScript: bytes to values and back. No sockets, no clock, no state. 64-bit numbers are
 * BigInt, since a Number holds 53 bits. */
import { createHash } from "node:crypto";

export const VERSION = 1;
export const REDELIVERED = 1, OLD = 2, MADE_HERE = 4, DISCORD_REPLAYED = 8;
const FIXED = 56;

/* Not of this version of the protocol. */
export class Unreadable extends Error {}

export class Event {
	constructor(header, payload) {
		if (header.length < FIXED || header[0] !== VERSION)
			throw new Unreadable("a header that is not of version 1");
		this.version = header[0];
		this.flags = header[1];
		this.type = header.readUInt16LE(2);
		this.shard = header.readUInt32LE(4);
		this.epoch = header.readBigUInt64LE(8);
		this.pos = header.readBigUInt64LE(16);
		this.received = header.readBigUInt64LE(24);
		this.session = header.readUInt32LE(32);
		this.s = header.readUInt32LE(36);
		this.guildId = header.readBigUInt64LE(40);
		this.crc = header.readBigUInt64LE(48);
		this.topic = header.toString("utf8", FIXED);
		this.payload = payload;
		const [event, , channel] = this.topic.split(".");
		this.event = event;
		this.channelId = BigInt(channel);
	}

	/* What Discord sent, read from JSON at the first use. */
	get d() {
		const value = JSON.parse(this.payload);
		Object.defineProperty(this, "d", { value });
		return value;
	}

	header() {
		const out = Buffer.alloc(FIXED);
		out[0] = this.version;
		out[1] = this.flags;
		out.writeUInt16LE(this.type, 2);
		out.writeUInt32LE(this.shard, 4);
		out.writeBigUInt64LE(this.epoch, 8);
		out.writeBigUInt64LE(this.pos, 16);
		out.writeBigUInt64LE(this.received, 24);
		out.writeUInt32LE(this.session, 32);
		out.writeUInt32LE(this.s, 36);
		out.writeBigUInt64LE(this.guildId, 40);
		out.writeBigUInt64LE(this.crc, 48);
		return Buffer.concat([out, Buffer.from(this.topic)]);
	}

	record() {
		const header = this.header(), lengths = Buffer.alloc(8);
		lengths.writeUInt32LE(header.length, 0);
		lengths.writeUInt32LE(this.payload.length, 4);
		return Buffer.concat([lengths, header, this.payload]);
	}

	get isRedelivered() {
		return Boolean(this.flags & REDELIVERED);
	}
}

export function* records(frame) {
	for (let at = 0; at < frame.length;) {
		const start = at + 8, middle = start + frame.readUInt32LE(at);
		at = middle + frame.readUInt32LE(at + 4);
		if (at > frame.length)
			throw new Unreadable("a record that ends beyond its frame");
		yield new Event(frame.subarray(start, middle), frame.subarray(middle, at));
	}
}

export function u64(value) {
	const out = Buffer.alloc(8);
	out.writeBigUInt64LE(BigInt(value));
	return out;
}

/* The JSON of an O. Epochs and positions stay below 2^53 for some 285,000 years of milliseconds. */
export function ask({ bot, topics, epoch, pos, from, part, window, process, attempt, orElse }) {
	return JSON.stringify({
		v: VERSION, bot, epoch: epoch ? Number(epoch) : undefined, pos: epoch ? Number(pos) : undefined,
		topics: topics?.length ? topics : undefined, from, part, window, process, attempt, else: orElse,
	});
}

export function ack(done, pos, dead = 0) {
	return ["A", u64(done), u64(pos), ...(dead ? [u64(dead)] : [])];
}

export function call(bot, id, deadlineMs, document, files = [], verb = "REST") {
	const deadline = Buffer.alloc(4);
	deadline.writeUInt32LE(deadlineMs);
	return [bot, id, deadline, verb, JSON.stringify(document, (_, value) => typeof value === "bigint" ? value.toString() : value), ...files];
}

/* A gateway op, for the events door. */
export function op(bot, id, deadlineMs, document) {
	return ["Q", ...call(bot, id, deadlineMs, document, [], "GATEWAY")];
}

/* The n-th call for an event: the same when its handler runs again, so that it gets its first answer. */
export function callId(bot, epoch, pos, n) {
	return createHash("sha256").update(`${bot} ${epoch} ${pos} ${n}`).digest().subarray(0, 16);
}

export function crc32c(data) {
	return crc(data, 0x82f63b78);
}

export function crc(data, polynomial) {
	let c = 0xffffffff;
	for (const byte of data) {
		c ^= byte;
		for (let i = 0; i < 8; i++)
			c = (c >>> 1) ^ (c & 1 ? polynomial : 0);
	}
	return (c ^ 0xffffffff) >>> 0;
}

/* {public, secret} of the text of a file that `tutti keys new` made. */
export function keyFile(text) {
	const find = (word) => text.match(new RegExp(`^${word} = "(.{40})"$`, "m"))?.[1];
	const pair = { public: find("public"), secret: find("secret") };
	if (!pair.public || !pair.secret)
		throw new Error("no key file");
	return pair;
}
