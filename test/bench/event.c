/* What one event costs between the socket's bytes and the journal: frames, inflate, envelope and
 * session machine, each beside the bare cost of the same work in the same run.
 *
 * The stream is synthetic: 4,000 events of the shapes in Discord's documentation, chat of about
 * 1 KB and a GUILD_CREATE of 200 KB by itself. CPU time, best of seven passes. */
#include "base/json.h"
#include "proto/envelope_walk.h"
#include "proto/frame.h"
#include "proto/inflate.h"
#include "proto/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>
#include <zstd.h>

enum { MOST = 4000, PASSES = 7, PORTION = 65536 };

/* One stream: the payloads, compressed each way, and framed. */
static struct corpus {
	unsigned n;
	struct str payload[MOST], packed[2][MOST];
	struct buf payloads, zlib, zstd, framed;
	uint64_t bytes;
} corpus;

static unsigned seed = 1;

static unsigned roll(unsigned n)
{
	return (unsigned)rand_r(&seed) % n;
}

/* Words of letters as they fall, one in eight with an escape or a character of four bytes. */
static void add_words(struct buf *out, unsigned n)
{
	while (n--) {
		for (unsigned letters = 2 + roll(8); letters; letters--)
			buf_addc(out, "etaoinshrdlu"[roll(12)]);
		buf_adds(out, roll(8)   ? STR(" ")
			      : roll(2) ? STR(" \\\"so\\n ")
					: STR(" \xf0\x9f\x98\x84 "));
	}
}

static void add_user(struct buf *out)
{
	unsigned id = roll(5000);
	unsigned long long hash = (id + 1) * 0x9e3779b97f4a7c15ull >> 1;
	buf_addf(out,
		 "{\"username\":\"user%u\",\"public_flags\":0,\"primary_guild\":null,\"id\":\"%"
		 "llu\","
		 "\"global_name\":\"User %u\",\"discriminator\":\"0\",\"clan\":null,"
		 "\"avatar_decoration_data\":null,\"avatar\":\"%016llx%016llx\"}",
		 id, hash, id, hash * 3, hash * 7);
}

static void add_message(struct buf *out, unsigned s)
{
	unsigned long long id = 1300000000000000000ull + s * 77777ull;
	buf_addf(out,
		 "{\"t\":\"MESSAGE_CREATE\",\"s\":%u,\"op\":0,\"d\":{\"type\":0,\"tts\":false,"
		 "\"timestamp\":\"2026-11-25T20:%02u:%02u.%03u000+00:00\",\"pinned\":false,"
		 "\"nonce\":\"%llu\",\"mentions\":[",
		 s, roll(60), roll(60), roll(1000), id + 5);
	for (unsigned i = roll(3); i; i--) {
		add_user(out);
		buf_adds(out, i > 1 ? STR(",") : STR(""));
	}
	buf_addf(out,
		 "],\"mention_roles\":[],\"mention_everyone\":false,\"member\":{\"roles\":[\"%u\","
		 "\"%u\"],"
		 "\"premium_since\":null,\"pending\":false,\"nick\":null,\"mute\":false,\"joined_"
		 "at\":"
		 "\"2022-05-05T12:00:00.000000+00:00\",\"flags\":0,\"deaf\":false,\"banner\":null,"
		 "\"avatar\":null},\"id\":\"%llu\",\"flags\":0,\"embeds\":[],\"edited_timestamp\":"
		 "null,"
		 "\"content\":\"",
		 roll(1000), roll(1000), id);
	add_words(out, 2 + roll(40));
	buf_addf(out, "\",\"components\":[],\"channel_type\":0,\"channel_id\":\"%u\",\"author\":",
		 7000 + roll(40));
	add_user(out);
	buf_adds(out, STR(",\"attachments\":[],\"guild_id\":\"81384788765712384\"}}"));
}

static void add_guild(struct buf *out, unsigned s)
{
	buf_addf(out,
		 "{\"t\":\"GUILD_CREATE\",\"s\":%u,\"op\":0,\"d\":{\"id\":\"%u\",\"members\":[", s,
		 s);
	size_t end = out->n + 200000;
	while (out->n < end) {
		buf_adds(out,
			 STR("{\"roles\":[\"1\",\"2\"],\"nick\":null,\"mute\":false,\"user\":"));
		add_user(out);
		buf_adds(out, STR("},"));
	}
	buf_adds(out, STR("{}],\"name\":\"Guild\"}}"));
}

static void pack_zlib(struct buf *out, z_stream *z, struct str text)
{
	size_t room = text.n + 1024;
	z->next_out = (Bytef *)buf_room(out, room);
	z->avail_out = (uInt)room;
	z->next_in = (Bytef *)(uintptr_t)text.p;
	z->avail_in = (uInt)text.n;
	BUG_ON(deflate(z, Z_SYNC_FLUSH) != Z_OK);
	out->n += room - z->avail_out;
}

static void pack_zstd(struct buf *out, ZSTD_CCtx *z, struct str text)
{
	ZSTD_inBuffer from = {text.p, text.n, 0};
	ZSTD_outBuffer to = {buf_room(out, text.n + 1024), text.n + 1024, 0};
	BUG_ON(ZSTD_compressStream2(z, &to, &from, ZSTD_e_flush) != 0);
	out->n += to.pos;
}

static void make_corpus(unsigned n, void (*add)(struct buf *, unsigned))
{
	static size_t end[3][MOST];
	struct corpus *c = &corpus;
	z_stream z = {0};
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	BUG_ON(deflateInit(&z, 6) != Z_OK);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, 6);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, 18);
	c->payloads.n = c->zlib.n = c->zstd.n = c->framed.n = 0;
	c->n = n;
	for (unsigned i = 0; i < n; i++) {
		size_t at = c->payloads.n, zlib_at = c->zlib.n;
		add(&c->payloads, i + 1);
		struct str text = str_of(c->payloads.p + at, c->payloads.n - at);
		pack_zlib(&c->zlib, &z, text);
		pack_zstd(&c->zstd, zstd, text);
		frame_write(&c->framed, FRAME_SERVER, FRAME_BINARY,
			    str_of(c->zlib.p + zlib_at, c->zlib.n - zlib_at), 0);
		end[0][i] = c->payloads.n;
		end[1][i] = c->zlib.n;
		end[2][i] = c->zstd.n;
	}
	for (unsigned i = 0; i < n; i++) {
		size_t at[3];
		for (int k = 0; k < 3; k++)
			at[k] = i ? end[k][i - 1] : 0;
		c->payload[i] = str_of(c->payloads.p + at[0], end[0][i] - at[0]);
		c->packed[0][i] = str_of(c->zlib.p + at[1], end[1][i] - at[1]);
		c->packed[1][i] = str_of(c->zstd.p + at[2], end[2][i] - at[2]);
	}
	c->bytes = c->payloads.n;
	deflateEnd(&z);
	ZSTD_freeCCtx(zstd);
}

/* The bare cost: the library alone, into one buffer that is large enough. */

static char bare[1 << 20];

static void bare_zlib(void)
{
	z_stream z = {0};
	BUG_ON(inflateInit(&z) != Z_OK);
	for (unsigned i = 0; i < corpus.n; i++) {
		z.next_in = (Bytef *)(uintptr_t)corpus.packed[0][i].p;
		z.avail_in = (uInt)corpus.packed[0][i].n;
		z.next_out = (Bytef *)bare;
		z.avail_out = sizeof bare;
		BUG_ON(inflate(&z, Z_SYNC_FLUSH) != Z_OK);
	}
	inflateEnd(&z);
}

static void bare_zstd(void)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	for (unsigned i = 0; i < corpus.n; i++) {
		ZSTD_inBuffer from = {corpus.packed[1][i].p, corpus.packed[1][i].n, 0};
		ZSTD_outBuffer to = {bare, sizeof bare, 0};
		BUG_ON(ZSTD_isError(ZSTD_decompressStream(z, &to, &from)));
	}
	ZSTD_freeDStream(z);
}

static void inflate_all(enum inflate_kind kind)
{
	struct inflate *z = inflate_new(kind, 16 << 20);
	struct inflate_event event;
	struct why why;
	for (unsigned i = 0; i < corpus.n; i++)
		BUG_ON(inflate_message(z, corpus.packed[kind == INFLATE_ZSTD_STREAM][i], &event,
				       &why) != INFLATE_EVENT);
	inflate_free(&z);
}

static void inflate_zlib(void)
{
	inflate_all(INFLATE_ZLIB_STREAM);
}

static void inflate_zstd(void)
{
	inflate_all(INFLATE_ZSTD_STREAM);
}

static uint64_t sum; /* so that no result is unused */

static void walk(void)
{
	struct envelope e;
	for (unsigned i = 0; i < corpus.n; i++) {
		BUG_ON(envelope_read(&e, corpus.payload[i]) < 0);
		sum += e.s + e.guild_id + e.d.n;
	}
}

static void parse_in_full(void)
{
	struct json *json = json_new();
	struct json_at root;
	struct why why;
	for (unsigned i = 0; i < corpus.n; i++) {
		BUG_ON(json_parse(json, corpus.payload[i], &root, &why) < 0);
		struct json_at d = json_get(root, "d");
		sum += json_u64(json_get(root, "s")) + json_u64(json_get(root, "op")) +
		       json_str(json_get(root, "t")).n + json_id(json_get(d, "guild_id")) +
		       json_id(json_get(d, "channel_id"));
	}
	json_free(json);
}

/* All of it, as the gateway does it: out of the socket's bytes in portions. */
static void run_whole(void)
{
	struct frame_reader reader;
	struct frame_message m;
	struct inflate *z = inflate_new(INFLATE_ZLIB_STREAM, 16 << 20);
	struct inflate_event event;
	struct session s;
	const struct session_resume resume = {.id = "x", .number = 1};
	const struct session_options options = {.url = STR("wss://x.discord.gg"),
						.query = STR("v=10")};
	frame_reader_init(&reader, FRAME_CLIENT, 64 << 20);
	session_init(&s, &options, &resume);
	s.state = SESSION_LIVE;
	for (size_t at = 0; at < corpus.framed.n;) {
		size_t n = corpus.framed.n - at < PORTION ? corpus.framed.n - at : PORTION;
		for (size_t done = 0, used; done < n; done += used) {
			struct envelope e;
			struct why why;
			struct session_action a;
			if (frame_read(&reader, corpus.framed.p + at + done, n - done, &used, &m) !=
			    FRAME_MESSAGE)
				continue;
			BUG_ON(inflate_message(z, m.data, &event, &why) != INFLATE_EVENT);
			BUG_ON(envelope_read(&e, event.text) < 0);
			session_feed(
				&s, 1,
				&(struct session_input){.kind = SESSION_PAYLOAD, .envelope = &e});
			while (session_next(&s, &a))
				sum += a.kind == SESSION_PUBLISH;
		}
		at += n;
	}
	BUG_ON(s.resume.s != corpus.n);
	frame_reader_done(&reader);
	inflate_free(&z);
}

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double best(void (*run)(void))
{
	double least = 0;
	for (int i = 0; i < PASSES; i++) {
		double began = cpu_us();
		run();
		double us = (cpu_us() - began) / corpus.n;
		least = i == 0 || us < least ? us : least;
	}
	return least;
}

static double say(const char *what, double us, const char *than, double bare_us)
{
	printf("  %-37s %8.2f us", what, us);
	if (bare_us > 0)
		printf("   %.2f x %s", us / bare_us, than);
	printf("\n");
	return us;
}

static void measure(const char *title)
{
	static const char *const forms[] = {"envelope, plain C", "envelope, SSE2",
					    "envelope, AVX2"};
	printf("%s: %u events of %llu bytes on average, zlib makes them %.1f times smaller\n",
	       title, corpus.n, (unsigned long long)corpus.bytes / corpus.n,
	       (double)corpus.bytes / (double)corpus.zlib.n);
	double zlib = say("zlib alone", best(bare_zlib), "", 0);
	say("inflate, zlib-stream", best(inflate_zlib), "zlib alone", zlib);
	double zstd = say("zstd alone", best(bare_zstd), "", 0);
	say("inflate, zstd-stream", best(inflate_zstd), "zstd alone", zstd);
	double parsed = say("full parser (simdjson), 5 fields", best(parse_in_full), "", 0);
	for (int form = 0; form < ENVELOPE_FORMS && envelope_use((enum envelope_form)form); form++)
		say(forms[form], best(walk), "full parser", parsed);
	say("frames + inflate + envelope + session", best(run_whole), "zlib alone", zlib);
}

int main(void)
{
	make_corpus(MOST, add_message);
	measure("chat");
	make_corpus(20, add_guild);
	measure("guilds");
	return sum == 0;
}
