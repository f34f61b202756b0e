#include "sandbox/rules.h"
#include "test/unit.h"

static const uint64_t ms = 1000;

struct seen {
	struct rules rules;
	struct rules_conn conn;
	char last[32];
	unsigned violations, notes;
};

static void on_rule(void *arg, unsigned conn, bool is_violation, const char *rule, const char *text)
{
	struct seen *s = arg;
	(void)conn, (void)text;
	s->violations += is_violation;
	s->notes += !is_violation;
	strncpy(s->last, rule, sizeof s->last - 1);
}

static void open_conn(struct seen *s)
{
	*s = (struct seen){.rules = {.fn = on_rule, .arg = s}};
	rules_open(&s->rules, &s->conn, 1, STR("v=10&encoding=json"));
	rules_hello(&s->conn, 10000, 1 * ms);
}

static void beat(struct seen *s, uint64_t at_ms)
{
	rules_received(&s->rules, &s->conn, 1, 20, at_ms * ms);
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
	rules_invalid(&s.conn); /* from here on nothing is lost by it */
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
	rules_identify(&s.rules, &s.conn, 0, false, false, 5000 * ms, 100 * ms);
	rules_identify(&s.rules, &s.conn, 1, false, false, 5000 * ms, 200 * ms);
	rules_identify(&s.rules, &s.conn, 0, false, false, 5000 * ms, 5100 * ms);
	assert_int_equal(s.violations, 0);
	rules_identify(&s.rules, &s.conn, 0, false, false, 5000 * ms, 6000 * ms);
	assert_string_equal(s.last, "identify_spacing");
	rules_identify(&s.rules, &s.conn, 2, true, false, 5000 * ms, 7000 * ms);
	assert_string_equal(s.last, "could_resume");
}

static void a_resume_takes_the_same_query_to_the_url_it_was_given(void **state)
{
	(void)state;
	struct seen s;
	open_conn(&s);
	rules_resume(&s.rules, &s.conn, STR("v=10&encoding=json"), true);
	assert_int_equal(s.violations + s.notes, 0);
	rules_resume(&s.rules, &s.conn, STR("v=10&encoding=json&compress=zlib-stream"), true);
	assert_string_equal(s.last, "resume_query");
	rules_resume(&s.rules, &s.conn, STR("v=10&encoding=json"), false);
	assert_string_equal(s.last, "resume_url");
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
	return run_unit(test(a_steady_heart_is_no_violation), test(early_and_late_beats_are_seen),
			test(a_beat_that_was_asked_for_is_not_early),
			test(no_beat_at_all_is_seen_at_the_end),
			test(the_121st_send_in_a_minute_is_seen),
			test(size_order_and_close_code_are_looked_at),
			test(identifies_of_one_key_are_spaced_others_are_not),
			test(a_resume_takes_the_same_query_to_the_url_it_was_given),
			test(a_request_before_the_end_of_a_429_is_seen),
			test(a_global_429_holds_all_but_interactions));
}
