#include "gateway/state.h"

#include "proto/discord.h"
#include "proto/statefile.h"
#include "test/dir.h"

#include <errno.h>
#include <unistd.h>

struct kept {
	struct journal journal;
	struct state state;
};

static const char *api_url = "https://discord.com/api/v10";

static void keep_open(struct kept *k, const char *name, const char *token, uint32_t intents)
{
	struct why why;
	struct journal_options options = {
		.dir = in_dir(name), .size = 65536, .max_event = 4096, .shards = 4, .now_ms = 1};
	const struct state_identity identity = {
		.api_url = str_c(api_url), .token = str_c(token), .intents = intents};
	memset(k, 0, sizeof *k);
	assert_int_equal(mapped_mkdir(options.dir, &why), 0);
	assert_int_equal(state_open(&k->state, options.dir, 4, &identity, &why), 0);
	memcpy(options.id, k->state.sessions.id, sizeof options.id);
	assert_int_equal(journal_open_write(&k->journal, &options, &why), 0);
	k->state.journal = &k->journal;
	state_heed(&k->state);
}

static void keep_close(struct kept *k)
{
	journal_close(&k->journal, false); /* as a SIGKILL leaves it */
	state_close(&k->state);
}

static struct session_resume begin(struct kept *k, uint32_t shard)
{
	struct session_resume resume = {.id = "abc", .url = "wss://a.discord.gg"};
	const struct envelope_ready ready = {.user_id = 2, .application_id = 3};
	assert_int_equal(state_begin(&k->state, shard, 4, &resume, &ready), 0);
	return resume;
}

static void put(struct kept *k, uint32_t shard, uint32_t session, uint32_t s)
{
	struct wire_header h = {
		.shard = shard, .session = session, .s = s, .topic = STR("RESUMED.0.0.")};
	assert_int_equal(journal_append(&k->journal, &h, STR("{}")), 0);
}

static void a_session_is_found_again_with_its_last_s(void **state)
{
	struct kept k;
	struct session_resume resume;
	(void)state;
	keep_open(&k, "a", "token", 7);
	assert_int_equal(state_resume(&k.state, 1, 4, &resume), STATE_NONE);
	assert_int_equal(begin(&k, 1).number, 1);
	put(&k, 1, 1, 41);
	put(&k, 1, 1, 42);
	keep_close(&k);
	keep_open(&k, "a", "token", 7);
	assert_int_equal(state_shards(&k.state), 4);
	assert_int_equal(state_resume(&k.state, 1, 4, &resume), STATE_ALIVE);
	assert_string_equal(resume.id, "abc");
	assert_string_equal(resume.url, "wss://a.discord.gg");
	assert_int_equal(resume.number, 1);
	assert_int_equal(resume.s, 42);
	assert_int_equal(state_resume(&k.state, 2, 4, &resume), STATE_NONE);
	keep_close(&k);
}

static void another_token_number_or_intents_make_it_old(void **state)
{
	struct kept k;
	struct session_resume resume;
	(void)state;
	keep_open(&k, "b", "token.a", 7);
	begin(&k, 0);
	assert_int_equal(state_resume(&k.state, 0, 5, &resume), STATE_OLD);
	assert_int_equal(resume.number, 1);
	assert_string_equal(resume.id, "");
	keep_close(&k);
	keep_open(&k, "b", "token.b", 7);
	assert_int_equal(state_resume(&k.state, 0, 4, &resume), STATE_OLD);
	assert_int_equal(state_shards(&k.state), 0);
	keep_close(&k);
	keep_open(&k, "b", "token.a", 6);
	assert_int_equal(state_resume(&k.state, 0, 4, &resume), STATE_OLD);
	keep_close(&k);
}

static void a_new_session_does_not_take_the_s_of_the_old_one(void **state)
{
	struct kept k;
	struct session_resume resume;
	(void)state;
	keep_open(&k, "c", "token", 7);
	begin(&k, 0);
	put(&k, 0, 1, 1000);
	state_refresh(&k.state, 0, 4);
	assert_int_equal(begin(&k, 0).number, 2);
	/* killed before its READY was journaled */
	keep_close(&k);
	keep_open(&k, "c", "token", 7);
	assert_int_equal(state_resume(&k.state, 0, 4, &resume), STATE_ALIVE);
	assert_int_equal(resume.number, 2);
	assert_int_equal(resume.s, 0);
	keep_close(&k);
}

static void without_the_journal_the_refreshed_s_is_used(void **state)
{
	struct kept k;
	struct session_resume resume;
	char command[600];
	(void)state;
	keep_open(&k, "d", "token", 7);
	begin(&k, 0);
	put(&k, 0, 1, 30);
	state_refresh(&k.state, 0, 4);
	put(&k, 0, 1, 31);
	keep_close(&k);
	snprintf(command, sizeof command, "rm '%s/journal'", in_dir("d"));
	assert_int_equal(system(command), 0);
	keep_open(&k, "d", "token", 7);
	assert_true(k.journal.is_new);
	assert_int_equal(state_resume(&k.state, 0, 4, &resume), STATE_ALIVE);
	assert_int_equal(resume.s, 30);
	keep_close(&k);
}

static void a_session_that_is_over_is_not_found(void **state)
{
	struct kept k;
	struct session_resume resume;
	(void)state;
	keep_open(&k, "e", "token", 7);
	begin(&k, 0);
	state_forget(&k.state, 0, 1);
	assert_int_equal(state_resume(&k.state, 0, 4, &resume), STATE_NONE);
	assert_int_equal(begin(&k, 0).number, 2);
	keep_close(&k);
}

static void one_that_cannot_be_written_down_ends_with_the_process(void **state)
{
	struct kept k;
	struct session_resume resume = {.id = "abc"};
	const struct envelope_ready ready = {0};
	(void)state;
	memset(resume.url, 'u', 400);
	keep_open(&k, "f", "token", 7);
	begin(&k, 0);
	assert_true(state_begin(&k.state, 0, 4, &resume, &ready) < 0);
	assert_int_equal(resume.number, 2);
	/* and its successor says so, although the one before is still in the file */
	assert_int_equal(state_resume(&k.state, 0, 4, &resume), STATE_GONE);
	assert_int_equal(resume.number, 2);
	keep_close(&k);
}

static void damage(struct kept *k, uint32_t shard)
{
	uint8_t *p = k->state.sessions.file.p + 4096 + 1024 * (size_t)shard;
	p[32 + 80] ^= 1;
	p[512 + 80] ^= 1;
}

/* Exactly one announcement, and no number that was given away before. */
static void assert_gone_once(struct kept *k, uint32_t shard, uint32_t session)
{
	struct session_resume resume;
	assert_int_equal(state_resume(&k->state, shard, 4, &resume), STATE_GONE);
	assert_int_equal(resume.number, session);
	state_forget(&k->state, shard, session);
	assert_int_equal(state_resume(&k->state, shard, 4, &resume), STATE_NONE);
	assert_int_equal(begin(k, shard).number, session + 1);
	assert_int_equal(state_resume(&k->state, shard, 4, &resume), STATE_ALIVE);
}

static void a_session_without_a_whole_copy_is_known_to_be_gone(void **state)
{
	struct kept k;
	(void)state;
	keep_open(&k, "h", "token", 7);
	begin(&k, 0);
	begin(&k, 1);
	put(&k, 1, 1, 9);
	state_refresh(&k.state, 0, 2);
	damage(&k, 0);
	damage(&k, 1);
	keep_close(&k);
	keep_open(&k, "h", "token", 7);
	assert_int_equal(k.state.sessions.damaged, 4);
	assert_gone_once(&k, 0, 1);
	keep_close(&k);
	assert_int_equal(unlink(in_dir("h/journal")), 0); /* the file alone knows it, too */
	keep_open(&k, "h", "token", 7);
	assert_gone_once(&k, 1, 1);
	keep_close(&k);
}

static void copy_file(const char *from, const char *name, const char *to, const char *as)
{
	char command[1200];
	int n = snprintf(command, sizeof command, "cp '%s/%s'", in_dir(from), name);
	snprintf(command + n, sizeof command - (size_t)n, " '%s/%s'", in_dir(to), as);
	assert_int_equal(system(command), 0);
}

static void copy(const char *from, const char *to)
{
	copy_file(from, "sessions", to, "sessions");
}

static void a_directory_from_an_older_copy_gives_no_number_away_twice(void **state)
{
	struct kept k;
	struct why why;
	(void)state;
	assert_int_equal(mapped_mkdir(in_dir("old"), &why), 0);
	keep_open(&k, "i", "token", 7);
	begin(&k, 0);
	put(&k, 0, 1, 41);
	keep_close(&k);
	copy("i", "old");
	keep_open(&k, "i", "token", 7);
	state_forget(&k.state, 0, 1);
	assert_int_equal(begin(&k, 0).number, 2);
	put(&k, 0, 2, 5);
	keep_close(&k);
	copy("old", "i");
	keep_open(&k, "i", "token", 7);
	assert_false(k.journal.is_new);
	assert_gone_once(&k, 0, 2);
	keep_close(&k);
}

/* As a kill between the record and state_forget() leaves it. */
static void what_the_journal_has_announced_is_not_announced_again(void **state)
{
	struct kept k;
	struct session_resume resume;
	struct wire_header h = {.flags = WIRE_MADE_HERE,
				.type = EVENT_TUTTI_SESSION_LOST,
				.shard = 2,
				.session = 1,
				.topic = STR("TUTTI_SESSION_LOST.0.0.")};
	(void)state;
	keep_open(&k, "l", "token", 7);
	begin(&k, 1);
	begin(&k, 2);
	put(&k, 1, 1, 5);
	assert_int_equal(journal_append(&k.journal, &h, STR("{}")), 0);
	keep_close(&k);
	keep_open(&k, "l", "token", 7);
	assert_int_equal(state_resume(&k.state, 2, 4, &resume), STATE_NONE);
	assert_int_equal(state_resume(&k.state, 1, 4, &resume), STATE_ALIVE);
	assert_int_equal(begin(&k, 2).number, 2);
	keep_close(&k);
	keep_open(&k, "l", "token", 7); /* its successor is not meant */
	assert_int_equal(state_resume(&k.state, 2, 4, &resume), STATE_ALIVE);
	keep_close(&k);
}

static void a_journal_that_was_put_back_is_older_than_the_sessions(void **state)
{
	struct kept k;
	(void)state;
	keep_open(&k, "n", "token", 7);
	begin(&k, 0);
	put(&k, 0, 1, 41);
	state_refresh(&k.state, 0, 4);
	keep_close(&k);
	copy_file("n", "journal", "n", "older");
	keep_open(&k, "n", "token", 7);
	put(&k, 0, 1, 42);
	state_refresh(&k.state, 0, 4);
	keep_close(&k);
	keep_open(&k, "n", "token", 7);
	assert_false(state_is_ahead(&k.state));
	keep_close(&k);
	copy_file("n", "older", "n", "journal");
	keep_open(&k, "n", "token", 7);
	assert_true(!k.journal.is_new && state_is_ahead(&k.state));
	keep_close(&k);
}

/* The slot of a shard whose last record has left the ring has no other witness in the journal. */
static void a_damaged_slot_without_a_record_is_not_believed(void **state)
{
	struct kept k;
	struct session_resume resume;
	(void)state;
	keep_open(&k, "m", "token", 7);
	begin(&k, 1);
	put(&k, 1, 1, 41);
	state_refresh(&k.state, 0, 4);
	for (uint32_t s = 1; s < 2000; s++)
		put(&k, 0, 1, s);
	for (unsigned bit = 0; bit < 64; bit++) {
		uint8_t *slot = k.journal.file.p + 4096 + 8;
		slot[bit / 8] ^= (uint8_t)(1 << bit % 8);
		state_refresh(&k.state, 0, 4);
		keep_close(&k);
		keep_open(&k, "m", "token", 7);
		assert_false(k.journal.is_new);
		assert_int_equal(state_resume(&k.state, 1, 4, &resume), STATE_ALIVE);
		assert_true(resume.number == 1 && resume.s == 41);
	}
	keep_close(&k);
}

static void a_shard_that_is_not_ours_is_never_alive(void **state)
{
	struct kept k;
	struct session_resume resume;
	(void)state;
	keep_open(&k, "j", "token", 7);
	assert_false(state_is_used(&k.state));
	begin(&k, 3);
	assert_true(state_is_used(&k.state));
	assert_true(state_room(&k.state) >= 4);
	assert_int_equal(state_resume(&k.state, 3, 0, &resume), STATE_OLD);
	assert_int_equal(resume.number, 1);
	state_forget(&k.state, 3, 1);
	assert_int_equal(state_resume(&k.state, 3, 4, &resume), STATE_NONE);
	assert_true(state_is_used(&k.state));
	keep_close(&k);
}

/* Its slot is what is refreshed from: a stop before the first event must not forget the s. */
static void a_new_journal_knows_the_s_that_it_goes_on_from(void **state)
{
	struct kept k;
	struct session_resume resume;
	(void)state;
	keep_open(&k, "k", "token", 7);
	begin(&k, 0);
	put(&k, 0, 1, 30);
	state_refresh(&k.state, 0, 4);
	for (int i = 0; i < 3; i++) {
		keep_close(&k);
		assert_int_equal(unlink(in_dir("k/journal")), 0);
		keep_open(&k, "k", "token", 7);
		assert_int_equal(state_resume(&k.state, 0, 4, &resume), STATE_ALIVE);
		assert_int_equal(resume.s, 30);
		state_refresh(&k.state, 0, 4);
	}
	keep_close(&k);
}

static void the_file_holds_no_token(void **state)
{
	struct kept k;
	(void)state;
	keep_open(&k, "g", "canary-token-0123456789", 7);
	begin(&k, 0);
	assert_null(memmem(k.state.sessions.file.p, k.state.sessions.file.n, "canary", 6));
	keep_close(&k);
}

/* Opens the directory of bot "aa" at discord.com once more: has another epoch begun? */
static bool begins_anew(const char *token, const char *url)
{
	static const char command[] = "rm -f '%s/journal' '%s/sessions'";
	struct kept k;
	struct session_resume resume;
	char line[1200];
	snprintf(line, sizeof line, command, in_dir("w"), in_dir("w"));
	assert_int_equal(system(line), 0);
	api_url = "https://discord.com/api/v10";
	keep_open(&k, "w", "aa.bb.cc", 7);
	begin(&k, 0);
	put(&k, 0, 1, 30);
	keep_close(&k);
	api_url = url;
	keep_open(&k, "w", token, 7);
	api_url = "https://discord.com/api/v10";
	bool is_new = k.journal.is_new;
	assert_true(k.state.sessions.is_new == is_new);
	assert_int_equal(k.state.sessions.reason.code, is_new ? -ESTALE : 0);
	assert_true((state_resume(&k.state, 0, 4, &resume) == STATE_NONE) == is_new);
	keep_close(&k);
	return is_new;
}

static void another_bot_or_api_begins_anew(void **state)
{
	const char *const url = "https://discord.com/api/v10";
	(void)state;
	assert_false(begins_anew("aa.bb.cc", url));
	assert_false(begins_anew("aa.dd.ee", url));
	assert_false(begins_anew("aa.bb.cc", "https://canary.discord.com/api/v11/"));
	assert_true(begins_anew("ab.bb.cc", url));
	assert_true(begins_anew("aa", "http://127.0.0.1:8080/api/v10"));
	assert_true(begins_anew("aa.bb.cc", "https://discord.example/api/v10"));
}

/* A file of before, or of a turned bit. */
static void a_directory_that_names_nobody_is_taken(void **state)
{
	struct kept k;
	(void)state;
	keep_open(&k, "v", "aa.bb", 7);
	put(&k, 0, 1, 30);
	k.state.sessions.file.p[STATEFILE_OWNER] ^= 1;
	keep_close(&k);
	keep_open(&k, "v", "cc.bb", 7);
	assert_false(k.journal.is_new);
	keep_close(&k);
	keep_open(&k, "v", "aa.bb", 7);
	assert_true(k.journal.is_new);
	keep_close(&k);
}

int main(void)
{
	return run_unit_in_dir(test(a_session_is_found_again_with_its_last_s),
			       test(another_token_number_or_intents_make_it_old),
			       test(a_new_session_does_not_take_the_s_of_the_old_one),
			       test(without_the_journal_the_refreshed_s_is_used),
			       test(a_session_that_is_over_is_not_found),
			       test(one_that_cannot_be_written_down_ends_with_the_process),
			       test(a_session_without_a_whole_copy_is_known_to_be_gone),
			       test(a_directory_from_an_older_copy_gives_no_number_away_twice),
			       test(what_the_journal_has_announced_is_not_announced_again),
			       test(a_journal_that_was_put_back_is_older_than_the_sessions),
			       test(a_damaged_slot_without_a_record_is_not_believed),
			       test(a_shard_that_is_not_ours_is_never_alive),
			       test(a_new_journal_knows_the_s_that_it_goes_on_from),
			       test(another_bot_or_api_begins_anew),
			       test(a_directory_that_names_nobody_is_taken),
			       test(the_file_holds_no_token));
}
