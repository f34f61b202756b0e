/* Window and batch over a real journal in a directory of their own. */
#include "bus/batch.h"

#include "proto/discord.h"
#include "test/dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SIZE = 1 << 20 };

/* A journal, who writes it, who reads it, and one connection. */
struct rig {
	struct journal writer, reader;
	struct window window;
	struct batch batch;
	struct peer *peer;
	struct buf got; /* what the last batches carried */
	struct why why;
};

static int rig_new(void **state)
{
	struct rig *r = mem_zero(sizeof *r);
	unlink(in_dir("journal"));
	struct journal_options options = {
		.dir = test_dir, .size = SIZE, .max_event = SIZE / 8, .shards = 1, .now_ms = 1000};
	assert_int_equal(journal_open_write(&r->writer, &options, &r->why), 0);
	assert_int_equal(journal_open_read(&r->reader, test_dir, &r->why), 0);
	window_init(&r->window);
	window_reset(&r->window, journal_tail(&r->reader));
	*state = r;
	return 0;
}

static int rig_free(void **state)
{
	struct rig *r = *state;
	peer_free(&r->peer);
	batch_done(&r->batch);
	buf_done(&r->got);
	window_done(&r->window);
	journal_close(&r->reader, false);
	journal_close(&r->writer, true);
	free(r);
	return 0;
}

static void append(struct rig *r, const char *event, uint64_t guild, size_t payload_n)
{
	static char payload[SIZE / 8];
	char topic[WIRE_TOPIC_MAX];
	const struct event_info *info = event_by_name(str_c(event));
	struct wire_header h = {.type = info ? info->number : 0,
				.session = 1,
				.s = (uint32_t)r->writer.last_pos + 1,
				.guild_id = guild};
	h.topic = str_of(topic, wire_topic(topic, str_c(event), guild, 5));
	assert_int_equal(journal_append(&r->writer, &h, str_of(payload, payload_n)), 0);
}

static void read_all(struct rig *r)
{
	enum journal_got got;
	do
		got = window_read(&r->window, &r->reader);
	while (got == JOURNAL_RECORD || got == JOURNAL_OVERTAKEN);
	assert_int_equal(got, JOURNAL_NOTHING);
}

static void open_at(struct rig *r, uint64_t pos, unsigned window, const char *topic)
{
	struct str topics[] = {str_c(topic)};
	struct wire_open open = {.bot = STR("echo"), .window = window, .parts = 1};
	open.topics[0] = topics[0];
	open.n_topics = topics[0].n ? 1 : 0;
	struct journal_cursor at;
	r->peer = peer_new(STR("id"), &open, 0);
	assert_true(window_seek(&r->window, &r->reader, pos, &at));
	assert_int_equal(at.pos, pos);
	peer_start(r->peer, at, pos - 1, r->window.at.pos - 1, 0);
}

static enum batch_end collect(struct rig *r)
{
	struct batch_room room = {PEER_BYTES, UINT64_MAX, 4096};
	enum batch_end end = batch_collect(&r->batch, r->peer, &r->window, &r->reader, &room);
	size_t n = r->got.n;
	batch_write(&r->batch, (uint8_t *)buf_room(&r->got, r->batch.bytes + 1));
	r->got.n = n + r->batch.bytes;
	return end;
}

/* The records of an E, checked by their sums; the positions have to ascend. */
static size_t count(struct rig *r, uint64_t *last, uint8_t *flags)
{
	struct str rest = buf_str(&r->got), payload;
	struct wire_header h;
	size_t n = 0;
	while (wire_record_next(&rest, &h, &payload) == 1) {
		assert_true(h.pos > *last);
		assert_int_equal(h.crc, crc32c(0, payload.p, payload.n));
		*last = h.pos;
		*flags = h.flags;
		n++;
	}
	assert_int_equal(rest.n, 0);
	r->got.n = 0;
	return n;
}

static void near_the_head_comes_from_the_window(void **state)
{
	struct rig *r = *state;
	uint64_t last = 0;
	uint8_t flags = 9;
	for (int i = 0; i < 10; i++)
		append(r, "MESSAGE_CREATE", 7, 100);
	read_all(r);
	open_at(r, 11, 512, "");
	assert_int_equal(collect(r), BATCH_HEAD);
	assert_int_equal(r->batch.n, 0);
	append(r, "MESSAGE_CREATE", 7, 100);
	append(r, "MESSAGE_CREATE", 7, 0);
	read_all(r);
	assert_int_equal(collect(r), BATCH_HEAD);
	assert_true(r->batch.is_run && r->batch.first == 11);
	assert_int_equal(count(r, &last, &flags), 2);
	assert_true(last == 12 && flags == 0);
}

static void replay_is_flagged_and_cut_at_64(void **state)
{
	struct rig *r = *state;
	uint64_t last = 0;
	uint8_t flags = 0;
	for (int i = 0; i < 100; i++)
		append(r, "MESSAGE_CREATE", 7, 100);
	read_all(r);
	open_at(r, 1, 512, "");
	assert_int_equal(collect(r), BATCH_FULL);
	assert_false(r->batch.is_run);
	assert_int_equal(count(r, &last, &flags), WIRE_BATCH_EVENTS);
	assert_int_equal(flags, WIRE_OLD);
	assert_int_equal(collect(r), BATCH_HEAD);
	assert_int_equal(count(r, &last, &flags), 100 - WIRE_BATCH_EVENTS);
}

static void batch_is_closed_after_64_kib(void **state)
{
	struct rig *r = *state;
	for (int i = 0; i < 10; i++)
		append(r, "MESSAGE_CREATE", 7, 30000);
	read_all(r);
	open_at(r, 1, 512, "");
	assert_int_equal(collect(r), BATCH_FULL);
	assert_int_equal(r->batch.n, 3);
}

static void credit_stops_in_front_of_the_next(void **state)
{
	struct rig *r = *state;
	uint64_t last = 0;
	uint8_t flags;
	for (int i = 0; i < 10; i++)
		append(r, "MESSAGE_CREATE", 7, 100);
	read_all(r);
	open_at(r, 1, 4, "");
	assert_int_equal(collect(r), BATCH_CREDIT);
	assert_int_equal(count(r, &last, &flags), 4);
	assert_int_equal(collect(r), BATCH_CREDIT);
	assert_int_equal(r->batch.n, 0);
	peer_ack(r->peer, 3, 3);
	assert_int_equal(collect(r), BATCH_CREDIT);
	assert_int_equal(count(r, &last, &flags), 3);
	assert_int_equal(last, 7);
}

static void what_is_not_wanted_is_passed_over(void **state)
{
	struct rig *r = *state;
	uint64_t last = 0;
	uint8_t flags;
	for (int i = 0; i < 50; i++)
		append(r, i % 10 ? "PRESENCE_UPDATE" : "MESSAGE_CREATE", 7, 100);
	append(r, "TUTTI_SESSION_LOST", 0, 10);
	read_all(r);
	open_at(r, 1, 512, "MESSAGE_CREATE.");
	assert_int_equal(collect(r), BATCH_HEAD);
	assert_int_equal(count(r, &last, &flags), 6);
	assert_true(last == 51 && r->peer->at.pos == 52);
}

static void looks_are_bounded(void **state)
{
	struct rig *r = *state;
	for (int i = 0; i < 50; i++)
		append(r, "PRESENCE_UPDATE", 7, 10);
	read_all(r);
	open_at(r, 1, 512, "MESSAGE_CREATE.");
	struct batch_room room = {PEER_BYTES, UINT64_MAX, 20};
	assert_int_equal(batch_collect(&r->batch, r->peer, &r->window, &r->reader, &room),
			 BATCH_LOOKED);
	assert_int_equal(r->peer->at.pos, 21);
}

static void large_event_waits_while_memory_is_short(void **state)
{
	struct rig *r = *state;
	append(r, "GUILD_CREATE", 7, 100);
	append(r, "GUILD_CREATE", 7, 100000);
	read_all(r);
	open_at(r, 1, 512, "");
	struct batch_room room = {PEER_BYTES, 50000, 4096};
	assert_int_equal(batch_collect(&r->batch, r->peer, &r->window, &r->reader, &room),
			 BATCH_CREDIT);
	assert_int_equal(r->batch.n, 1);
	room.spare = 200000;
	assert_int_equal(batch_collect(&r->batch, r->peer, &r->window, &r->reader, &room),
			 BATCH_HEAD);
	assert_int_equal(r->batch.n, 1);
}

static void what_left_the_window_comes_from_the_ring(void **state)
{
	struct rig *r = *state;
	uint64_t last = 0;
	uint8_t flags;
	size_t n = 0;
	for (int i = 0; i < WINDOW_RECORDS + 500; i++)
		append(r, "MESSAGE_CREATE", 7, 10);
	read_all(r);
	assert_null(window_at(&r->window, 500));
	assert_non_null(window_at(&r->window, 501));
	open_at(r, 131, WIRE_WINDOW_MAX, "");
	while (collect(r) != BATCH_CREDIT)
		n += count(r, &last, &flags);
	n += count(r, &last, &flags);
	assert_int_equal(n, WIRE_WINDOW_MAX);
	assert_int_equal(last, 130 + WIRE_WINDOW_MAX);
}

static void overtaken_reader_is_told_the_new_tail(void **state)
{
	struct rig *r = *state;
	for (int i = 0; i < 100; i++)
		append(r, "MESSAGE_CREATE", 7, 5000);
	read_all(r);
	open_at(r, 1, 512, "");
	for (int i = 0; i < 5000; i++) {
		append(r, "MESSAGE_CREATE", 7, 5000);
		read_all(r);
	}
	assert_int_equal(collect(r), BATCH_OVERTAKEN);
	assert_int_equal(r->batch.tail.pos, journal_tail(&r->reader).pos);
	peer_jumped(r->peer, r->batch.tail);
	assert_int_equal(collect(r), BATCH_FULL);
}

static void overtaken_window_starts_anew(void **state)
{
	struct rig *r = *state;
	for (int i = 0; i < 5000; i++)
		append(r, "MESSAGE_CREATE", 7, 5000);
	assert_int_equal(window_read(&r->window, &r->reader), JOURNAL_OVERTAKEN);
	assert_int_equal(r->window.at.pos, journal_tail(&r->reader).pos);
	read_all(r);
	assert_int_equal(r->window.at.pos, 5001);
	open_at(r, 4990, 512, "");
	assert_int_equal(collect(r), BATCH_HEAD);
}

static void any_position_is_found(void **state)
{
	struct rig *r = *state;
	struct journal_cursor at;
	for (int i = 0; i < 8000; i++)
		append(r, "MESSAGE_CREATE", 7, 1);
	read_all(r);
	for (uint64_t pos = journal_tail(&r->reader).pos; pos <= 8001; pos += 7) {
		assert_true(window_seek(&r->window, &r->reader, pos, &at));
		assert_int_equal(at.pos, pos);
		r->got.n = 0;
		assert_int_equal(journal_read(&r->reader, &at, &r->got, NULL, NULL),
				 pos <= 8000 ? JOURNAL_RECORD : JOURNAL_NOTHING);
	}
	r->got.n = 0;
	if (journal_tail(&r->reader).pos > 1)
		assert_false(window_seek(&r->window, &r->reader, 1, &at));
}

static void window_holds_16_mib_at_most(void **state)
{
	struct rig *r = *state;
	for (int i = 0; i < 1000; i++) {
		append(r, "GUILD_CREATE", 7, 100000);
		read_all(r);
	}
	uint64_t held = 0;
	for (uint64_t pos = r->window.first; pos < r->window.at.pos; pos++)
		held += window_at(&r->window, pos)->size;
	assert_in_range(held, WINDOW_BYTES / 2, WINDOW_BYTES + 100200);
	size_t memory = 0;
	for (size_t i = 0; i < WINDOW_SEGMENTS; i++)
		memory += r->window.segments[i].cap;
	assert_in_range(memory, 0, 2 * WINDOW_BYTES + 400000);
}

static void table_of_places_stays_bounded(void **state)
{
	struct rig *r = *state;
	for (int i = 0; i < 200000; i++) {
		append(r, "MESSAGE_CREATE", 7, 1);
		read_all(r);
	}
	assert_in_range(r->window.places_n, 1, WINDOW_PLACES);
	struct journal_cursor at;
	uint64_t tail = journal_tail(&r->reader).pos;
	assert_true(window_seek(&r->window, &r->reader, tail + 300, &at));
}

#define rigged(name) cmocka_unit_test_setup_teardown(name, rig_new, rig_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		rigged(near_the_head_comes_from_the_window),
		rigged(replay_is_flagged_and_cut_at_64),
		rigged(batch_is_closed_after_64_kib),
		rigged(credit_stops_in_front_of_the_next),
		rigged(what_is_not_wanted_is_passed_over),
		rigged(looks_are_bounded),
		rigged(large_event_waits_while_memory_is_short),
		rigged(what_left_the_window_comes_from_the_ring),
		rigged(overtaken_reader_is_told_the_new_tail),
		rigged(overtaken_window_starts_anew),
		rigged(any_position_is_found),
		rigged(window_holds_16_mib_at_most),
		rigged(table_of_places_stays_bounded),
	};
	return cmocka_run_group_tests(tests, test_dir_make, test_dir_remove);
}
