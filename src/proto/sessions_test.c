#include "base/bytes.h"
#include "proto/crc32c.h"
#include "proto/seal.h"
#include "proto/statefile.h"
#include "test/dir.h"
#include "test/steps.h"

/* the unit itself, so that every store of it is a step */
#include "proto/sessions.c"

#include <unistd.h>

enum { SHARDS = 3 };

static struct sessions f;
static struct why why;
static const uint8_t first_id[16] = {1, 2, 3}, second_id[16] = {9, 8, 7};

static int fresh(void **state)
{
	(void)state;
	unlink(in_dir("sessions"));
	unlink(in_dir("sessions.bad"));
	return sessions_open(&f, test_dir, SHARDS, first_id, 0, &why);
}

static int done(void **state)
{
	(void)state;
	sessions_close(&f);
	return 0;
}

static void open_again(uint32_t shards)
{
	sessions_close(&f);
	assert_int_equal(sessions_open(&f, test_dir, shards, second_id, 0, &why), 0);
}

static struct session_saved make(uint32_t session, char c)
{
	static char text[2][SESSION_URL_MAX];
	struct session_saved s = {.session = session,
				  .shards = 4,
				  .session_id = str_of(text[session % 2], 32),
				  .resume_url = str_of(text[session % 2], 100 + session % 100),
				  .application_id = session,
				  .user_id = 2 * session};
	(memset)(text[session % 2], c, SESSION_URL_MAX);
	(memset)(s.hash, c, sizeof s.hash);
	return s;
}

static void assert_saved(uint32_t session, char c)
{
	struct session_saved s;
	assert_true(sessions_get(&f, 1, &s));
	assert_true(s.session == session && s.shards == 4 && s.session_id.n == 32);
	assert_true(s.resume_url.n == 100 + session % 100 && s.resume_url.p[99] == c);
	assert_true(s.hash[31] == (uint8_t)c && s.session_id.p[0] == c);
	assert_true(s.application_id == session && s.user_id == 2 * session);
}

static void what_is_put_is_found_again(void **state)
{
	(void)state;
	struct session_saved s;
	assert_true(f.is_new && memcmp(f.id, first_id, 16) == 0);
	assert_false(sessions_get(&f, 1, &s));
	for (uint32_t i = 1; i <= 5; i++) {
		struct session_saved put = make(i, (char)('a' + i));
		assert_int_equal(sessions_put(&f, 1, &put), 0);
		sessions_last_set(&f, 1, (uint64_t)i << 32 | 77);
		open_again(SHARDS);
		assert_true(!f.is_new && memcmp(f.id, first_id, 16) == 0);
		assert_saved(i, (char)('a' + i));
		assert_int_equal(sessions_last(&f, 1), (uint64_t)i << 32 | 77);
	}
	assert_false(sessions_get(&f, 0, &s) || sessions_get(&f, 2, &s));
}

static void what_is_over_stays_over(void **state)
{
	(void)state;
	struct session_saved put = make(1, 'a'), s;
	assert_int_equal(sessions_over(&f, 1), 0);
	assert_int_equal(sessions_put(&f, 1, &put), 0);
	sessions_forget(&f, 1, 1);
	assert_false(sessions_get(&f, 1, &s));
	open_again(SHARDS);
	assert_false(sessions_get(&f, 1, &s));
	assert_int_equal(sessions_over(&f, 1), 1);
	assert_int_equal(sessions_over(&f, 0), 0);
	put = make(2, 'b');
	assert_int_equal(sessions_put(&f, 1, &put), 0);
	sessions_forget(&f, 1, 1);
	assert_saved(2, 'b');
	assert_int_equal(sessions_over(&f, 1), 1);
}

/* Numbers grow beyond what the refreshed word has room for. */
static void the_last_s_is_that_of_its_session(void **state)
{
	(void)state;
	static const uint32_t sessions[] = {1, 2, 40000, 65535, 65536, 65537, 200000, 4000000000};
	for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++) {
		uint64_t word = (uint64_t)sessions[i] << 32 | 77;
		if (sessions[i] > 32767)
			sessions_forget(&f, 2, sessions[i] - 3);
		sessions_last_set(&f, 2, word);
		assert_true(sessions_last(&f, 2) == word);
		sessions_forget(&f, 2, sessions[i] + 9);
		assert_true(sessions_last(&f, 2) == word);
	}
	sessions_last_set(&f, 2, 0);
	assert_int_equal(sessions_last(&f, 2), 0);
}

static void too_long_a_text_stores_nothing(void **state)
{
	(void)state;
	struct session_saved put = make(1, 'a');
	assert_int_equal(sessions_put(&f, 1, &put), 0);
	put.session = 2;
	put.session_id.n = SESSION_ID_MAX + 1;
	assert_int_equal(sessions_put(&f, 1, &put), -EMSGSIZE);
	assert_saved(1, 'a');
}

static void more_shards_keep_what_there_is(void **state)
{
	(void)state;
	struct session_saved put = make(1, 'a'), s;
	assert_int_equal(sessions_put(&f, 1, &put), 0);
	open_again(100);
	assert_int_equal(f.shards, 100);
	assert_false(f.is_new || sessions_get(&f, 99, &s));
	assert_saved(1, 'a');
	open_again(2);
	assert_int_equal(f.shards, 100); /* what is in it is to be seen, whoever asks for less */
	assert_saved(1, 'a');
}

/* Every byte of the one and of the other: the session goes on, and is in two copies again. */
static void one_damaged_copy_is_survived(void **state)
{
	(void)state;
	static const size_t copies[] = {AT_COPY0, AT_COPY1};
	struct session_saved put = make(1, 'a');
	assert_int_equal(sessions_put(&f, 1, &put), 0);
	put = make(2, 'b');
	assert_int_equal(sessions_put(&f, 1, &put), 0);
	for (size_t i = 0; i < 2; i++)
		for (size_t at = 0; at < COPY_BYTES; at++) {
			at_shard(&f, 1)[copies[i] + at] ^= 0x20;
			assert_saved(2, 'b');
			if (at % 97 == 0) {
				open_again(SHARDS);
				assert_int_equal(f.damaged, 1);
				open_again(SHARDS);
				assert_int_equal(f.damaged, 0);
			} else {
				at_shard(&f, 1)[copies[i] + at] ^= 0x20;
			}
			assert_saved(2, 'b');
		}
	assert_memory_equal(at_shard(&f, 1) + AT_COPY0, at_shard(&f, 1) + AT_COPY1, COPY_BYTES);
}

static void two_damaged_copies_are_counted_once(void **state)
{
	(void)state;
	struct session_saved put = make(1, 'a'), s;
	assert_int_equal(sessions_put(&f, 1, &put), 0);
	at_shard(&f, 1)[AT_COPY0 + 20] ^= 1;
	at_shard(&f, 1)[AT_COPY1 + 90] ^= 1;
	open_again(SHARDS);
	assert_int_equal(f.damaged, 2);
	assert_false(sessions_get(&f, 1, &s));
	open_again(SHARDS);
	assert_int_equal(f.damaged, 0);
}

static void a_turned_bit_in_a_word_is_found(void **state)
{
	(void)state;
	sessions_forget(&f, 1, 5);
	sessions_last_set(&f, 1, 6ull << 32 | 100);
	for (unsigned bit = 0; bit < 64; bit++) {
		at_shard(&f, 1)[AT_LAST + bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(sessions_last(&f, 1), 0);
		at_shard(&f, 1)[AT_LAST + bit / 8] ^= (uint8_t)(1 << bit % 8);
		for (size_t at = AT_OVER0; at <= AT_OVER1; at += AT_OVER1 - AT_OVER0) {
			at_shard(&f, 1)[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(sessions_over(&f, 1), 5);
			at_shard(&f, 1)[at + bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static uint32_t older, newer;

static void look(void)
{
	struct session_saved s;
	bool found = sessions_get(&f, 1, &s);
	if (found ? s.session != older && s.session != newer : older && newer)
		fail_msg("session %u, neither %u nor %u", found ? s.session : 0, older, newer);
	if (found && s.session_id.p[31] != (char)('a' + s.session))
		fail_msg("bytes of another session");
}

static void a_kill_while_putting_leaves_one_or_the_other(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 6; i++) {
		struct session_saved put = make(i, (char)('a' + i));
		older = i - 1;
		newer = i;
		steps_taken = 0;
		steps_look = look;
		assert_int_equal(sessions_put(&f, 1, &put), 0);
		steps_look = NULL;
		assert_true(steps_taken > (size_t)2 * COPY_BYTES);
		assert_memory_equal(at_shard(&f, 1) + AT_COPY0, at_shard(&f, 1) + AT_COPY1,
				    COPY_BYTES);
	}
	older = 6;
	newer = 0;
	steps_look = look;
	sessions_forget(&f, 1, 6);
	steps_look = NULL;
	struct session_saved s;
	assert_false(sessions_get(&f, 1, &s));
}

static void a_damaged_file_is_put_aside(void **state)
{
	(void)state;
	struct session_saved s, put = make(1, 'a');
	assert_int_equal(sessions_put(&f, 1, &put), 0);
	f.file.p[STATEFILE_MARK] ^= 1;
	open_again(SHARDS);
	assert_true(f.is_new && memcmp(f.id, second_id, 16) == 0);
	assert_non_null(strstr(f.reason.text, "header is damaged"));
	assert_false(sessions_get(&f, 1, &s));
	assert_int_equal(access(in_dir("sessions.bad"), F_OK), 0);
	assert_int_not_equal(access(in_dir("sessions.new"), F_OK), 0);
}

static void a_second_gateway_is_turned_away(void **state)
{
	(void)state;
	struct sessions second;
	assert_int_equal(sessions_open(&second, test_dir, SHARDS, first_id, 0, &why), -EWOULDBLOCK);
}

#define fresh_test(name) cmocka_unit_test_setup_teardown(name, fresh, done)

int main(void)
{
	return run_unit_in_dir(fresh_test(what_is_put_is_found_again),
			       fresh_test(what_is_over_stays_over),
			       fresh_test(the_last_s_is_that_of_its_session),
			       fresh_test(too_long_a_text_stores_nothing),
			       fresh_test(more_shards_keep_what_there_is),
			       fresh_test(one_damaged_copy_is_survived),
			       fresh_test(two_damaged_copies_are_counted_once),
			       fresh_test(a_turned_bit_in_a_word_is_found),
			       fresh_test(a_kill_while_putting_leaves_one_or_the_other),
			       fresh_test(a_damaged_file_is_put_aside),
			       fresh_test(a_second_gateway_is_turned_away));
}
