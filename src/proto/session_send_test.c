#include "proto/session_test.h"
#include <errno.h>

static void bots_leave_room_for_the_beats(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	struct str voice = STR("{\"op\":4,\"d\":{}}");
	struct session_action a;
	uint64_t wait;
	unsigned sent = 1; /* the identify */
	while (session_send(&t.s, t.now, OP_VOICE_STATE_UPDATE, voice, &wait) == 0) {
		assert_true(session_next(&t.s, &a));
		assert_true(a.kind == SESSION_SEND && str_eq(a.text, voice));
		assert_true(++sent < 1000);
	}
	assert_int_equal(sent, SESSION_SENDS - 3); /* 61 / 41.25 upwards, and one */
	assert_int_equal(wait, SESSION_WINDOW_US);
	assert_str(payload(&t, "{\"op\":1}"), "{\"op\":1,\"d\":1};");
	assert_str(payload(&t, "{\"op\":1}"), ""); /* the clock's two have their room */
	t.now += wait;
	assert_int_equal(session_send(&t.s, t.now, OP_VOICE_STATE_UPDATE, voice, &wait), 0);
	assert_true(session_next(&t.s, &a));
	done(&t);
}

/* A Discord that asks for a beat without end, in whatever state: the clock's beats go out on time,
 * the IDENTIFY too, and no window of a minute has more than 120. */
static void op_1_without_end_delays_no_beat(void **state)
{
	(void)state;
	static const char hello[] = "{\"op\":10,\"d\":{\"heartbeat_interval\":5000}}";
	struct shard t = in_state(SESSION_GREETING);
	uint64_t begin = t.now, sent = 0;
	payload(&t, hello);
	for (int i = 0; i < 200; i++)
		sent += payload(&t, "{\"op\":1}").n > 0;
	assert_str(event(&t, SESSION_SLOT, 0), IDENTIFY);
	payload(&t, READY);
	for (int i = 0; i < 200; i++)
		sent += payload(&t, "{\"op\":1}").n > 0;
	assert_int_equal(sent, SESSION_SENDS - 1 - 13); /* 61 / 5 upwards */
	for (unsigned beat = 0; t.now - begin < 55 * SECOND;) {
		bool is_beat = t.s.beat_at == session_due_us(&t.s);
		struct str said = wait_timer(&t);
		if (!is_beat)
			continue;
		assert_str(said, "{\"op\":1,\"d\":1};");
		assert_int_equal(t.s.beat_at - t.now, 5 * SECOND);
		assert_true(sent + 1 + ++beat <= SESSION_SENDS);
		payload(&t, ACK);
	}
	done(&t);
}

static void sends_of_bots_are_judged(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_LIVE);
	struct session_action a;
	char big[SESSION_SEND_MAX + 1];
	uint64_t wait;
	memset(big, 'x', sizeof big);
	static const int never[] = {0, 1, 2, 5, 6, 7, 9, 10, 11, 12, 44, 64, -1};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		assert_int_equal(session_send(&t.s, t.now, never[i], STR("{}"), &wait), -EINVAL);
	assert_int_equal(session_send(&t.s, t.now, 8, str_of(big, sizeof big), &wait), -EMSGSIZE);
	assert_int_equal(session_send(&t.s, t.now, 8, str_of(big, sizeof big - 1), &wait), 0);
	assert_true(session_next(&t.s, &a));
	for (int i = 0; i < SESSION_PRESENCES; i++) {
		assert_int_equal(session_send(&t.s, t.now, 3, STR("{}"), &wait), 0);
		assert_true(session_next(&t.s, &a));
	}
	assert_int_equal(session_send(&t.s, t.now, 3, STR("{}"), &wait), -EAGAIN);
	assert_int_equal(wait, 20 * SECOND);
	done(&t);
	t = in_state(SESSION_RESUMING);
	assert_int_equal(session_send(&t.s, t.now, 8, STR("{}"), &wait), -ENOTCONN);
	done(&t);
}

static void payloads_are_json_whatever_the_texts_hold(void **state)
{
	(void)state;
	struct shard t = fresh(&old);
	struct buf out = {0};
	memcpy(t.s.resume.id, "a\"\\\n", 5);
	session_write(&t.s, &(struct session_action){.op = OP_RESUME}, STR("t\"k"), &out);
	assert_str(buf_str(&out), "{\"op\":6,\"d\":{\"token\":\"t\\u0022k\",\"session_id\":"
				  "\"a\\u0022\\u005c\\u000a\",\"seq\":40}}");
	out.n = 0;
	t.s.options.large_threshold = 250;
	t.s.options.presence = STR("{\"status\":\"idle\"}");
	session_write(&t.s, &(struct session_action){.op = OP_IDENTIFY}, STR("T"), &out);
	assert_true(str_ends(buf_str(&out),
			     STR("\"shard\":[1,4],\"large_threshold\":250,\"presence\":{\"status\":"
				 "\"idle\"}}}")));
	buf_done(&out);
	done(&t);
}

static void urls_get_the_query_whatever_their_end(void **state)
{
	(void)state;
	static const char *const urls[][2] = {
		{"wss://a.discord.gg", "connect wss://a.discord.gg/?v=10&encoding=json;"},
		{"wss://a.discord.gg/", "connect wss://a.discord.gg/?v=10&encoding=json;"},
		{"wss://a.discord.gg/x", "connect wss://a.discord.gg/x?v=10&encoding=json;"},
		{"wss://a.discord.gg/?y=1", "connect wss://a.discord.gg/?y=1&v=10&encoding=json;"},
	};
	for (size_t i = 0; i < 4; i++) {
		struct shard t = fresh(NULL);
		session_set_url(&t.s, str_c(urls[i][0]));
		assert_str(event(&t, SESSION_START, 0), urls[i][1]);
		done(&t);
	}
	struct shard t = fresh(NULL);
	char huge[2000];
	memset(huge, 'x', sizeof huge);
	session_set_url(&t.s, str_of(huge, sizeof huge));
	assert_str(event(&t, SESSION_START, 0), "connect ;");
	done(&t);
}

static void urls_from_discord_lead_to_discord(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		bool is_discord, is_loopback, is_any;
	} urls[] = {
		{"wss://gateway-us-east1-b.discord.gg", true, false, true},
		{"wss://x.discord.gg:443/", true, false, true},
		{"wss://x.discord.gg:444", false, false, true},
		{"ws://x.discord.gg", false, false, false},
		{"wss://discord.gg", false, false, true},
		{"wss://.discord.gg", false, false, true},
		{"wss://xdiscord.gg", false, false, true},
		{"wss://x.discord.gg.evil.net", false, false, true},
		{"wss://evil.net/x.discord.gg", false, false, true},
		{"wss://evil.net?.discord.gg", false, false, true},
		{"wss://evil.net#.discord.gg", false, false, false},
		{"wss://evil.net\\.discord.gg", false, false, false},
		{"wss://u@x.discord.gg", false, false, false},
		{"wss://x .discord.gg", false, false, false},
		{"wss://x.discord.gg:0", false, false, false},
		{"wss://x.discord.gg:x", false, false, false},
		{"https://x.discord.gg", false, false, false},
		{"ws://127.0.0.1:8080", false, true, false},
		{"wss://127.8.9.1", false, true, true},
		{"ws://127.0.0.1.evil.net", false, false, false},
		{"ws://[::1]:9/x", false, true, false},
		{"ws://[::2]:9/x", false, false, false},
		{"ws://localhost:9", false, true, false},
		{"ws://localhost.evil.net", false, false, false},
		{"ws://127.0.0.256", false, false, false},
		{"", false, false, false},
		{"wss://", false, false, false},
	};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct str url = str_c(urls[i].url);
		if (session_url_is_allowed(url, SESSION_HOSTS_DISCORD) != urls[i].is_discord ||
		    session_url_is_allowed(url, SESSION_HOSTS_LOOPBACK) != urls[i].is_loopback ||
		    session_url_is_allowed(url, SESSION_HOSTS_ANY) != urls[i].is_any)
			fail_msg("%s", urls[i].url);
	}
}

static void a_resume_url_that_leads_elsewhere_is_not_used(void **state)
{
	(void)state;
	struct shard t = in_state(SESSION_IDENTIFYING);
	payload(&t, "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"session_id\":\"new\",\"resume_"
		    "gateway_url\":"
		    "\"wss://evil.net\"}}");
	event(&t, SESSION_CLOSED, 0);
	assert_str(wait_timer(&t), "connect " BASE ";");
	done(&t);
}

int main(void)
{
	return run_unit(test(bots_leave_room_for_the_beats), test(op_1_without_end_delays_no_beat),
			test(sends_of_bots_are_judged),
			test(payloads_are_json_whatever_the_texts_hold),
			test(urls_get_the_query_whatever_their_end),
			test(urls_from_discord_lead_to_discord),
			test(a_resume_url_that_leads_elsewhere_is_not_used));
}
