/* docs/wire-vectors.json through clients/javascript/wire.js, to the byte. */
import fs from "node:fs";
import * as wire from "../../clients/javascript/wire.js";

const vectors = JSON.parse(fs.readFileSync(new URL("../../docs/wire-vectors.json", import.meta.url)));
let bad = 0;
function check(name, good) {
	bad += !good;
	console.log(`${good ? "ok" : "not ok"} ${name}`);
}

check("javascript: crc32c", vectors.crc32c.every((v) => wire.crc32c(Buffer.from(v.text)) === v.crc));
const events = [...wire.records(Buffer.from(vectors.frame_hex, "hex"))];
check("javascript: as many records", events.length === vectors.records.length);
for (const [i, v] of vectors.records.entries()) {
	const e = events[i];
	const pairs = [[e.flags, v.flags], [e.type, v.type], [e.shard, v.shard], [e.epoch, v.epoch], [e.pos, v.pos],
		[e.received, v.received], [e.session, v.session], [e.s, v.s], [e.guildId, v.guild_id], [e.crc, v.crc],
		[e.event, v.event], [e.channelId, v.channel_id], [e.topic, v.topic], [e.payload, v.payload]];
	check(`javascript: ${v.what}: each field`, pairs.every(([a, b]) => String(a) === String(b)));
	check(`javascript: ${v.what}: the same bytes again`, e.record().toString("hex") === v.record_hex &&
		e.header().toString("hex").startsWith(v.header_hex) && wire.crc32c(e.payload) === v.crc);
}
let refusals = 0;
for (const spoil of [(f) => f.subarray(0, f.length - 1), (f) => { f[8] = 2; return f; }]) {
	try {
		[...wire.records(spoil(Buffer.from(vectors.records[0].record_hex, "hex")))];
	} catch {
		refusals++;
	}
}
check("javascript: a cut record and another version are refused", refusals === 2);
process.exit(bad ? 1 : 0);
