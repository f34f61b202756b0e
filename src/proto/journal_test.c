#include "proto/journal.h"

#include "proto/discord.h"
#include "proto/journal_layout.h"
#include "test/dir.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE = 65536 };

static struct why why;
static struct journal_options options = {
	.size = SIZE, .max_event = SIZE / 8, .shards = 4, .now_ms = 1000};

static int fresh(void **state)
{
	(void)state;
	options = (struct journal_options){
		.dir = test_dir, .size = SIZE, .max_event = SIZE / 8, .shards = 4, .now_ms = 1000};
	unlink(in_dir("journal"));
	unlink(in_dir("journal.bad"));
	return 0;
}

static struct journal open_writer(void)
{
	struct journal j;
	if (journal_open_write(&j, &options, &why) != 0)
		fail_msg("%s", why.text);
	return j;
}

static struct journal open_reader(void)
{
	struct journal j;
	if (journal_open_read(&j, test_dir, &why) != 0)
		fail_msg("%s", why.text);
	return j;
}

static int append(struct journal *j, uint32_t shard, uint32_t session, uint32_t s, size_t n)
{
	static char payload[SIZE];
	struct wire_header h = {.type = 60,
				.shard = shard,
				.session = session,
				.s = s,
				.guild_id = 7,
				.topic = STR("MESSAGE_CREATE.7.9.")};
	memset(payload, 'a' + (int)(s % 26), sizeof payload);
	return journal_append(j, &h, str_of(payload, n));
}

static bool exists(const char *name)
{
	return access(in_dir(name), F_OK) == 0;
}

static void what_is_appended_is_read(void **state)
{
	(void)state;
	struct journal w = open_writer(), r = open_reader();
	struct journal_cursor at = journal_tail(&r);
	struct buf out = {0};
	struct wire_header h;
	struct str payload, rest;
	assert_true(w.is_new && w.epoch == 1000 && r.epoch == 1000);
	assert_true(at.pos == 1 && journal_head(&r).pos == 1);
	assert_int_equal(journal_read(&r, &at, &out, &h, &payload), JOURNAL_NOTHING);
	assert_int_equal(append(&w, 2, 5, 17, 100), 0);
	assert_int_equal(append(&w, 2, 5, 18, 0), 0);
	assert_int_equal(journal_read(&r, &at, &out, &h, &payload), JOURNAL_RECORD);
	assert_true(h.pos == 1 && h.epoch == 1000 && h.shard == 2 && h.session == 5 && h.s == 17);
	assert_str(h.topic, "MESSAGE_CREATE.7.9.");
	assert_true(payload.n == 100 && payload.p[99] == 'a' + 17);
	assert_int_equal(h.crc, crc32c(0, payload.p, payload.n));
	assert_int_equal(journal_read(&r, &at, &out, NULL, NULL), JOURNAL_RECORD);
	assert_int_equal(journal_read(&r, &at, &out, NULL, NULL), JOURNAL_NOTHING);
	assert_true(at.pos == 3 && journal_head(&r).offset == at.offset);
	rest = buf_str(&out);
	assert_true(wire_record_next(&rest, &h, &payload) == 1 && h.pos == 1);
	assert_true(wire_record_next(&rest, &h, &payload) == 1 && h.pos == 2 && payload.n == 0);
	assert_int_equal(wire_record_next(&rest, &h, &payload), 0);
	assert_true(journal_slot(&r, 2) == (5ull << 32 | 18) && journal_slot(&r, 0) == 0);
	buf_done(&out);
	journal_close(&r, false);
	journal_close(&w, true);
}

static void the_files_are_private(void **state)
{
	(void)state;
	struct stat st;
	struct journal w = open_writer();
	assert_int_equal(stat(in_dir("journal"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	journal_close(&w, true);
}

static void many_laps_keep_the_order(void **state)
{
	(void)state;
	struct journal w = open_writer(), r = open_reader();
	struct journal_cursor at = journal_tail(&r);
	struct buf out = {0};
	struct str payload;
	for (uint32_t s = 1; s <= 2000; s++) {
		size_t n = s * 37 % 5000;
		assert_int_equal(append(&w, 0, 1, s, n), 0);
		out.n = 0;
		assert_int_equal(journal_read(&r, &at, &out, NULL, &payload), JOURNAL_RECORD);
		assert_true(payload.n == n && (n == 0 || payload.p[n - 1] == 'a' + (char)(s % 26)));
	}
	assert_true(at.offset > 50 * SIZE && at.pos == 2001);
	buf_done(&out);
	journal_close(&r, false);
	journal_close(&w, true);
}

static void a_slow_reader_is_told_and_goes_on_at_the_tail(void **state)
{
	(void)state;
	struct journal w = open_writer(), r = open_reader();
	struct journal_cursor at = journal_tail(&r), tail;
	struct buf out = {0};
	struct wire_header h;
	for (uint32_t s = 1; s <= 500; s++)
		assert_int_equal(append(&w, 0, 1, s, 1000), 0);
	tail = journal_tail(&r);
	assert_int_equal(journal_read(&r, &at, &out, &h, NULL), JOURNAL_OVERTAKEN);
	assert_true(out.n == 0 && at.offset == tail.offset && at.pos == tail.pos && at.pos > 1);
	for (uint64_t pos = at.pos; pos <= 500; pos++) {
		assert_int_equal(journal_read(&r, &at, &out, &h, NULL), JOURNAL_RECORD);
		assert_int_equal(h.pos, pos);
	}
	buf_done(&out);
	journal_close(&r, false);
	journal_close(&w, true);
}

static void a_quarter_fits_and_more_is_refused(void **state)
{
	(void)state;
	struct journal w = open_writer();
	size_t most = SIZE / 4 - RECORD_LEAST - sizeof "MESSAGE_CREATE.7.9." + 1;
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(append(&w, 0, 1, 2 * i + 1, most), 0);
	assert_int_equal(append(&w, 0, 1, 99, most + 8), -EMSGSIZE);
	assert_true(w.last_pos == 20 && journal_slot(&w, 0) == (1ull << 32 | 39));
	journal_close(&w, false);
	w = open_writer();
	assert_true(!w.is_new && w.last_pos == 20);
	journal_close(&w, true);
}

static void opening_again_goes_on(void **state)
{
	(void)state;
	for (uint32_t round = 1; round <= 5; round++) {
		struct journal w = open_writer();
		assert_true(w.is_new == (round == 1) && w.epoch == 1000);
		assert_true(w.incarnation == round && w.last_pos == (round - 1) * 100);
		for (uint32_t s = 1; s <= 100; s++)
			assert_int_equal(append(&w, 1, round, s, 700), 0);
		journal_close(&w, round % 2);
		options.now_ms += 1000;
	}
	struct journal w = open_writer();
	assert_int_equal(journal_slot(&w, 1), 5ull << 32 | 100);
	journal_close(&w, true);
}

static void a_second_writer_is_turned_away(void **state)
{
	(void)state;
	struct journal w = open_writer(), second;
	assert_int_equal(journal_open_write(&second, &options, &why), -EWOULDBLOCK);
	journal_close(&w, true);
	second = open_writer();
	assert_false(second.is_new);
	journal_close(&second, true);
}

static void a_kill_before_the_slot_is_repaired(void **state)
{
	(void)state;
	struct journal w = open_writer();
	append(&w, 3, 1, 41, 10);
	append(&w, 3, 1, 42, 10);
	journal_slot_set(&w, 3, 1ull << 32 | 41);
	journal_store(&w, HEADER_LAST, 0);
	journal_close(&w, false);
	w = open_writer();
	assert_true(!w.is_new && journal_slot(&w, 3) == (1ull << 32 | 42));
	assert_int_equal(journal_head(&w).pos, 3);
	journal_close(&w, false);
}

/* Of every shard with a record in the ring, not of the newest alone. */
static void a_damaged_slot_is_repaired_from_the_records(void **state)
{
	(void)state;
	struct journal w = open_writer();
	append(&w, 2, 4, 1040, 10);
	append(&w, 2, 4, 1041, 10);
	append(&w, 3, 1, 42, 10);
	for (unsigned bit = 0; bit < 64; bit++) {
		*journal_word(&w, HEADER_SLOTS + 16) ^= 1ull << bit;
		assert_int_equal(journal_slot(&w, 2), 0);
		journal_close(&w, false);
		w = open_writer();
		assert_true(!w.is_new && journal_slot(&w, 2) == (4ull << 32 | 1041));
		assert_true(journal_slot(&w, 3) == (1ull << 32 | 42));
	}
	journal_close(&w, false);
}

/* What is resumed from is not lost with a record: the slots have checks of their own. */
static void a_damaged_record_leaves_the_slots(void **state)
{
	(void)state;
	struct journal w = open_writer();
	append(&w, 2, 4, 1041, 10);
	append(&w, 3, 1, 42, 10);
	journal_at(&w, 0)[100] ^= 1;
	*journal_word(&w, HEADER_SLOTS + 24) ^= 1;
	journal_close(&w, false);
	w = open_writer();
	assert_true(w.is_new && journal_slot(&w, 2) == (4ull << 32 | 1041));
	assert_int_equal(journal_slot(&w, 3), 0);
	journal_close(&w, false);
}

static void a_session_noted_after_the_last_record_stays(void **state)
{
	(void)state;
	struct journal w = open_writer();
	append(&w, 3, 1, 42, 10);
	journal_slot_set(&w, 3, 2ull << 32);
	journal_close(&w, false);
	w = open_writer();
	assert_true(!w.is_new && journal_slot(&w, 3) == 2ull << 32);
	journal_close(&w, false);
}

static void what_lies_behind_the_head_does_not_count(void **state)
{
	(void)state;
	struct journal w = open_writer();
	append(&w, 0, 1, 1, 100);
	uint64_t head = journal_load(&w, HEADER_HEAD);
	append(&w, 0, 1, 2, 100);
	journal_store(&w, HEADER_HEAD, head);
	journal_store(&w, HEADER_LAST, 0);
	journal_slot_set(&w, 0, 1ull << 32 | 1);
	memset(journal_at(&w, head) + 50, 0x55, 60);
	journal_close(&w, false);
	w = open_writer();
	assert_true(!w.is_new && w.last_pos == 1);
	assert_int_equal(append(&w, 0, 1, 2, 50), 0);
	assert_int_equal(journal_head(&w).pos, 3);
	journal_close(&w, false);
}

/* What each change to the options or the file makes of the journal at the next open. */
static void expect_new(const char *reason)
{
	struct journal w = open_writer();
	if (!w.is_new || !strstr(w.reason.text, reason))
		fail_msg("new %d: \"%s\", not \"%s\"", w.is_new, w.reason.text, reason);
	assert_true(w.epoch > 1000 && w.last_pos == 0 && journal_slot(&w, 0) == 0);
	assert_true(exists("journal.bad") && !exists("journal.new"));
	assert_int_equal(append(&w, 0, 1, 1, 5), 0);
	journal_close(&w, false);
}

static void make_old(bool is_clean)
{
	struct journal w = open_writer();
	append(&w, 0, 1, 1, 5);
	journal_close(&w, is_clean);
}

static void a_foreign_journal_is_put_aside(void **state)
{
	(void)state;
	make_old(true);
	options.id[15] = 1;
	expect_new("other sessions");
}

static void a_resized_journal_is_put_aside(void **state)
{
	(void)state;
	make_old(true);
	options.size *= 2;
	expect_new("another size");
}

static void more_shards_than_slots_begin_anew(void **state)
{
	(void)state;
	make_old(true);
	options.shards = (HEADER_UNIT - HEADER_SLOTS) / 8;
	struct journal w = open_writer();
	assert_true(!w.is_new && w.shards == options.shards);
	journal_close(&w, true);
	options.shards++;
	expect_new("more shards");
	w = open_writer();
	assert_true(!w.is_new && w.shards >= options.shards);
	journal_slot_set(&w, options.shards - 1, 77);
	journal_close(&w, true);
}

static void another_boot_wants_a_clean_stop(void **state)
{
	(void)state;
	make_old(true);
	options.boot_id[0] = 9;
	struct journal w = open_writer();
	assert_true(!w.is_new && w.last_pos == 1);
	journal_close(&w, false);
	w = open_writer();
	assert_false(w.is_new);
	journal_close(&w, false);
	options.boot_id[0] = 10;
	expect_new("without a clean stop");
}

static void the_epoch_grows_though_the_clock_went_back(void **state)
{
	(void)state;
	make_old(true);
	options.now_ms = 3;
	options.id[0] = 1;
	struct journal w = open_writer();
	assert_true(w.is_new && w.epoch == 1001);
	journal_close(&w, true);
}

static void an_empty_or_short_file_begins_anew(void **state)
{
	(void)state;
	make_old(true);
	assert_int_equal(truncate(in_dir("journal"), HEADER_UNIT + SIZE / 2), 0);
	expect_new("header is damaged");
	assert_int_equal(truncate(in_dir("journal"), 100), 0);
	options.now_ms = 3000;
	expect_new("no journal");
	assert_int_equal(truncate(in_dir("journal"), 0), 0);
	struct journal w = open_writer();
	assert_true(w.is_new && w.epoch == 3000);
	journal_close(&w, true);
}

/* Flips one byte of the file at a time, with the mapping of a second process's eyes. */
static void every_damaged_byte_is_noticed(void **state)
{
	(void)state;
	struct journal w = open_writer();
	append(&w, 0, 1, 1, 101);
	append(&w, 0, 1, 2, 40);
	uint64_t head = journal_load(&w, HEADER_HEAD);
	journal_close(&w, false);
	size_t first = RECORD_LEAST + 19 + 101, second = record_size(56 + 19, 101);
	for (size_t at = 0; at < head; at++) {
		if (at >= first && at < second)
			continue; /* padding */
		if (at >= second + RECORD_LEAST + 19 + 40)
			break;
		struct mapped m;
		struct journal r = open_reader();
		struct journal_cursor c = journal_tail(&r);
		struct buf out = {0};
		assert_int_equal(mapped_open(&m, in_dir("journal"), 0, 0, MAPPED_WRITE, &why), 0);
		m.p[HEADER_UNIT + at] ^= 0x10;
		struct wire_header h[2] = {0};
		for (size_t i = 0; i < 2; i++)
			if (journal_read(&r, &c, &out, &h[i], NULL) != JOURNAL_RECORD)
				fail_msg("nothing is read with byte %zu", at);
		bool is_second = at >= second;
		if (h[is_second].type != EVENT_TUTTI_SKIPPED ||
		    h[is_second].pos != 1u + is_second || h[!is_second].type == EVENT_TUTTI_SKIPPED)
			fail_msg("the reader did not see byte %zu", at);
		assert_int_equal(journal_read(&r, &c, &out, NULL, NULL), JOURNAL_NOTHING);
		options.id[0] = 0;
		assert_int_equal(link(in_dir("journal"), in_dir("spare")), 0);
		w = open_writer();
		if (!w.is_new)
			fail_msg("the writer did not see byte %zu", at);
		journal_close(&w, false);
		m.p[HEADER_UNIT + at] ^= 0x10;
		mapped_close(&m);
		assert_int_equal(rename(in_dir("spare"), in_dir("journal")), 0);
		buf_done(&out);
		journal_close(&r, false);
	}
}

/* From byte at on, n bytes of what was appended are gone: what is read of five records. */
static void expect_read(size_t at, size_t n, const char *wanted)
{
	char got[8] = {0};
	unlink(in_dir("journal"));
	struct journal w = open_writer(), r;
	struct buf out = {0};
	struct wire_header h;
	struct str payload;
	for (uint32_t s = 1; s <= 5; s++)
		append(&w, 0, 1, s, 40);
	r = open_reader();
	struct journal_cursor c = journal_tail(&r);
	memset(journal_at(&w, at), 0, n);
	for (size_t i = 0; i < 6; i++) {
		enum journal_got what = journal_read(&r, &c, &out, &h, &payload);
		bool is_skipped = what == JOURNAL_RECORD && h.type == EVENT_TUTTI_SKIPPED;
		if (is_skipped && !strstr(payload.p, "damaged in the journal"))
			fail_msg("nobody says why");
		if (what == JOURNAL_RECORD && h.pos != i + 1)
			fail_msg("pos %u for %zu", (unsigned)h.pos, i + 1);
		got[i] = is_skipped ? 'S' : "-ROD"[what];
		if (what != JOURNAL_RECORD)
			break;
	}
	assert_string_equal(got, wanted);
	buf_done(&out);
	journal_close(&r, false);
	journal_close(&w, false);
}

static void what_is_damaged_is_announced_in_its_place(void **state)
{
	(void)state;
	const size_t one = record_size(56 + 19, 40);
	expect_read(one + RECORD_LEAST + 19, 8, "RSRRR-"); /* a payload */
	expect_read(one, 8, "RSRRR-");                     /* where the record begins */
	expect_read(one + 4, 2 * one, "RSSSR-");
	expect_read(4 * one, one, "RRRRS-"); /* the newest */
	expect_read(3 * one, 2 * one, "RRRD");
	expect_read(0, 8, "SRRRR-"); /* known before it was damaged */
}

/* Who begins to read only then begins at the next that is whole: before it is behind the horizon. */
static void behind_a_damaged_tail_it_goes_on(void **state)
{
	(void)state;
	unlink(in_dir("journal"));
	struct journal w = open_writer();
	for (uint32_t s = 1; s <= 3; s++)
		append(&w, 0, 1, s, 40);
	memset(journal_at(&w, 0), 0, 100);
	struct journal r = open_reader();
	assert_int_equal(journal_tail(&r).pos, 2);
	memset(journal_at(&w, 0), 0, 3 * record_size(56 + 19, 40));
	assert_int_equal(journal_tail(&r).pos, 0);
	journal_close(&r, false);
	journal_close(&w, false);
}

static void a_reader_sees_that_it_was_replaced(void **state)
{
	(void)state;
	make_old(true);
	struct journal r = open_reader(), again;
	struct journal_cursor at = journal_tail(&r);
	struct buf out = {0};
	assert_false(journal_is_replaced(&r, test_dir));
	options.size *= 2;
	make_old(true);
	assert_true(journal_is_replaced(&r, test_dir));
	assert_int_equal(journal_read(&r, &at, &out, NULL, NULL), JOURNAL_RECORD);
	again = open_reader();
	assert_true(again.epoch > r.epoch && !journal_is_replaced(&again, test_dir));
	unlink(in_dir("journal"));
	assert_false(journal_is_replaced(&again, test_dir));
	buf_done(&out);
	journal_close(&r, false);
	journal_close(&again, false);
}

static void what_is_no_journal_is_not_read(void **state)
{
	(void)state;
	struct journal r;
	struct mapped m;
	assert_int_equal(journal_open_read(&r, test_dir, &why), -ENOENT);
	assert_int_equal(mapped_open(&m, in_dir("journal"), 200000, 0, MAPPED_WRITE, &why), 0);
	memset(m.p, 'x', m.n);
	assert_int_equal(journal_open_read(&r, test_dir, &why), -EBADMSG);
	mapped_close(&m);
}

static void sizes_that_cannot_be_are_refused(void **state)
{
	(void)state;
	struct journal w;
	options.size = SIZE + 4096;
	assert_int_equal(journal_open_write(&w, &options, &why), -EINVAL);
	options.size = SIZE / 2;
	assert_int_equal(journal_open_write(&w, &options, &why), -EINVAL);
	options.size = SIZE;
	options.max_event = SIZE / 8 + 1;
	assert_int_equal(journal_open_write(&w, &options, &why), -EINVAL);
	assert_non_null(strstr(why.text, "8 x max_event"));
	assert_false(exists("journal") || exists("journal.new"));
}

#define fresh_test(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	return run_unit_in_dir(
		fresh_test(what_is_appended_is_read), fresh_test(the_files_are_private),
		fresh_test(many_laps_keep_the_order),
		fresh_test(a_slow_reader_is_told_and_goes_on_at_the_tail),
		fresh_test(a_quarter_fits_and_more_is_refused), fresh_test(opening_again_goes_on),
		fresh_test(a_second_writer_is_turned_away),
		fresh_test(a_kill_before_the_slot_is_repaired),
		fresh_test(a_damaged_slot_is_repaired_from_the_records),
		fresh_test(a_session_noted_after_the_last_record_stays),
		fresh_test(what_lies_behind_the_head_does_not_count),
		fresh_test(a_foreign_journal_is_put_aside),
		fresh_test(a_resized_journal_is_put_aside),
		fresh_test(more_shards_than_slots_begin_anew),
		fresh_test(another_boot_wants_a_clean_stop),
		fresh_test(the_epoch_grows_though_the_clock_went_back),
		fresh_test(an_empty_or_short_file_begins_anew),
		fresh_test(a_damaged_record_leaves_the_slots), test(every_damaged_byte_is_noticed),
		test(what_is_damaged_is_announced_in_its_place),
		test(behind_a_damaged_tail_it_goes_on),
		fresh_test(a_reader_sees_that_it_was_replaced),
		fresh_test(what_is_no_journal_is_not_read),
		fresh_test(sizes_that_cannot_be_are_refused));
}
