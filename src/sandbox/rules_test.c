#include "sandbox/rules.h"
#include "test/unit.h"

#include <stdio.h>

static const uint64_t ms = 1000;

struct seen {
	struct rules rules;
	struct rules_conn conn;
	char last[32], text[64];
	unsigned violations, notes;
};

static void on_rule(void *arg, unsigned conn, bool is_violation, const char *rule, const char *text)
{
	struct seen *s = arg;
	(void)conn;
	s->violations += is_violation;
	s->notes += !is_violation;
	strncpy(s->last, rule, sizeof s->last - 1);
	snprintf(s->text, sizeof s->text, "%s", text);
}

static void open_conn(struct seen *s)
{
	*s = (struct seen){.rules = {.fn = on_rule, .arg = s}};
	rules_open(&s->rules, &s->conn, 1, STR("v=10&encoding=json"));
	rules_hello(&s->conn, 10000, 1 * ms);
}

/* One that may be acknowledged or not. */
static void beat_only(struct seen *s, uint64_t at_ms)
{
	rules_received(&s->rules, &s->conn, 1, 20, at_ms * ms);
}

static void beat(struct seen *s, uint64_t at_ms)
{
	beat_only(s, at_ms);
	rules_acked(&s->conn);
}

static void a_steady_heart_is_no_violation(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	for (uint64_t at = 4000; at < 600000; at += 10000)
		beat(&s, at);
	rules_closed(&s.rules, &s.conn, 4000, 600000 * ms);
	assert_int_equal(s.violations, 0);
	assert_int_equal(s.notes, 1); /* when the first came */
	assert_string_equal(s.last, "first_beat");
}

static void early_and_late_beats_are_seen(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	beat(&s, 5000);
	beat(&s, 9000);
	assert_string_equal(s.last, "beat_early");
	beat(&s, 30000);
	assert_string_equal(s.last, "beat_late");
	assert_int_equal(s.violations, 2);
}

static void a_beat_that_was_asked_for_is_not_early(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	beat(&s, 5000);
	rules_asked(&s.conn, 6000 * ms);
	beat(&s, 6001);
	beat(&s, 15000);
	assert_int_equal(s.violations, 0);
	rules_asked(&s.conn, 16000 * ms);
	beat(&s, 20000);
	assert_string_equal(s.last, "beat_asked");
}

static void who_answers_no_op_1_is_seen_once(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	rules_asked(&s.conn, 2000 * ms);
	rules_closed(&s.rules, &s.conn, 4000, 3000 * ms);
	rules_closed(&s.rules, &s.conn, 0, 9000 * ms); /* cut: it may not have arrived */
	rules_unreached(&s.conn);
	rules_closed(&s.rules, &s.conn, 4000, 9000 * ms);
	assert_int_equal(s.violations, 0);
	rules_asked(&s.conn, 2000 * ms);
	rules_asked(&s.conn, 4500 * ms);
	rules_received(&s.rules, &s.conn, 4, 20, 5000 * ms);
	rules_received(&s.rules, &s.conn, 4, 20, 9000 * ms);
	assert_int_equal(s.violations, 1);
	rules_asked(&s.conn, 9000 * ms);
	rules_closed(&s.rules, &s.conn, 4000, 11500 * ms);
	assert_int_equal(s.violations, 2);
	assert_string_equal(s.last, "beat_asked");
}

static void no_beat_at_all_is_seen_at_the_end(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	rules_closed(&s.rules, &s.conn, 4000, 60000 * ms);
	assert_string_equal(s.last, "beat_late");
}

static void the_121st_send_in_a_minute_is_seen(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	for (uint64_t i = 0; i < 120; i++)
		rules_received(&s.rules, &s.conn, 3, 20, (10 + i) * ms);
	assert_int_equal(s.violations, 0);
	rules_received(&s.rules, &s.conn, 3, 20, 10000 * ms);
	assert_string_equal(s.last, "sends");
}

static void the_sixth_presence_in_20_s_is_seen(void **state)
{
	(void)state;
	struct seen s;
	struct rules_presences mine = {0}, other = {0};
	open_conn(&s);
	for (uint64_t at = 100; at < 40000; at += 4000)
		rules_presence(&s.rules, &s.conn, &mine, at * ms);
	for (uint64_t at = 36100; at < 36105; at++)
		rules_presence(&s.rules, &s.conn, &other, at * ms);
	assert_int_equal(s.violations, 0);
	rules_presence(&s.rules, &s.conn, &mine, 37000 * ms);
	assert_string_equal(s.last, "presences");
}

static void size_order_and_close_code_are_looked_at(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	rules_received(&s.rules, &s.conn, 3, 4097, 2 * ms);
	assert_string_equal(s.last, "payload");
	rules_closed(&s.rules, &s.conn, 1000, 3 * ms);
	assert_string_equal(s.last, "close_code");
	assert_int_equal(s.violations, 2);
	rules_invalid(&s.conn, 3 * ms); /* from here on nothing is lost by it */
	rules_closed(&s.rules, &s.conn, 1000, 3 * ms);
	assert_int_equal(s.violations, 2);
	rules_open(&s.rules, &s.conn, 2, STR(""));
	rules_received(&s.rules, &s.conn, 2, 100, 4 * ms);
	assert_string_equal(s.last, "before_hello");
}

static void identifies_of_one_key_are_spaced_others_are_not(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	rules_identify(&s.rules, &s.conn, 0, RULES_NONE, false, 5000 * ms, 100 * ms);
	rules_identify(&s.rules, &s.conn, 1, RULES_NONE, false, 5000 * ms, 200 * ms);
	rules_identify(&s.rules, &s.conn, 0, RULES_NONE, false, 5000 * ms, 5100 * ms);
	assert_int_equal(s.violations, 0);
	rules_identify(&s.rules, &s.conn, 0, RULES_NONE, false, 5000 * ms, 6000 * ms);
	assert_string_equal(s.last, "identify_spacing");
}

static void an_identify_where_a_resume_was_due_is_seen(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	rules_identify(&s.rules, &s.conn, 2, RULES_UNCERTAIN, false, 5000 * ms, 7000 * ms);
	assert_string_equal(s.last, "resume_due");
	assert_int_equal(s.violations, 0); /* it may not have heard of the session */
	rules_identify(&s.rules, &s.conn, 3, RULES_DUE, false, 5000 * ms, 7000 * ms);
	assert_int_equal(s.violations, 1);
}

static void a_resume_takes_the_same_query_to_the_url_it_was_given(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	struct rules_resume resume = {.first_query = STR("v=10&encoding=json"),
				      .is_resume_door = true,
				      .seq = {.seq = 5, .sent = 5, .heard = 5}};
	rules_resume(&s.rules, &s.conn, &resume);
	assert_int_equal(s.violations + s.notes, 0);
	resume.is_resume_door = false;
	resume.has_tried = true;
	rules_resume(&s.rules, &s.conn, &resume);
	assert_string_equal(s.last, "resume_url");
	assert_int_equal(s.violations, 0);
	resume.has_tried = false;
	rules_resume(&s.rules, &s.conn, &resume);
	assert_int_equal(s.violations, 1);
	resume.is_resume_door = true;
	resume.first_query = STR("v=10&encoding=json&compress=zlib-stream");
	rules_resume(&s.rules, &s.conn, &resume);
	assert_string_equal(s.last, "resume_query");
}

static void what_a_resume_and_a_beat_say_was_received_is_checked(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	const struct rules_seq good = {.seq = 5, .sent = 9, .heard = 3},
			       ahead = {.seq = 10, .sent = 9},
			       behind = {.seq = 2, .sent = 9, .heard = 3},
			       null = {.is_null = true, .sent = 9, .heard = 3};
	rules_beat(&s.rules, &s.conn, &good);
	assert_int_equal(s.violations, 0);
	rules_beat(&s.rules, &s.conn, &ahead);
	rules_beat(&s.rules, &s.conn, &behind);
	rules_beat(&s.rules, &s.conn, &null);
	assert_string_equal(s.last, "beat_seq");
	assert_int_equal(s.violations, 3);
	struct rules_resume resume = {
		.first_query = str_c(s.conn.query), .is_resume_door = true, .seq = behind};
	rules_resume(&s.rules, &s.conn, &resume);
	assert_string_equal(s.last, "resume_seq");
}

static void first_beat_at(struct seen *s, unsigned conn, uint64_t after_ms)
{
	rules_open(&s->rules, &s->conn, conn, STR("v=10"));
	rules_hello(&s->conn, 10000, 1000 * ms);
	rules_received(&s->rules, &s->conn, 1, 20, (1000 + after_ms) * ms);
}

static void first_beats_that_all_come_at_one_time_are_seen(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	for (unsigned conn = 1; conn <= 8; conn++)
		first_beat_at(&s, conn, conn == 3 ? 1000 : 9990);
	assert_int_equal(s.violations, 0);
	first_beat_at(&s, 9, 9990);
	first_beat_at(&s, 11, 9990); /* 10 is still open: who knows when it beats */
	first_beat_at(&s, 12, 9990);
	assert_int_equal(s.violations, 0);
	first_beat_at(&s, 10, 9990);
	assert_string_equal(s.last, "no_jitter");
}

static void first_beats_of_a_client_that_stood_still_are_not_without_jitter(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	for (unsigned conn = 1; conn <= 8; conn++)
		first_beat_at(&s, conn, 10150);
	assert_int_equal(s.violations, 0);
	for (unsigned conn = 9; conn <= 16; conn++)
		first_beat_at(&s, conn, 10050);
	assert_string_equal(s.last, "no_jitter");
}

static void a_beat_while_the_last_has_no_ack_is_seen(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	beat(&s, 5000);
	beat_only(&s, 15000);
	assert_int_equal(s.violations, 0);
	beat_only(&s, 25000);
	assert_string_equal(s.last, "ack_ignored");
}

static void who_comes_again_after_a_final_code_is_seen(void **state)
{
	(void)state;
	struct seen s;
	const struct rules_wish one = {.shard = 1, .n_shards = 2, .intents = 1},
				other = {.shard = 0, .n_shards = 2, .intents = 1};
	open_conn(&s);
	rules_session(&s.conn, &one, "abc");
	rules_shut(&s.rules, &s.conn, 4009, 1000 * ms);
	rules_wish(&s.rules, &s.conn, &one, 2000 * ms);
	assert_int_equal(s.violations, 0);
	rules_shut(&s.rules, &s.conn, 4004, 1000 * ms);
	rules_wish(&s.rules, &s.conn, &other, 2000 * ms);
	rules_resuming(&s.rules, &s.conn, STR("abd"));
	assert_int_equal(s.violations, 0);
	rules_wish(&s.rules, &s.conn, &one, 2000 * ms);
	rules_resuming(&s.rules, &s.conn, STR("abc"));
	assert_string_equal(s.last, "after_fatal");
	assert_int_equal(s.violations, 2);
}

static unsigned comes_behind(unsigned code, const struct rules_wish *wish, uint64_t after_ms)
{
	static const struct rules_wish first = {0, 2, 1, true};
	struct seen s;
	open_conn(&s);
	rules_wish(&s.rules, &s.conn, &first, 1000 * ms);
	rules_shut(&s.rules, &s.conn, code, 1000 * ms);
	rules_open(&s.rules, &s.conn, 2, STR("v=10&encoding=json"));
	rules_wish(&s.rules, &s.conn, wish, (1000 + after_ms) * ms);
	return s.violations;
}

static void what_meets_all_shards_is_seen_at_another_one(void **state)
{
	(void)state;
	static const unsigned of_all[] = {4004, 4011, 4012, 4013, 4014};
	const struct rules_wish other = {1, 2, 1, true}, another_token = {1, 2, 1, false},
				more_shards = {1, 3, 1, true}, other_intents = {1, 2, 3, true};
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(comes_behind(of_all[i], &other, 1900), 0); /* was on its way */
		assert_int_equal(comes_behind(of_all[i], &other, 2100), 1);
	}
	assert_int_equal(comes_behind(4010, &other, 2100), 0);
	assert_int_equal(comes_behind(4000, &other, 2100), 0);
	assert_int_equal(comes_behind(4004, &another_token, 2100), 0);
	assert_int_equal(comes_behind(4011, &more_shards, 2100), 0);
	assert_int_equal(comes_behind(4014, &other_intents, 2100), 0);
}

/* So many connections in vain, so far apart. */
static unsigned in_vain(unsigned shards, unsigned n, uint64_t apart_ms)
{
	struct seen s;
	open_conn(&s);
	for (uint64_t at = 1000; n--; at += apart_ms)
		rules_gone(&s.rules, n % 2 ? &s.conn : NULL, shards, at * ms);
	rules_in_order(&s.conn);
	for (unsigned i = 0; i < 100; i++)
		rules_gone(&s.rules, &s.conn, shards, 200000 * ms);
	assert_true(!s.violations || strcmp(s.last, "connects") == 0);
	return s.violations;
}

static void who_comes_again_and_again_in_vain_is_seen(void **state)
{
	(void)state;
	assert_int_equal(in_vain(1, 12, 1), 0);
	assert_int_equal(in_vain(1, 13, 1), 1);
	assert_int_equal(in_vain(1, 1000, 1), 1); /* once a minute */
	assert_int_equal(in_vain(4, 48, 1), 0);
	assert_int_equal(in_vain(1, 40, 500), 1);
	assert_int_equal(in_vain(1, 40, 1500), 1); /* it does not grow */
	assert_int_equal(in_vain(1, 40, 2500), 0);
}

/* The client resumes, is told that nothing is left, and goes. */
static void end_session(struct seen *s, const char *session, unsigned code, uint64_t after_ms)
{
	rules_resuming(&s->rules, &s->conn, str_c(session));
	rules_invalid(&s->conn, 5000 * ms);
	rules_closed(&s->rules, &s->conn, code, (5000 + after_ms) * ms);
	rules_open(&s->rules, &s->conn, 2, STR("v=10"));
}

static void who_resumes_what_op_9_ended_is_seen(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	end_session(&s, "abc", 0, 1); /* neither may have read it */
	end_session(&s, "abc", 4000, 3000);
	rules_resuming(&s.rules, &s.conn, STR("abc"));
	assert_int_equal(s.violations, 0);
	end_session(&s, "abc", 4000, 1);
	rules_resuming(&s.rules, &s.conn, STR("abd"));
	assert_int_equal(s.violations, 0);
	rules_resuming(&s.rules, &s.conn, STR("abc"));
	assert_string_equal(s.last, "resume_ended");
}

static void who_stays_after_op_7_is_seen(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	rules_reconnect(&s.conn, 2000 * ms);
	rules_closed(&s.rules, &s.conn, 0, 9000 * ms);
	rules_received(&s.rules, &s.conn, 3, 20, 6000 * ms);
	assert_int_equal(s.violations, 0);
	rules_closed(&s.rules, &s.conn, 4000, 7500 * ms);
	rules_received(&s.rules, &s.conn, 3, 20, 7600 * ms);
	assert_string_equal(s.last, "reconnect_late");
	assert_int_equal(s.violations, 1);
}

static void leave_unread(struct seen *s, unsigned conn, const char *query)
{
	rules_open(&s->rules, &s->conn, conn, str_c(query));
	rules_hello(&s->conn, 10000, 1000 * ms);
	rules_closed(&s->rules, &s->conn, 4000, 1001 * ms);
}

static void who_cannot_read_hello_is_seen_at_the_third_connection(void **state)
{
	(void)state;
	struct seen s;
	const char *packed = "v=10&compress=zlib-stream";
	open_conn(&s);
	for (unsigned conn = 2; conn < 6; conn++)
		leave_unread(&s, conn, "v=10");
	leave_unread(&s, 6, packed);
	leave_unread(&s, 7, packed);
	first_beat_at(&s, 8, 500);
	leave_unread(&s, 9, packed);
	leave_unread(&s, 10, packed);
	s.rules.newest = 12; /* side by side */
	rules_closed(&s.rules, &s.conn, 4000, 1001 * ms);
	assert_int_equal(s.violations, 0);
	leave_unread(&s, 13, packed);
	assert_string_equal(s.last, "hello_unread");
}

static void what_a_client_is_closed_for_is_seen(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	beat(&s, 4000);
	rules_broken(&s.rules, &s.conn, 4003, "Not authenticated.");
	assert_string_equal(s.last, "refused");
	assert_string_equal(s.text, "closed with 4003: Not authenticated.");
	rules_closed(&s.rules, &s.conn, 4003, 5000 * ms);
	assert_int_equal(s.violations, 1); /* once, and not again for its close code */
}

static void a_request_before_the_end_of_a_429_is_seen(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	rules_refused(&s.rules, STR("GET"), STR("/a"), false, 2.0, 1000 * ms);
	rules_request(&s.rules, STR("GET"), STR("/a"), false, 1300 * ms); /* was under way */
	rules_request(&s.rules, STR("GET"), STR("/b"), false, 2000 * ms);
	rules_request(&s.rules, STR("POST"), STR("/a"), false, 2000 * ms);
	rules_request(&s.rules, STR("GET"), STR("/a"), false, 3000 * ms);
	assert_int_equal(s.violations, 0);
	rules_request(&s.rules, STR("GET"), STR("/a"), false, 2900 * ms);
	assert_string_equal(s.last, "retry_early");
}

static void who_asks_for_the_url_again_and_again_is_seen(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	for (uint64_t at = 1000; at < 60000; at += 1000) {
		rules_request(&s.rules, STR("GET"), STR("/gateway/bot"), false, at * ms);
		rules_request(&s.rules, STR("GET"), STR("/gateway"), false, at * ms);
	}
	assert_int_equal(s.violations, 0);
	rules_request(&s.rules, STR("GET"), STR("/gateway/bot"), false, 59500 * ms);
	assert_string_equal(s.last, "gateway_bot_rate");
}

static void a_global_429_holds_all_but_interactions(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	rules_refused(&s.rules, STR("GET"), STR("/a"), true, 2.0, 1000 * ms);
	rules_request(&s.rules, STR("POST"), STR("/interactions/1/t/callback"), true, 2000 * ms);
	assert_int_equal(s.violations, 0);
	rules_request(&s.rules, STR("POST"), STR("/b"), false, 2000 * ms);
	assert_int_equal(s.violations, 1);
}

int main(void)
{
	return run_unit(
		test(a_steady_heart_is_no_violation), test(early_and_late_beats_are_seen),
		test(a_beat_that_was_asked_for_is_not_early),
		test(who_answers_no_op_1_is_seen_once), test(no_beat_at_all_is_seen_at_the_end),
		test(the_121st_send_in_a_minute_is_seen), test(the_sixth_presence_in_20_s_is_seen),
		test(size_order_and_close_code_are_looked_at),
		test(identifies_of_one_key_are_spaced_others_are_not),
		test(a_resume_takes_the_same_query_to_the_url_it_was_given),
		test(an_identify_where_a_resume_was_due_is_seen),
		test(what_a_resume_and_a_beat_say_was_received_is_checked),
		test(first_beats_that_all_come_at_one_time_are_seen),
		test(first_beats_of_a_client_that_stood_still_are_not_without_jitter),
		test(a_beat_while_the_last_has_no_ack_is_seen),
		test(who_comes_again_after_a_final_code_is_seen),
		test(what_meets_all_shards_is_seen_at_another_one),
		test(who_comes_again_and_again_in_vain_is_seen),
		test(who_resumes_what_op_9_ended_is_seen), test(who_stays_after_op_7_is_seen),
		test(who_cannot_read_hello_is_seen_at_the_third_connection),
		test(what_a_client_is_closed_for_is_seen),
		test(a_request_before_the_end_of_a_429_is_seen),
		test(who_asks_for_the_url_again_and_again_is_seen),
		test(a_global_429_holds_all_but_interactions));
}
