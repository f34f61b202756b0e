/* A kill after every single byte that an append stores, and after every word that opening repairs:
 * what is left is proved as the next opening would. */
#include "proto/journal_layout.h"
#include "test/dir.h"
#include "test/steps.h"

/* the units themselves, so that every store of theirs is a step */
#include "proto/journal.c"

#include "proto/journal_open.c"

enum { SIZE = 65536, SHARDS = 2 };

static struct journal j;
static struct why why;
static struct journal_options options = {
	.size = SIZE, .max_event = SIZE / 8, .shards = SHARDS, .now_ms = 1000};

/* What the file held at the kill, in memory of its own, since proving repairs. */
static struct journal left_behind(void)
{
	static uint64_t bytes[(HEADER_UNIT + 2 * SIZE) / 8];
	struct journal left = j;
	left.file.p = (uint8_t *)bytes;
	__builtin_memcpy(left.file.p, j.file.p, HEADER_UNIT + 2 * SIZE);
	left.last_pos = 0;
	return left;
}

static uint64_t newest(uint64_t pos)
{
	return 1ull << 32 | pos; /* session and s of the record at pos, whose shard is pos % 2 */
}

static void look(void)
{
	struct journal left = left_behind();
	const char *wrong = walk(&left);
	if (wrong)
		fail_msg("%s", wrong);
	if (left.last_pos != j.last_pos && left.last_pos != j.last_pos + 1)
		fail_msg("%llu, not %llu", (unsigned long long)left.last_pos,
			 (unsigned long long)j.last_pos);
	uint64_t slot = journal_slot(&left, left.last_pos % SHARDS);
	if (slot != newest(left.last_pos))
		fail_msg("slot %llx", (unsigned long long)slot);
	if (journal_head(&left).pos != left.last_pos + 1)
		fail_msg("the head is not behind the newest record");
}

static void append(size_t n)
{
	static const char payload[SIZE];
	uint64_t pos = j.last_pos + 1;
	struct wire_header h = {.session = 1,
				.s = (uint32_t)pos,
				.shard = pos % SHARDS,
				.topic = STR("MESSAGE_CREATE.1.2.")};
	assert_int_equal(journal_append(&j, &h, str_of(payload, n)), 0);
}

static void every_byte_of_an_append_leaves_a_good_journal(void **state)
{
	(void)state;
	options.dir = test_dir;
	assert_int_equal(journal_open_write(&j, &options, &why), 0);
	while (journal_load(&j, HEADER_TAIL) == 0)
		append(700);
	steps_taken = 0;
	steps_look = look;
	for (size_t i = 0; i < 60; i++)
		append(i * 7);
	append(5000); /* takes back several */
	steps_look = NULL;
	assert_true(steps_taken > 10000);
	journal_close(&j, false);
}

/* Killed while it repairs: what is left is repaired again. */
static void every_byte_of_an_opening_leaves_a_good_journal(void **state)
{
	(void)state;
	options.boot_id[3] = 7;
	assert_int_equal(journal_open_write(&j, &options, &why), 0);
	assert_true(j.is_new);
	for (int i = 0; i < 20; i++)
		append(100);
	journal_slot_set(&j, 0, newest(18));
	journal_close(&j, true);
	assert_int_equal(mapped_open(&j.file, in_dir("journal"), 0, 0, MAPPED_WRITE, &why), 0);
	assert_int_equal(mapped_twice(&j.file, HEADER_UNIT, &why), 0);
	steps_look = look;
	assert_null(walk(&j));
	steps_look = NULL;
	assert_int_equal(j.last_pos, 20);
	mapped_close(&j.file);
}

static void may_be_continued(void)
{
	struct journal left = left_behind();
	struct journal_options again = options;
	if (read_header(&left) || compare_header(&left, &again))
		fail_msg("it would be put aside");
}

/* The boot id changes only while the file is marked clean. */
static void a_kill_while_the_boot_id_changes_is_no_unclean_stop(void **state)
{
	(void)state;
	options.boot_id[3] = 9;
	assert_int_equal(mapped_open(&j.file, in_dir("journal"), 0, 0, MAPPED_WRITE, &why), 0);
	assert_int_equal(mapped_twice(&j.file, HEADER_UNIT, &why), 0);
	may_be_continued();
	steps_look = may_be_continued;
	begin_writing(&j, &options);
	steps_look = NULL;
	assert_int_equal(get_le32(j.file.p + HEADER_CLEAN), 0);
	mapped_close(&j.file);
}

int main(void)
{
	return run_unit_in_dir(test(every_byte_of_an_append_leaves_a_good_journal),
			       test(every_byte_of_an_opening_leaves_a_good_journal),
			       test(a_kill_while_the_boot_id_changes_is_no_unclean_stop));
}
