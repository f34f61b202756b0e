#include "proto/session_test.h"
#include <stdio.h>

static void a_first_session(void **state)
{
	(void)state;
	struct shard t = fresh(NULL);
	assert_str(event(&t, SESSION_START, 0), "connect " BASE ";");
	assert_str(event(&t, SESSION_CONNECTED, 0), "");
	assert_str(payload(&t, HELLO), "ask;");
	assert_true(session_wants_slot(&t.s));
	assert_str(event(&t, SESSION_SLOT, 0), IDENTIFY);
	assert_false(session_wants_slot(&t.s));
	assert_str(payload(&t, READY), "new 1;publish 1;live 0;");
	assert_str(payload(&t, DISPATCH(2)), "publish 2;");
	assert_string_equal(t.s.resume.id, "new");
	assert_string_equal(t.s.resume.url, "wss://eu.discord.gg");
	done(&t);
}

static void a_session_from_the_file_is_resumed_without_identify(void **state)
{
	(void)state;
	struct shard t = fresh(&old);
	assert_str(event(&t, SESSION_START, 0), "connect " RESUME_URL ";");
	event(&t, SESSION_CONNECTED, 0);
	assert_str(payload(&t, HELLO), RESUME(40));
	assert_str(payload(&t, DISPATCH(40)), "");
	assert_str(payload(&t, DISPATCH(41)), "publish 41 replayed;");
	assert_str(payload(&t, DISPATCH(43)), "publish 43 replayed;");
	assert_str(payload(&t, DISPATCH(42)), "");
	assert_str(payload(&t, RESUMED(44)), "publish 44;live 2;");
	assert_str(payload(&t, DISPATCH(45)), "publish 45;");
	assert_int_equal(t.s.resume.number, 3);
	done(&t);
}

static void the_base_url_is_next_when_the_resume_url_fails_and_resumes_still(void **state)
{
	(void)state;
	struct shard t = fresh(&old);
	event(&t, SESSION_START, 0);
	assert_str(event(&t, SESSION_FAILED, 0), "");
	assert_str(wait_timer(&t), "connect " BASE ";");
	event(&t, SESSION_CONNECTED, 0);
	assert_str(payload(&t, HELLO), RESUME(40));
	assert_str(payload(&t, RESUMED(41)), "publish 41;live 0;");
	assert_str(event(&t, SESSION_CLOSED, 0), "");
	assert_str(wait_timer(&t), "connect " RESUME_URL ";"); /* live since: the best one again */
	event(&t, SESSION_CONNECTED, 0);
	event(&t, SESSION_CLOSED, 0); /* before Hello */
	assert_str(wait_timer(&t), "connect " BASE ";");
	event(&t, SESSION_FAILED, 503);
	assert_str(wait_timer(&t), "connect " RESUME_URL ";");
	done(&t);
}

static void a_base_url_that_leads_to_no_hello_is_asked_for_again(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_CONNECTING);
	assert_str(event(&t, SESSION_FAILED, 0), "url?;");
	session_set_url(&t.s, STR("wss://new.discord.gg"));
	assert_str(wait_timer(&t), "connect wss://new.discord.gg/?v=10&encoding=json;");
	assert_str(wait_timer(&t), "close 4000;url?;"); /* neither yes nor no for 20 s */
	wait_timer(&t);
	event(&t, SESSION_CONNECTED, 0);
	assert_str(event(&t, SESSION_CLOSED, 0), "url?;");
	wait_timer(&t);
	event(&t, SESSION_CONNECTED, 0);
	assert_str(payload(&t, "{\"op\":7}"), "close 4000;"); /* a gateway is there */
	wait_timer(&t);
	event(&t, SESSION_CONNECTED, 0);
	payload(&t, HELLO);
	assert_str(event(&t, SESSION_CLOSED, 0), "");
	done(&t);
}

static void a_resume_url_that_fails_asks_for_nothing(void **state)
{
	(void)state;
	struct shard t = fresh(&old);
	event(&t, SESSION_START, 0);
	for (int i = 0; i < 3; i++) {
		assert_str(event(&t, SESSION_FAILED, 0), "");
		assert_str(wait_timer(&t), "connect " BASE ";");
		assert_str(event(&t, SESSION_FAILED, 503), "url?;");
		assert_str(wait_timer(&t), "connect " RESUME_URL ";");
	}
	done(&t);
}

static void the_same_ready_once_more_is_no_new_session(void **state)
{
	(void)state;
	struct shard t = fresh(NULL);
	event(&t, SESSION_START, 0);
	event(&t, SESSION_CONNECTED, 0);
	payload(&t, HELLO);
	event(&t, SESSION_SLOT, 0);
	assert_str(payload(&t, READY), "new 1;publish 1;live 0;");
	payload(&t, DISPATCH(2));
	assert_str(payload(&t, READY), "");
	assert_int_equal(t.s.resume.s, 2);
	done(&t);
}

#define OTHER_READY(id) "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"" id "\"}}"

static void sessions_that_nobody_asked_for_do_not_go_on_for_ever(void **state)
{
	(void)state;
	struct shard t = fresh(NULL);
	event(&t, SESSION_START, 0);
	event(&t, SESSION_CONNECTED, 0);
	payload(&t, HELLO);
	event(&t, SESSION_SLOT, 0);
	payload(&t, READY);
	assert_str(payload(&t, OTHER_READY("b")), "lost 1;new 2;publish 1;live 0;");
	assert_str(payload(&t, OTHER_READY("c")), "close 4000;");
	assert_int_equal(t.s.state, SESSION_BACKOFF);
	assert_string_equal(t.s.resume.id, "b");
	wait_timer(&t);
	event(&t, SESSION_CONNECTED, 0);
	payload(&t, HELLO);
	assert_str(payload(&t, OTHER_READY("d")), "lost 2;new 3;publish 1;live 0;");
	done(&t);
}

static void the_first_beat_has_jitter_and_the_others_the_interval(void **state)
{
	(void)state;
	uint64_t least = UINT64_MAX, most = 0;
	for (unsigned seed = 0; seed < 200; seed++) {
		struct shard t = fresh(NULL);
		t.s.random = seed;
		event(&t, SESSION_START, 0);
		event(&t, SESSION_CONNECTED, 0);
		payload(&t, HELLO);
		uint64_t first = t.s.beat_at - t.now;
		least = first < least ? first : least;
		most = first > most ? first : most;
		assert_str(wait_timer(&t), "{\"op\":1,\"d\":null};");
		assert_int_equal(t.s.beat_at - t.now, 41250000);
		done(&t);
	}
	assert_true(least < 2 * SECOND && most > 39 * SECOND && most <= 41250000);
}

static void how_late_a_beat_goes_out_is_known(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	wait_timer(&t);
	assert_int_equal(t.s.beat_late_us, 0);
	payload(&t, ACK);
	t.now = t.s.beat_at + 300000;
	event(&t, SESSION_TIMER, 0);
	assert_int_equal(t.s.beat_late_us, 300000);
	done(&t);
}

static void a_beat_says_the_last_s(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	payload(&t, DISPATCH(77));
	assert_str(wait_timer(&t), "{\"op\":1,\"d\":77};");
	assert_str(payload(&t, ACK), "");
	done(&t);
	t = fresh(&old);
	event(&t, SESSION_START, 0);
	event(&t, SESSION_CONNECTED, 0);
	payload(&t, HELLO);
	assert_str(wait_timer(&t), "{\"op\":1,\"d\":40};");
	done(&t);
}

/* Timers in LIVE up to the next that says something. */
static struct str next_word(struct shard *t)
{
	struct str said = wait_timer(t);
	for (int i = 0; !said.n; i++) {
		assert_true(i < 100);
		said = wait_timer(t);
	}
	return said;
}

static void a_missing_ack_ends_the_connection_and_resumes(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	uint64_t begin = t.now;
	assert_str(next_word(&t), "{\"op\":1,\"d\":1};");
	assert_str(next_word(&t), "close 4000;");
	assert_true(t.now - begin <= 2 * 41250000 + SESSION_GRACE_US);
	assert_str(next_word(&t), "connect " RESUME_URL ";");
	done(&t);
}

static void an_ack_within_the_grace_lets_the_beat_go_out(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	next_word(&t);
	for (int i = 0; t.s.grace_at == SESSION_NEVER; i++) {
		assert_true(i < 100);
		wait_timer(&t);
	}
	t.now += SESSION_GRACE_US / 2;
	assert_str(payload(&t, ACK), "{\"op\":1,\"d\":1};");
	assert_int_equal(t.s.state, SESSION_LIVE);
	done(&t);
}

static void a_beat_asked_for_goes_out_at_once_and_moves_nothing(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	uint64_t due = t.s.beat_at;
	assert_str(payload(&t, "{\"op\":1}"), "{\"op\":1,\"d\":1};");
	assert_int_equal(t.s.beat_at, due);
	done(&t);
	t = in_state(SESSION_GREETING); /* nothing before Hello */
	assert_str(payload(&t, "{\"op\":1}"), "");
	done(&t);
}

static void beats_go_on_while_waiting_for_the_slot_and_for_ready(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_WAITING);
	for (int i = 0; i < 20; i++) {
		assert_str(wait_timer(&t), "{\"op\":1,\"d\":null};");
		payload(&t, ACK);
	}
	assert_int_equal(t.s.state, SESSION_WAITING);
	event(&t, SESSION_SLOT, 0);
	for (int i = 0; i < 2; i++) {
		assert_str(wait_timer(&t), "{\"op\":1,\"d\":null};");
		payload(&t, ACK);
	}
	assert_str(next_word(&t), "close 4000;"); /* READY is overdue */
	done(&t);
}

static void op7_resumes_also_in_place_of_hello(void **state)
{
	(void)state;
	struct shard t = fresh(&old);
	event(&t, SESSION_START, 0);
	event(&t, SESSION_CONNECTED, 0);
	assert_str(payload(&t, "{\"op\":7}"), "close 4000;");
	assert_str(wait_timer(&t), "connect " RESUME_URL ";");
	done(&t);
	t = in_state(SESSION_LIVE);
	assert_str(payload(&t, "{\"op\":7}"), "close 4000;");
	assert_str(wait_timer(&t), "connect " RESUME_URL ";");
	done(&t);
}

static void op9_false_begins_a_new_session_on_a_new_connection(void **state)
{
	(void)state;
	static const enum session_state states[] = {SESSION_RESUMING, SESSION_LIVE};
	for (size_t i = 0; i < 2; i++) {
		struct shard t = in_state(states[i]);
		uint64_t begin = t.now;
		assert_str(payload(&t, "{\"op\":9,\"d\":false}"),
			   i ? "close 4000;lost 1;" : "close 4000;lost 3;");
		assert_str(wait_timer(&t), "connect " BASE ";");
		assert_true(t.now - begin >= 1 * SECOND && t.now - begin <= 5 * SECOND);
		event(&t, SESSION_CONNECTED, 0);
		assert_str(payload(&t, HELLO), "ask;");
		event(&t, SESSION_SLOT, 0);
		assert_str(payload(&t, READY),
			   i ? "new 2;publish 1;live 0;" : "new 4;publish 1;live 0;");
		done(&t);
	}
}

static void op9_after_an_identify_waits_and_asks_for_another_slot(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_IDENTIFYING);
	assert_str(payload(&t, "{\"op\":9,\"d\":false}"), "close 4000;");
	assert_true(session_due_us(&t.s) - t.now >= 1 * SECOND);
	wait_timer(&t);
	event(&t, SESSION_CONNECTED, 0);
	assert_str(payload(&t, HELLO), "ask;");
	done(&t);
}

static void op9_true_keeps_the_session(void **state)
{
	(void)state;
	static const enum session_state states[] = {SESSION_RESUMING, SESSION_LIVE};
	for (size_t i = 0; i < 2; i++) {
		struct shard t = in_state(states[i]);
		assert_str(payload(&t, "{\"op\":9,\"d\":true}"), "close 4000;");
		assert_str(wait_timer(&t), "connect " RESUME_URL ";");
		done(&t);
	}
}

static void resumes_that_lead_nowhere_end(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_RESUMING);
	int resumes = 1;
	while (payload(&t, "{\"op\":9,\"d\":true}").n == strlen("close 4000;")) {
		wait_timer(&t);
		event(&t, SESSION_CONNECTED, 0);
		assert_str(payload(&t, HELLO), RESUME(40));
		assert_true(++resumes < 100);
	}
	assert_int_equal(resumes, SESSION_RESUME_TRIES);
	assert_str(buf_str(&t.said), "close 4000;lost 3;");
	done(&t);
}

static void every_close_code_does_what_its_row_says(void **state)
{
	(void)state;
	static const enum session_state states[] = {SESSION_GREETING, SESSION_WAITING,
						    SESSION_IDENTIFYING, SESSION_RESUMING,
						    SESSION_LIVE};
	for (unsigned code = 0; code < 5000; code = code ? code + 1 : 1000) {
		for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
			struct shard t = in_state(states[i]);
			enum close_next next = close_next(code);
			bool has_session =
				states[i] == SESSION_RESUMING || states[i] == SESSION_LIVE;
			event(&t, SESSION_CLOSED, code);
			bool is_lost = str_starts(buf_str(&t.said), STR("lost"));
			assert_int_equal(t.s.state,
					 next >= CLOSE_STOP_SHARD ? SESSION_DEAD : SESSION_BACKOFF);
			assert_int_equal(is_lost, has_session && next == CLOSE_IDENTIFY);
			done(&t);
		}
	}
}

static void a_final_code_is_for_all_where_it_is_about_what_they_share(void **state)
{
	(void)state;
	for (unsigned code = 0; code < 5000; code++) {
		bool is_for_all = code == 4004 || (code >= 4011 && code <= 4014);
		assert_int_equal(close_next(code) == CLOSE_STOP_ALL, is_for_all);
		assert_int_equal(close_next(code) == CLOSE_STOP_SHARD, code == 4010);
	}
}

static void a_fatal_code_names_the_remedy_and_is_the_last_word(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_IDENTIFYING);
	struct session_action a;
	session_feed(&t.s, t.now, &(struct session_input){.kind = SESSION_CLOSED, .code = 4014});
	assert_true(session_next(&t.s, &a));
	assert_int_equal(a.kind, SESSION_FATAL);
	assert_true(str_find(a.text, 'P') < a.text.n && a.code == 4014);
	assert_false(session_next(&t.s, &a));
	assert_true(session_due_us(&t.s) == SESSION_NEVER);
	assert_str(event(&t, SESSION_START, 0), "");
	done(&t);
}

static void being_told_to_slow_down_waits(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	event(&t, SESSION_CLOSED, 4008);
	assert_true(session_due_us(&t.s) - t.now >= 5 * SECOND);
	assert_str(wait_timer(&t), "connect " RESUME_URL ";");
	done(&t);
}

static void a_retry_after_is_obeyed_with_jitter_and_an_hour_at_most(void **state)
{
	static const uint64_t asked[] = {1, 7 * SECOND, 3600 * SECOND, UINT64_MAX};
	static const uint64_t least[] = {0, 7 * SECOND, 3600 * SECOND, 3600 * SECOND};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		uint64_t low = UINT64_MAX, high = 0;
		for (unsigned seed = 0; seed < 100; seed++) {
			struct shard t = fresh(NULL);
			t.s.random = seed;
			event(&t, SESSION_START, 0);
			feed(&t, (struct session_input){.kind = SESSION_FAILED,
							.code = 503,
							.retry_after_us = asked[i]});
			uint64_t pause = session_due_us(&t.s) - t.now;
			low = pause < low ? pause : low;
			high = pause > high ? pause : high;
			wait_timer(&t);
			assert_str(event(&t, SESSION_FAILED, 503), "url?;"); /* once */
			assert_true(session_due_us(&t.s) - t.now < 6 * SECOND);
			done(&t);
		}
		assert_true(low >= SECOND && low >= least[i]);
		assert_true(high > low + SECOND / 2);
		assert_true(high <= least[i] + least[i] / 8 + 3 * SECOND);
	}
}

static void the_pause_grows_and_is_a_second_at_least(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_CONNECTING);
	uint64_t sum = 0, begin = t.now;
	for (int i = 0; i < 100; i++) {
		event(&t, SESSION_FAILED, 0);
		uint64_t pause = session_due_us(&t.s) - t.now;
		assert_true(pause >= SECOND && pause <= 60 * SECOND);
		sum += i >= 10 ? pause : 0;
		wait_timer(&t);
		if (i == 9)
			assert_true(t.now - begin > 30 * SECOND);
	}
	assert_true(sum / 90 > 20 * SECOND && sum / 90 < 42 * SECOND);
	done(&t);
}

static void only_a_minute_of_live_makes_the_pause_short_again(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	event(&t, SESSION_CLOSED, 0);
	assert_true(session_due_us(&t.s) - t.now < SECOND);
	for (int i = 0; i < 3; i++) {
		wait_timer(&t);
		event(&t, SESSION_CONNECTED, 0);
		payload(&t, HELLO);
		payload(&t, RESUMED(60));
		assert_int_equal(t.s.state, SESSION_LIVE);
		event(&t, SESSION_CLOSED, 0);
		assert_true(session_due_us(&t.s) - t.now >= SECOND);
	}
	wait_timer(&t);
	event(&t, SESSION_CONNECTED, 0);
	payload(&t, HELLO);
	payload(&t, RESUMED(70));
	uint64_t settled = t.now + 60 * SECOND;
	for (int i = 0; t.now < settled; i++) {
		assert_true(i < 100);
		wait_timer(&t);
		payload(&t, ACK);
	}
	event(&t, SESSION_CLOSED, 0);
	assert_true(session_due_us(&t.s) - t.now < SECOND);
	done(&t);
}

static void each_deadline_is_kept(void **state)
{
	(void)state;
	static const enum session_state states[] = {SESSION_CONNECTING, SESSION_GREETING,
						    SESSION_IDENTIFYING, SESSION_RESUMING};
	static const unsigned seconds[] = {20, 20, 120, 60};
	for (size_t i = 0; i < 4; i++) {
		struct shard t = in_state(states[i]);
		uint64_t begin = t.now;
		for (int n = 0; !str_starts(wait_timer(&t), STR("close 4000;")); n++) {
			assert_true(n < 100);
			payload(&t, ACK);
		}
		assert_int_equal(t.now - begin, seconds[i] * SECOND);
		assert_int_equal(t.s.state, SESSION_BACKOFF);
		done(&t);
	}
}

static void a_long_replay_is_no_missed_deadline(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_RESUMING);
	for (unsigned s = 41; s < 60; s++) {
		char text[100];
		snprintf(text, sizeof text, "{\"op\":0,\"t\":\"X\",\"s\":%u,\"d\":1}", s);
		payload(&t, text);
		t.now += 30 * SECOND;
		event(&t, SESSION_TIMER, 0);
		payload(&t, ACK);
		assert_int_equal(t.s.state, SESSION_RESUMING);
	}
	done(&t);
}

static void a_ready_where_resumed_was_due_is_a_new_session(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_RESUMING);
	assert_str(payload(&t, READY), "lost 3;new 4;publish 1;live 0;");
	done(&t);
}

static void stopping_keeps_the_session_unless_logout_is_asked_for(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	assert_str(event(&t, SESSION_STOP, 0), "close 4000;");
	assert_true(session_due_us(&t.s) == SESSION_NEVER);
	assert_string_equal(t.s.resume.id, "new");
	done(&t);
	t = in_state(SESSION_LIVE);
	assert_str(feed(&t, (struct session_input){.kind = SESSION_STOP, .is_logout = true}),
		   "close 1000;lost 1;");
	done(&t);
	t = in_state(SESSION_BACKOFF);
	assert_str(event(&t, SESSION_STOP, 0), "");
	done(&t);
}

/* For a minute every attempt is refused. gap: the last pause between two. */
static unsigned attempts_of_a_minute(struct shard *t, bool was_live, uint64_t *gap)
{
	uint64_t end = t->now + 60 * SECOND, last = 0;
	unsigned n = 0;
	event(t, was_live ? SESSION_CLOSED : SESSION_START, 0);
	for (int i = 0; t->now < end; i++) {
		assert_true(i < 1000);
		if (t->s.state == SESSION_BACKOFF) {
			wait_timer(t);
			continue;
		}
		assert_int_equal(t->s.state, SESSION_CONNECTING);
		assert_true(!n || t->now - last >= SECOND);
		*gap = t->now - last;
		last = t->now;
		n++;
		event(t, SESSION_FAILED, 0);
	}
	return n;
}

static void down_for_a_minute_it_tries_once_a_second_at_most_and_ever_more_rarely(void **state)
{
	unsigned sum = 0;
	uint64_t gaps = 0, gap = 0;
	(void)state;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct shard t = seed % 2 ? in_state(SESSION_LIVE) : fresh(NULL);
		t.s.random = seed * 7919;
		unsigned n = attempts_of_a_minute(&t, seed % 2, &gap);
		gaps += gap;
		assert_in_range(n, 3, 25);
		sum += n;
		done(&t);
	}
	assert_in_range(sum / 400, 5, 12);
	assert_true(gaps / 400 > 8 * SECOND);
}

int main(void)
{
	return run_unit(
		test(a_first_session), test(a_session_from_the_file_is_resumed_without_identify),
		test(the_base_url_is_next_when_the_resume_url_fails_and_resumes_still),
		test(a_base_url_that_leads_to_no_hello_is_asked_for_again),
		test(a_resume_url_that_fails_asks_for_nothing),
		test(the_first_beat_has_jitter_and_the_others_the_interval),
		test(how_late_a_beat_goes_out_is_known), test(a_beat_says_the_last_s),
		test(a_missing_ack_ends_the_connection_and_resumes),
		test(an_ack_within_the_grace_lets_the_beat_go_out),
		test(a_beat_asked_for_goes_out_at_once_and_moves_nothing),
		test(beats_go_on_while_waiting_for_the_slot_and_for_ready),
		test(op7_resumes_also_in_place_of_hello),
		test(op9_false_begins_a_new_session_on_a_new_connection),
		test(op9_after_an_identify_waits_and_asks_for_another_slot),
		test(op9_true_keeps_the_session), test(resumes_that_lead_nowhere_end),
		test(every_close_code_does_what_its_row_says),
		test(a_final_code_is_for_all_where_it_is_about_what_they_share),
		test(a_fatal_code_names_the_remedy_and_is_the_last_word),
		test(a_retry_after_is_obeyed_with_jitter_and_an_hour_at_most),
		test(being_told_to_slow_down_waits), test(the_pause_grows_and_is_a_second_at_least),
		test(the_same_ready_once_more_is_no_new_session),
		test(sessions_that_nobody_asked_for_do_not_go_on_for_ever),
		test(only_a_minute_of_live_makes_the_pause_short_again),
		test(each_deadline_is_kept), test(a_long_replay_is_no_missed_deadline),
		test(a_ready_where_resumed_was_due_is_a_new_session),
		test(stopping_keeps_the_session_unless_logout_is_asked_for),
		test(down_for_a_minute_it_tries_once_a_second_at_most_and_ever_more_rarely));
}
