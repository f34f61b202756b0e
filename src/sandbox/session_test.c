#include "sandbox/session.h"
#include "test/unit.h"

static void sequences_grow_and_payloads_are_kept(void **state)
{
	(void)state;
	struct fake_sessions all = {0};
	struct fake_session *s = fake_session_new(&all);
	for (int i = 1; i <= 200; i++)
		fake_session_add(s, STR("TEST"), STR("{\"a\":1}"), 0);
	assert_int_equal(s->seq, 200);
	assert_str(fake_session_get(s, 1).payload,
		   "{\"t\":\"TEST\",\"s\":1,\"op\":0,\"d\":{\"a\":1}}");
	assert_str(fake_session_get(s, 200).payload,
		   "{\"t\":\"TEST\",\"s\":200,\"op\":0,\"d\":{\"a\":1}}");
	assert_int_equal(fake_session_get(s, 201).payload.n, 0);
	assert_true(fake_session_reaches(s, 0));
	fake_sessions_done(&all);
}

static void the_oldest_payloads_fall_out(void **state)
{
	(void)state;
	struct fake_sessions all = {0};
	struct fake_session *s = fake_session_new(&all);
	for (size_t i = 0; i < SESSION_EVENTS + 10; i++)
		fake_session_add(s, STR("T"), STR("{}"), 0);
	assert_int_equal(s->oldest, 11);
	assert_int_equal(fake_session_get(s, 10).payload.n, 0);
	assert_false(fake_session_reaches(s, 9));
	assert_true(fake_session_reaches(s, 10));
	fake_sessions_done(&all);
}

static void bytes_are_bounded_and_the_last_is_always_kept(void **state)
{
	(void)state;
	struct fake_sessions all = {0};
	struct fake_session *s = fake_session_new(&all);
	struct buf d = {0};
	memset(buf_room(&d, SESSION_BYTES / 3), '1', SESSION_BYTES / 3);
	d.n = SESSION_BYTES / 3;
	for (int i = 0; i < 5; i++)
		fake_session_add(s, STR("T"), buf_str(&d), 0);
	assert_int_equal(s->oldest, 4);
	assert_int_not_equal(fake_session_get(s, 5).payload.n, 0);
	buf_done(&d);
	fake_sessions_done(&all);
}

static void all_sessions_together_are_bounded(void **state)
{
	(void)state;
	struct fake_sessions all = {0};
	struct buf d = {0};
	memset(buf_room(&d, SESSION_BYTES / 2), '1', SESSION_BYTES / 2);
	d.n = SESSION_BYTES / 2;
	for (int i = 0; i < SESSIONS_BYTES / SESSION_BYTES * 2; i++) {
		struct fake_session *s = fake_session_new(&all);
		fake_session_add(s, STR("T"), buf_str(&d), 0);
		fake_session_add(s, STR("T"), buf_str(&d), 0);
		assert_int_not_equal(fake_session_get(s, 2).payload.n, 0);
	}
	assert_true(all.bytes < SESSIONS_BYTES + (size_t)SESSION_BYTES * 8);
	while (all.first)
		fake_session_free(&all, all.first);
	assert_int_equal(all.bytes, 0);
	buf_done(&d);
}

static void a_young_session_gets_its_share(void **state)
{
	(void)state;
	struct fake_sessions all = {0};
	struct buf d = {0};
	memset(buf_room(&d, SESSION_BYTES / 64), '1', SESSION_BYTES / 64);
	d.n = SESSION_BYTES / 64;
	for (int i = 0; i < SESSIONS_BYTES / SESSION_BYTES; i++) {
		struct fake_session *old = fake_session_new(&all);
		for (int k = 0; k < 63; k++)
			fake_session_add(old, STR("T"), buf_str(&d), 0);
	}
	struct fake_session *young = fake_session_new(&all);
	for (int k = 0; k < 20; k++)
		fake_session_add(young, STR("T"), buf_str(&d), 0);
	assert_true(fake_session_reaches(young, 0));
	assert_true(all.bytes < SESSIONS_BYTES + (size_t)SESSION_BYTES / 32);
	buf_done(&d);
	fake_sessions_done(&all);
}

static void idle_sessions_make_room_and_connected_ones_do_not(void **state)
{
	(void)state;
	struct fake_sessions all = {0};
	struct fake_conn *conn = (struct fake_conn *)&all; /* only looked at */
	char first[33];
	struct fake_session *s = fake_session_new(&all);
	memcpy(first, s->id, sizeof first);
	for (int i = 1; i < SESSIONS; i++) {
		s = fake_session_new(&all);
		s->conn = conn;
	}
	s = fake_session_new(&all);
	assert_non_null(s);
	s->conn = conn;
	assert_null(fake_session_find(&all, str_c(first)));
	assert_null(fake_session_new(&all));
	fake_sessions_done(&all);
}

int main(void)
{
	return run_unit(
		test(sequences_grow_and_payloads_are_kept), test(the_oldest_payloads_fall_out),
		test(bytes_are_bounded_and_the_last_is_always_kept),
		test(all_sessions_together_are_bounded), test(a_young_session_gets_its_share),
		test(idle_sessions_make_room_and_connected_ones_do_not));
}
