#include "proto/wire.h"

#include "base/bytes.h"
#include "proto/discord.h"
#include "test/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* docs/wire-vectors.json says the bytes of these; tools/wire-vectors computes them without us. */
static const struct vector {
	struct wire_header h;
	uint64_t channel_id;
	struct str event, payload;
} vectors[] = {
	{{1, 0, EVENT_MESSAGE_CREATE, 0, 1753000000000, 1, 1753000000123456, 1, 3,
	  81384788765712384, 0, STR_INIT("MESSAGE_CREATE.81384788765712384.381870553235193857.")},
	 381870553235193857,
	 STR_INIT("MESSAGE_CREATE"),
	 STR_INIT("{\"content\":\"h\303\251llo\"}")},
	{{1, WIRE_REDELIVERED | WIRE_OLD | WIRE_DISCORD_REPLAYED, EVENT_READY, 7, 1753000000000,
	  1ull << 32, 1753000000123456, 2, 1, 0, 0, STR_INIT("READY.0.0.")},
	 0,
	 STR_INIT("READY"),
	 STR_INIT("{\"v\":10,\"session_id\":\"********\"}")},
	{{1, WIRE_MADE_HERE, EVENT_TUTTI_SESSION_LOST, UINT32_MAX, UINT64_MAX, UINT64_MAX,
	  UINT64_MAX, UINT32_MAX, 0, 0, 0, STR_INIT("TUTTI_SESSION_LOST.0.0.")},
	 0,
	 STR_INIT("TUTTI_SESSION_LOST"),
	 STR_INIT("{}")},
	{{1, 0, 0, 0, 1753000000000, 1, 1753000000123456, 1, UINT32_MAX, UINT64_MAX, 0,
	  STR_INIT("SOME_NEW_EVENT.18446744073709551615.18446744073709551615.")},
	 UINT64_MAX,
	 STR_INIT("SOME_NEW_EVENT"),
	 STR_INIT("")},
};
enum { VECTORS = sizeof vectors / sizeof *vectors };

static struct buf vector_file;

static int read_vectors(void **state)
{
	const char *root = getenv("TUTTI_SOURCE");
	char path[512];
	(void)state;
	snprintf(path, sizeof path, "%s/docs/wire-vectors.json", root ? root : ".");
	FILE *f = fopen(path, "r");
	if (!f)
		f = fopen("../docs/wire-vectors.json", "r");
	if (!f)
		return -1;
	size_t n = fread(buf_room(&vector_file, 65536), 1, 65535, f);
	vector_file.p[n] = 0;
	return fclose(f);
}

static int drop_vectors(void **state)
{
	(void)state;
	buf_done(&vector_file);
	return 0;
}

/* The bytes of the nth "key": "hex" in the file. */
static struct buf hex_of(const char *key, int nth)
{
	struct buf bytes = {0};
	char wanted[64];
	snprintf(wanted, sizeof wanted, "\"%s\": \"", key);
	const char *at = vector_file.p;
	for (int i = 0; i <= nth; i++) {
		at = strstr(at, wanted);
		assert_non_null(at);
		at += strlen(wanted);
	}
	for (unsigned byte; *at != '"'; at += 2) {
		assert_int_equal(sscanf(at, "%2x", &byte), 1);
		buf_addc(&bytes, (char)byte);
	}
	return bytes;
}

static void add_record(struct buf *out, const struct vector *v)
{
	struct wire_header h = v->h;
	uint8_t head[WIRE_HEADER];
	h.crc = crc32c(0, v->payload.p, v->payload.n);
	wire_header_put(head, &h);
	put_le32(buf_room(out, 8), (uint32_t)(WIRE_HEADER + h.topic.n));
	put_le32(out->p + out->n + 4, (uint32_t)v->payload.n);
	out->n += 8;
	buf_add(out, head, sizeof head);
	buf_adds(out, h.topic);
	buf_adds(out, v->payload);
}

static void written_records_have_the_published_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < VECTORS; i++) {
		struct buf expected = hex_of("record_hex", i), written = {0};
		add_record(&written, &vectors[i]);
		assert_int_equal(written.n, expected.n);
		assert_memory_equal(written.p, expected.p, expected.n);
		buf_done(&written);
		buf_done(&expected);
	}
}

static void the_published_frame_reads_as_its_records(void **state)
{
	(void)state;
	struct buf frame = hex_of("frame_hex", 0);
	struct str rest = buf_str(&frame), payload;
	struct wire_header h;
	for (int i = 0; i < VECTORS; i++) {
		const struct wire_header *v = &vectors[i].h;
		assert_int_equal(wire_record_next(&rest, &h, &payload), 1);
		assert_true(h.flags == v->flags && h.type == v->type && h.shard == v->shard);
		assert_true(h.epoch == v->epoch && h.pos == v->pos && h.received == v->received);
		assert_true(h.session == v->session && h.s == v->s && h.guild_id == v->guild_id);
		assert_int_equal(h.crc, crc32c(0, payload.p, payload.n));
		assert_true(str_eq(payload, vectors[i].payload) && str_eq(h.topic, v->topic));
	}
	assert_int_equal(wire_record_next(&rest, &h, &payload), 0);
	buf_done(&frame);
}

static void topics_are_built_and_split(void **state)
{
	(void)state;
	for (int i = 0; i < VECTORS; i++) {
		const struct vector *v = &vectors[i];
		char out[WIRE_TOPIC_MAX];
		struct str event;
		uint64_t guild, channel;
		size_t n = wire_topic(out, v->event, v->h.guild_id, v->channel_id);
		assert_true(str_eq(str_of(out, n), v->h.topic));
		assert_true(wire_topic_split(v->h.topic, &event, &guild, &channel));
		assert_true(str_eq(event, v->event));
		assert_true(guild == v->h.guild_id && channel == v->channel_id);
	}
}

static void a_name_that_makes_no_topic_is_refused(void **state)
{
	(void)state;
	char out[WIRE_TOPIC_MAX], name[WIRE_TOPIC_MAX];
	memset(name, 'A', sizeof name);
	assert_int_equal(wire_topic(out, STR(""), 0, 0), 0);
	assert_int_equal(wire_topic(out, STR("A.B"), 0, 0), 0);
	assert_int_equal(wire_topic(out, STR("A B"), 0, 0), 0);
	assert_int_equal(wire_topic(out, STR("A\0B"), 0, 0), 0);
	assert_int_equal(wire_topic(out, str_of(name, WIRE_TOPIC_MAX - 5), 0, 0), WIRE_TOPIC_MAX);
	assert_int_equal(wire_topic(out, str_of(name, WIRE_TOPIC_MAX - 4), 0, 0), 0);
	assert_int_equal(wire_topic(out, str_of(name, WIRE_TOPIC_MAX - 43), UINT64_MAX, UINT64_MAX),
			 WIRE_TOPIC_MAX);
	assert_int_equal(wire_topic(out, str_of(name, WIRE_TOPIC_MAX - 42), UINT64_MAX, UINT64_MAX),
			 0);
}

static void what_is_no_topic_does_not_split(void **state)
{
	(void)state;
	static const char *const bad[] = {"",
					  "A",
					  "A.",
					  "A.1",
					  "A.1.",
					  "A.1.2",
					  "A.1.2.3.",
					  "A.1.2.x",
					  "A..2.",
					  ".1.2.",
					  "A.x.2.",
					  "A.1.-2.",
					  "A.1.18446744073709551616."};
	struct str event;
	uint64_t guild, channel;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(wire_topic_split(str_c(bad[i]), &event, &guild, &channel));
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	struct buf record = hex_of("record_hex", 0);
	for (size_t n = 1; n < record.n; n++) {
		/* a copy of just that length, so that the sanitizer sees a byte too far */
		char *copy = str_dup(str_of(record.p, n));
		struct str rest = {copy, n}, payload;
		struct wire_header h;
		assert_int_equal(wire_record_next(&rest, &h, &payload), -EBADMSG);
		free(copy);
	}
	buf_done(&record);
}

static void lengths_that_lie_are_refused(void **state)
{
	(void)state;
	static const uint32_t lies[][2] = {
		{UINT32_MAX, UINT32_MAX}, {UINT32_MAX, 0}, {0, UINT32_MAX},
		{WIRE_HEADER - 1, 1},     {0, 0},          {WIRE_HEADER + 129, 0},
		{WIRE_HEADER, 1u << 31}};
	char bytes[400] = {0};
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		struct str rest = {bytes, sizeof bytes}, payload;
		struct wire_header h;
		put_le32(bytes, lies[i][0]);
		put_le32(bytes + 4, lies[i][1]);
		bytes[8] = WIRE_VERSION;
		assert_int_equal(wire_record_next(&rest, &h, &payload), -EBADMSG);
		assert_ptr_equal(rest.p, bytes);
	}
}

static void a_header_of_another_version_is_refused(void **state)
{
	(void)state;
	struct wire_header h;
	char bytes[WIRE_HEADER + WIRE_TOPIC_MAX + 1] = {WIRE_VERSION};
	assert_int_equal(wire_header_get(&h, str_of(bytes, WIRE_HEADER)), 0);
	assert_int_equal(wire_header_get(&h, str_of(bytes, sizeof bytes - 1)), 0);
	assert_int_equal(h.topic.n, WIRE_TOPIC_MAX);
	assert_int_equal(wire_header_get(&h, str_of(bytes, sizeof bytes)), -EBADMSG);
	bytes[0] = WIRE_VERSION + 1;
	assert_int_equal(wire_header_get(&h, str_of(bytes, WIRE_HEADER)), -EBADMSG);
}

static void parts_share_every_id_once(void **state)
{
	(void)state;
	assert_int_equal(wire_part(5ull << 22, 9ull << 22, 4), 1);
	assert_int_equal(wire_part(0, 6ull << 22, 4), 2);
	assert_int_equal(wire_part(0, 0, 4), 0);
	assert_int_equal(wire_part(UINT64_MAX, 0, 1), 0);
	assert_int_equal(wire_part(UINT64_MAX, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(written_records_have_the_published_bytes),
		test(the_published_frame_reads_as_its_records),
		test(topics_are_built_and_split),
		test(a_name_that_makes_no_topic_is_refused),
		test(what_is_no_topic_does_not_split),
		test(every_truncation_is_refused),
		test(lengths_that_lie_are_refused),
		test(a_header_of_another_version_is_refused),
		test(parts_share_every_id_once),
	};
	return cmocka_run_group_tests_name(__FILE__, tests, read_vectors, drop_vectors);
}
