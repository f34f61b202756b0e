/* What cannot be read or taken: poison, an s out of its order, what is too large. */
#include "proto/session_test.h"
#include <stdio.h>

static void the_same_poison_three_times_is_skipped(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	const struct session_input broken = {.kind = SESSION_BROKEN, .is_event = true};
	payload(&t, DISPATCH(9));
	for (int i = 0; i < 2; i++) {
		assert_str(feed(&t, broken), "close 4000;");
		wait_timer(&t);
		event(&t, SESSION_CONNECTED, 0);
		payload(&t, HELLO);
	}
	assert_str(feed(&t, broken), "skipped 10;");
	assert_str(payload(&t, DISPATCH(11)), "publish 11 replayed;");
	/* another place: from the beginning */
	assert_str(feed(&t, broken), "close 4000;");
	done(&t);
}

static void poison_that_breaks_the_stream_is_passed_by_a_resume_behind_it(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	const struct session_input broken = {
		.kind = SESSION_BROKEN, .is_stream = true, .is_event = true};
	for (int i = 0; i < 2; i++) {
		assert_str(feed(&t, broken), "close 4000;");
		wait_timer(&t);
		event(&t, SESSION_CONNECTED, 0);
		payload(&t, HELLO);
	}
	assert_str(feed(&t, broken), "skipped 2;close 4000;");
	wait_timer(&t);
	event(&t, SESSION_CONNECTED, 0);
	assert_str(payload(&t, HELLO),
		   "{\"op\":6,\"d\":{\"token\":\"T\",\"session_id\":\"new\",\"seq\":2}};");
	done(&t);
}

/* A ping of 200 bytes, a close code that nobody may send, half an ACK: no event is behind them. */
static void what_can_be_no_event_moves_no_s(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_RESUMING);
	const struct session_input broken = {.kind = SESSION_BROKEN, .is_stream = true};
	for (int i = 0; i < 3; i++) {
		assert_str(feed(&t, broken), "close 4000;");
		wait_timer(&t);
		event(&t, SESSION_CONNECTED, 0);
		assert_str(payload(&t, HELLO), RESUME(40));
	}
	assert_str(payload(&t, DISPATCH(41)), "publish 41 replayed;");
	for (int i = 0; i < SESSION_RESUME_TRIES - 1; i++) {
		assert_str(feed(&t, broken), "close 4000;");
		wait_timer(&t);
		event(&t, SESSION_CONNECTED, 0);
		assert_str(payload(&t, HELLO), RESUME(41));
	}
	assert_str(feed(&t, broken), "close 4000;");
	done(&t);
}

/* Discord's count jumped ahead and came back, or fell back: a resume, and if that does not help a new
 * session. A replay is none of this, however long. */
static void an_s_that_cannot_be_taken_ends_in_a_resume_then_in_a_new_session(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_RESUMING);
	for (int i = 0; i < 100; i++)
		assert_str(payload(&t, DISPATCH(39)), "");
	assert_str(payload(&t, RESUMED(41)), "publish 41;live 0;");
	assert_str(payload(&t, DISPATCH(4294967295)), "publish 4294967295;");
	assert_str(payload(&t, DISPATCH(42)), "");
	assert_str(payload(&t, "{\"op\":0,\"t\":\"X\",\"d\":{}}"), "");
	assert_str(payload(&t, DISPATCH(44)), "close 4000;");
	wait_timer(&t);
	event(&t, SESSION_CONNECTED, 0);
	assert_str(payload(&t, HELLO), RESUME(4294967295));
	payload(&t, RESUMED(45));
	assert_str(payload(&t, DISPATCH(46)), "");
	assert_str(payload(&t, DISPATCH(47)), "");
	assert_str(payload(&t, DISPATCH(48)), "close 4000;lost 3;");
	done(&t);
}

static void two_of_them_are_forgiven_by_one_that_is_taken(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	for (unsigned s = 2; s < 20; s++) {
		char text[100];
		snprintf(text, sizeof text, "{\"op\":0,\"t\":\"X\",\"s\":%u,\"d\":1}", s);
		payload(&t, text);
		assert_str(payload(&t, text), "");
		assert_str(payload(&t, text), "");
	}
	done(&t);
}

static void an_s_that_has_no_next_is_not_skipped_but_the_session_ended(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	const struct session_input broken = {.kind = SESSION_BROKEN, .is_event = true};
	payload(&t, DISPATCH(4294967295));
	for (int i = 0; i < 2; i++) {
		assert_str(feed(&t, broken), "close 4000;");
		wait_timer(&t);
		event(&t, SESSION_CONNECTED, 0);
		payload(&t, HELLO);
	}
	assert_str(feed(&t, broken), "close 4000;lost 1;");
	done(&t);
}

static void an_event_too_large_is_announced_and_counts(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	struct envelope e;
	assert_int_equal(envelope_read_front(&e, STR("{\"t\":\"X\",\"s\":5,\"op\":0,\"d\":{\"a")),
			 0);
	assert_str(feed(&t, (struct session_input){.kind = SESSION_PAYLOAD,
						   .envelope = &e,
						   .too_large = 99}),
		   "publish 5 too large;");
	assert_str(payload(&t, DISPATCH(5)), "");
	done(&t);
}

static void a_ready_too_large_is_fatal_and_names_the_key(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_IDENTIFYING);
	struct session_action a;
	struct envelope e = {.op = OP_DISPATCH, .t = STR("READY"), .has_s = true, .s = 1};
	session_feed(&t.s, t.now,
		     &(struct session_input){
			     .kind = SESSION_PAYLOAD, .envelope = &e, .too_large = 1 << 30});
	assert_true(session_next(&t.s, &a));
	assert_int_equal(a.kind, SESSION_FATAL);
	assert_non_null(memmem(a.text.p, a.text.n, "max_event", 9));
	assert_int_equal(t.s.state, SESSION_DEAD);
	done(&t);
}

static void a_ready_that_cannot_be_read_is_no_session(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_IDENTIFYING);
	assert_str(payload(&t, "{\"op\":0,\"t\":\"READY\",\"s\":1,\"d\":{}}"), "close 4000;");
	done(&t);
}

static void a_hello_that_cannot_be_read_ends_the_connection(void **state)
{
	(void)state;
	static const char *const bad[] = {"{\"op\":10}",
					  "{\"op\":10,\"d\":{\"heartbeat_interval\":0}}",
					  "{\"op\":10,\"d\":{\"heartbeat_interval\":99999999999}}"};
	for (size_t i = 0; i < 3; i++) {
		struct shard t = in_state(SESSION_GREETING);
		assert_str(payload(&t, bad[i]), "close 4000;");
		done(&t);
	}
}

int main(void)
{
	return run_unit(test(the_same_poison_three_times_is_skipped),
			test(poison_that_breaks_the_stream_is_passed_by_a_resume_behind_it),
			test(what_can_be_no_event_moves_no_s),
			test(an_s_that_cannot_be_taken_ends_in_a_resume_then_in_a_new_session),
			test(two_of_them_are_forgiven_by_one_that_is_taken),
			test(an_s_that_has_no_next_is_not_skipped_but_the_session_ended),
			test(an_event_too_large_is_announced_and_counts),
			test(a_ready_too_large_is_fatal_and_names_the_key),
			test(a_ready_that_cannot_be_read_is_no_session),
			test(a_hello_that_cannot_be_read_ends_the_connection));
}
