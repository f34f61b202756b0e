#include "gateway/shard.h"

#include "base/log.h"
#include "net/httpd.h"
#include "proto/frame.h"
#include "test/dir.h"

#include <unistd.h>

/* A Discord of a few lines in the same loop: says what a test tells it to, notes what it hears. */

struct world {
	struct loop *loop;
	struct httpd *httpd;
	struct httpd_stream *stream; /* the newest connection */
	struct frame_reader in;
	unsigned connections;
	char query[3][100];  /* of the first connections */
	unsigned heard[64];  /* by opcode */
	char last[300];      /* payload */
	unsigned close_code; /* ours, as it arrived */

	struct journal journal;
	struct bells bells;
	struct state state;
	struct publish publish;
	struct shard_common common;
	struct shard *shard;
	unsigned asked, urls_asked, fatal, fatal_code;
	struct journal_cursor at;
	struct buf record;
	char *url; /* the base URL */
};

#define HELLO "{\"op\":10,\"d\":{\"heartbeat_interval\":45000}}"

static const struct session_times quick = {.connect = 5000000,
					   .hello = 5000000,
					   .ready = 5000000,
					   .resumed = 5000000,
					   .settle = 60000000,
					   .backoff_first = 10,
					   .backoff_step = 10,
					   .backoff_max = 1000};

static void hear(struct world *w, const struct frame_message *m)
{
	struct envelope e;
	if (m->op == FRAME_CLOSE)
		w->close_code = m->code;
	if (m->op != FRAME_TEXT)
		return;
	assert_int_equal(envelope_read(&e, m->data), 0);
	w->heard[e.op]++;
	snprintf(w->last, sizeof w->last, "%.*s", STR_FMT(m->data));
}

static void got(void *arg, char *bytes, size_t n)
{
	struct world *w = arg;
	if (!bytes)
		httpd_stream_close(&w->stream, false);
	while (n && bytes) {
		struct frame_message m;
		size_t used;
		if (frame_read(&w->in, bytes, n, &used, &m) == FRAME_MESSAGE)
			hear(w, &m);
		bytes += used;
		n -= used;
	}
}

static void asked(void *arg, struct httpd_request *r)
{
	struct world *w = arg;
	if (w->stream)
		httpd_stream_close(&w->stream, false);
	frame_reader_done(&w->in);
	frame_reader_init(&w->in, FRAME_SERVER, 1 << 20);
	snprintf(w->query[w->connections++ % 3], sizeof w->query[0], "%.*s?%.*s",
		 STR_FMT(httpd_path(r)), STR_FMT(httpd_query(r)));
	assert_int_equal(httpd_upgrade(r, &w->stream, got, w), 0);
}

static void on_ask_slot(void *arg, uint32_t shard)
{
	struct world *w = arg;
	assert_int_equal(shard, 0);
	w->asked++;
}

static void on_ask_url(void *arg)
{
	struct world *w = arg;
	w->urls_asked++;
}

static void on_fatal(void *arg, uint32_t shard, unsigned code)
{
	struct world *w = arg;
	(void)shard;
	w->fatal++;
	w->fatal_code = code;
}

static void open_files(struct world *w, const char *dir)
{
	struct why why;
	struct journal_options options = {
		.dir = dir, .size = 65536, .max_event = 4096, .shards = 1, .now_ms = 1};
	const struct state_identity identity = {.token = STR("canary-token"), .intents = 7};
	assert_int_equal(mapped_mkdir(dir, &why), 0);
	assert_int_equal(state_open(&w->state, dir, 1, &identity, &why), 0);
	memcpy(options.id, w->state.sessions.id, sizeof options.id);
	assert_int_equal(journal_open_write(&w->journal, &options, &why), 0);
	assert_int_equal(bells_open(&w->bells, dir, &why), 0);
	w->state.journal = &w->journal;
	w->at = journal_head(&w->journal);
}

static void begin(struct world *w, const char *name, const struct session_resume *resume)
{
	struct why why;
	static char url[64];
	memset(w, 0, sizeof *w);
	w->url = url;
	w->loop = loop_new();
	frame_reader_init(&w->in, FRAME_SERVER, 1 << 20);
	open_files(w, in_dir(name));
	assert_int_equal(
		httpd_new(&w->httpd, w->loop,
			  &(struct httpd_options){
				  .address = "127.0.0.1", .max_body = 1000, .fn = asked, .arg = w},
			  &why),
		0);
	w->publish =
		(struct publish){.journal = &w->journal, .bells = &w->bells, .max_event = 4096};
	w->common = (struct shard_common){.loop = w->loop,
					  .publish = &w->publish,
					  .state = &w->state,
					  .token = STR("canary-token"),
					  .user_agent = STR("test"),
					  .compress = INFLATE_NONE,
					  .max_event = 4096,
					  .on_ask_slot = on_ask_slot,
					  .on_ask_url = on_ask_url,
					  .on_fatal = on_fatal,
					  .arg = w};
	assert_int_equal(wsock_net_new(&w->common.net, w->loop, NULL, &why), 0);
	snprintf(url, sizeof url, "ws://127.0.0.1:%u/base", httpd_port(w->httpd));
	const struct session_options options = {.shards = 1,
						.intents = 7,
						.url = str_c(url),
						.query = STR("v=10"),
						.hosts = SESSION_HOSTS_LOOPBACK,
						.seed = 1,
						.times = &quick};
	w->shard = shard_new(&w->common, &options, resume);
	shard_start(w->shard);
}

static void end(struct world *w)
{
	shard_free(&w->shard);
	if (w->stream)
		httpd_stream_close(&w->stream, false);
	httpd_free(&w->httpd);
	wsock_net_free(&w->common.net);
	frame_reader_done(&w->in);
	buf_done(&w->record);
	bells_close(&w->bells);
	journal_close(&w->journal, true);
	state_close(&w->state);
	loop_free(&w->loop);
}

#define until(w, condition)                        \
	for (int turn = 0; !(condition); turn++) { \
		assert_true(turn < 1000);          \
		loop_step((w)->loop, 20);          \
	}

static void say(struct world *w, const char *payload)
{
	struct buf out = {0};
	frame_write(&out, FRAME_SERVER, FRAME_TEXT, str_c(payload), 0);
	httpd_stream_write(w->stream, buf_str(&out));
	buf_done(&out);
}

/* of so many bytes and some more */
static void say_ready_of(struct world *w, int bytes)
{
	char text[20000];
	snprintf(text, sizeof text,
		 "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"user\":{\"id\":\"2\"},"
		 "\"session_id\":\"secret\",\"resume_gateway_url\":\"ws://127.0.0.1:%u/resume\","
		 "\"guilds\":\"%*s\",\"application\":{\"id\":\"3\"}}}",
		 httpd_port(w->httpd), bytes, "");
	say(w, text);
}

static void say_ready(struct world *w)
{
	say_ready_of(w, 0);
}

/* The next record's topic; the payload follows it after a blank. */
static struct str next(struct world *w)
{
	struct wire_header h;
	struct str payload;
	static char text[5000];
	until(w, journal_head(&w->journal).pos > w->at.pos);
	w->record.n = 0;
	assert_int_equal(journal_read(&w->journal, &w->at, &w->record, &h, &payload),
			 JOURNAL_RECORD);
	int n = snprintf(text, sizeof text, "%u:%u %.*s %.*s", h.session, h.s, STR_FMT(h.topic),
			 STR_FMT(payload));
	return str_of(text, (size_t)n);
}

/* As far as its IDENTIFY. */
static void come(struct world *w)
{
	until(w, w->stream);
	say(w, HELLO);
	until(w, w->asked == 1);
	shard_identify(w->shard);
	until(w, w->heard[OP_IDENTIFY] == 1);
}

static void identify(struct world *w)
{
	come(w);
	say_ready(w);
	assert_true(str_starts(next(w), STR("1:1 READY.0.0. ")));
}

static void a_session_begins_and_its_secrets_stay_here(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "a", NULL);
	until(&w, w.stream);
	say(&w, HELLO);
	until(&w, w.asked == 1);
	assert_int_equal(w.heard[OP_IDENTIFY], 0);
	shard_identify(w.shard);
	until(&w, w.heard[OP_IDENTIFY] == 1);
	assert_non_null(strstr(w.last, "canary-token"));
	say_ready(&w);
	struct str ready = next(&w);
	assert_null(memmem(ready.p, ready.n, "secret", 6));
	assert_null(memmem(ready.p, ready.n, "127.0.0.1", 9));
	assert_non_null(memmem(ready.p, ready.n, "\"session_id\":\"******\"", 21));
	say(&w, "{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":{\"channel_id\":\"7\"}}");
	assert_str(next(&w), "1:2 TYPING_START.0.7. {\"channel_id\":\"7\"}");
	assert_string_equal(w.query[0], "/base?v=10");
	end(&w);
}

static void a_ready_above_max_event_begins_a_session_all_the_same(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "q", NULL);
	come(&w);
	say_ready_of(&w, 15000);
	assert_true(str_starts(
		next(&w), STR("1:1 TUTTI_TOO_LARGE.0.0. {\"t\":\"READY\",\"s\":1,\"bytes\":15")));
	say(&w, "{\"t\":\"TYPING_START\",\"s\":2,\"op\":0,\"d\":{}}");
	assert_str(next(&w), "1:2 TYPING_START.0.0. {}");
	assert_int_equal(w.connections, 1);
	end(&w);
}

static void an_event_of_any_size_is_told_at_once(void **state)
{
	enum { BYTES = 6 << 20 };
	struct world w;
	char *text = mem_zero(BYTES + 100);
	(void)state;
	begin(&w, "r", NULL);
	identify(&w);
	int n = snprintf(text, BYTES + 100, "{\"t\":\"X\",\"s\":2,\"op\":0,\"d\":\"%*s\"}", BYTES,
			 "");
	assert_in_range(n, BYTES, BYTES + 100);
	say(&w, text);
	free(text);
	assert_true(str_starts(
		next(&w), STR("1:2 TUTTI_TOO_LARGE.0.0. {\"t\":\"X\",\"s\":2,\"bytes\":6291")));
	say(&w, "{\"t\":\"TYPING_START\",\"s\":3,\"op\":0,\"d\":{}}");
	assert_str(next(&w), "1:3 TYPING_START.0.0. {}");
	assert_int_equal(w.connections, 1);
	end(&w);
}

/* Beyond what is taken of a message. */
static void what_is_beyond_all_bounds_is_skipped_in_its_place(void **state)
{
	static const char header[] = {(char)0x81, 127, 0, 0, 0, 0, 8, 0, 0, 0}; /* 128 MiB */
	struct world w;
	(void)state;
	begin(&w, "s", NULL);
	identify(&w);
	for (unsigned i = 1; i <= 3; i++) {
		httpd_stream_write(w.stream, str_of(header, sizeof header));
		until(&w, w.connections == i + 1);
		until(&w, w.stream);
		say(&w, HELLO);
		until(&w, w.heard[OP_RESUME] == i);
	}
	assert_true(str_starts(next(&w), STR("1:2 TUTTI_SKIPPED.0.0. ")));
	say(&w, "{\"t\":\"TYPING_START\",\"s\":3,\"op\":0,\"d\":{}}");
	assert_str(next(&w), "1:3 TYPING_START.0.0. {}");
	end(&w);
}

static void one_byte_at_a_time_is_the_same(void **state)
{
	struct world w;
	struct buf out = {0};
	(void)state;
	begin(&w, "b", NULL);
	identify(&w);
	frame_write(&out, FRAME_SERVER, FRAME_TEXT,
		    STR("{\"t\":\"RESUMED\",\"s\":2,\"op\":0,\"d\":{}}"), 0);
	frame_write_part(&out, FRAME_SERVER, FRAME_TEXT, false, STR("{\"t\":\"RESUMED\",\"s"), 0);
	frame_write(&out, FRAME_SERVER, FRAME_PING, STR("?"), 0);
	frame_write_part(&out, FRAME_SERVER, FRAME_CONTINUATION, true,
			 STR("\":3,\"op\":0,\"d\":{}}"), 0);
	for (size_t i = 0; i < out.n; i++) {
		httpd_stream_write(w.stream, str_of(out.p + i, 1));
		loop_step(w.loop, 0);
		loop_step(w.loop, 0);
	}
	buf_done(&out);
	assert_str(next(&w), "1:2 RESUMED.0.0. {}");
	assert_str(next(&w), "1:3 RESUMED.0.0. {}");
	end(&w);
}

static void a_lost_connection_is_resumed_where_discord_said(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "c", NULL);
	identify(&w);
	say(&w, "{\"t\":\"RESUMED\",\"s\":41,\"op\":0,\"d\":{}}");
	(void)next(&w);
	httpd_stream_close(&w.stream, false);
	until(&w, w.stream);
	assert_string_equal(w.query[1], "/resume?v=10");
	say(&w, HELLO);
	until(&w, w.heard[OP_RESUME] == 1);
	assert_non_null(strstr(w.last, "\"seq\":41"));
	assert_non_null(strstr(w.last, "\"session_id\":\"secret\""));
	say(&w, "{\"t\":\"TYPING_START\",\"s\":42,\"op\":0,\"d\":{}}");
	say(&w, "{\"t\":\"TYPING_START\",\"s\":42,\"op\":0,\"d\":{}}"); /* doubled: dropped */
	say(&w, "{\"t\":\"RESUMED\",\"s\":43,\"op\":0,\"d\":{}}");
	assert_str(next(&w), "1:42 TYPING_START.0.0. {}");
	assert_str(next(&w), "1:43 RESUMED.0.0. {}");
	end(&w);
}

static void a_process_after_us_resumes_too(void **state)
{
	struct world w;
	struct session_resume resume = {.id = "kept", .number = 7, .s = 100};
	(void)state;
	begin(&w, "d", &resume);
	until(&w, w.stream);
	say(&w, HELLO);
	until(&w, w.heard[OP_RESUME] == 1);
	assert_int_equal(w.asked, 0);
	assert_non_null(strstr(w.last, "\"seq\":100"));
	say(&w, "{\"t\":\"RESUMED\",\"s\":101,\"op\":0,\"d\":{}}");
	assert_str(next(&w), "7:101 RESUMED.0.0. {}");
	end(&w);
}

static void a_session_that_is_over_is_announced_and_a_new_one_begun(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "e", NULL);
	identify(&w);
	/* close code: without the pause that follows op 9 */
	struct buf out = {0};
	frame_write_close(&out, FRAME_SERVER, 4009, STR(""), 0);
	httpd_stream_write(w.stream, buf_str(&out));
	buf_done(&out);
	assert_str(next(&w),
		   "1:0 TUTTI_SESSION_LOST.0.0. {\"shard\":0,\"session\":1,\"why\":\"discord\"}");
	until(&w, w.connections == 2 && w.stream);
	assert_string_equal(w.query[1], "/base?v=10");
	say(&w, HELLO);
	until(&w, w.asked == 2);
	shard_identify(w.shard);
	until(&w, w.heard[OP_IDENTIFY] == 2);
	say_ready(&w);
	assert_true(str_starts(next(&w), STR("2:1 READY.0.0. ")));
	end(&w);
}

static void a_fatal_code_stops_the_shard(void **state)
{
	struct world w;
	struct buf out = {0};
	(void)state;
	begin(&w, "f", NULL);
	until(&w, w.stream);
	frame_write_close(&out, FRAME_SERVER, 4004, STR(""), 0);
	httpd_stream_write(w.stream, buf_str(&out));
	buf_done(&out);
	until(&w, w.fatal == 1);
	for (int i = 0; i < 20; i++)
		loop_step(w.loop, 5);
	assert_int_equal(w.connections, 1);
	assert_int_equal(w.fatal_code, 4004);
	end(&w);
}

static void what_is_no_json_is_left_and_the_session_resumed(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "g", NULL);
	identify(&w);
	say(&w, "{\"t\":\"TYPING_START\",\"s\":2,");
	until(&w, w.connections == 2 && w.stream);
	say(&w, HELLO);
	until(&w, w.heard[OP_RESUME] == 1);
	assert_non_null(strstr(w.last, "\"seq\":1"));
	end(&w);
}

/* Three times the connection breaks while it is resumed: what comes the fourth time is s=2. */
static void break_and_resume(struct world *w, struct str broken)
{
	httpd_stream_close(&w->stream, false);
	for (unsigned i = 1; i <= 4; i++) {
		until(w, w->connections == 1 + i && w->stream);
		say(w, HELLO);
		until(w, w->heard[OP_RESUME] == i);
		assert_non_null(strstr(w->last, "\"seq\":1}"));
		if (i < 4)
			httpd_stream_write(w->stream, broken);
	}
	say(w, "{\"t\":\"RESUMED\",\"s\":2,\"op\":0,\"d\":{}}");
	assert_str(next(w), "1:2 RESUMED.0.0. {}");
}

static void what_can_be_no_event_takes_no_events_place(void **state)
{
	(void)state;
	char ping[4 + 200] = "\x89\x7e\x00\xc8";
	static const char close_1015[] = "\x88\x02\x03\xf7",
			  half_ack[] = "\x81\x0d{\"op\":11,\"d\":";
	const struct str broken[] = {str_of(ping, sizeof ping), str_of(close_1015, 4),
				     str_of(half_ack, 15)};
	static const char *const names[] = {"n", "o", "p"};
	for (size_t i = 0; i < 3; i++) {
		struct world w;
		begin(&w, names[i], NULL);
		identify(&w);
		break_and_resume(&w, broken[i]);
		end(&w);
	}
}

static void what_is_too_large_is_announced_and_the_session_goes_on(void **state)
{
	struct world w;
	char big[6000];
	(void)state;
	begin(&w, "h", NULL);
	identify(&w);
	int n = snprintf(big, sizeof big,
			 "{\"t\":\"MESSAGE_CREATE\",\"s\":2,\"op\":0,\"d\":{\"x\":\"");
	memset(big + n, 'x', 5000);
	snprintf(big + n + 5000, sizeof big - (size_t)n - 5000, "\"}}");
	say(&w, big);
	say(&w, "{\"t\":\"RESUMED\",\"s\":3,\"op\":0,\"d\":{}}");
	assert_true(str_starts(next(&w), STR("1:2 TUTTI_TOO_LARGE.0.0. {\"t\":\"MESSAGE_CREATE\","
					     "\"s\":2,\"bytes\":50")));
	assert_str(next(&w), "1:3 RESUMED.0.0. {}");
	assert_int_equal(w.connections, 1);
	end(&w);
}

static void heartbeats_go_by_the_interval_and_carry_the_last_s(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "i", NULL);
	until(&w, w.stream);
	say(&w, "{\"op\":10,\"d\":{\"heartbeat_interval\":40}}");
	until(&w, w.asked == 1);
	shard_identify(w.shard);
	until(&w, w.heard[OP_IDENTIFY] == 1);
	say_ready(&w);
	(void)next(&w);
	for (unsigned beats = w.heard[OP_HEARTBEAT], i = 0; i < 3; i++, beats++) {
		until(&w, w.heard[OP_HEARTBEAT] > beats);
		assert_string_equal(w.last, "{\"op\":1,\"d\":1}");
		say(&w, "{\"op\":11}");
	}
	end(&w);
}

static void without_an_ack_the_connection_is_dead(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "j", NULL);
	identify(&w);
	httpd_stream_close(&w.stream, false);
	until(&w, w.connections == 2 && w.stream);
	say(&w, "{\"op\":10,\"d\":{\"heartbeat_interval\":40}}");
	until(&w, w.connections == 3);
	assert_int_equal(w.close_code, 4000);
	end(&w);
}

static void a_stop_keeps_the_session_and_a_logout_ends_it(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "k", NULL);
	identify(&w);
	shard_stop(w.shard, false);
	until(&w, w.close_code);
	assert_int_equal(w.close_code, 4000);
	end(&w);
	begin(&w, "k", &(struct session_resume){.id = "secret", .number = 1, .s = 1});
	until(&w, w.stream);
	say(&w, HELLO);
	until(&w, w.heard[OP_RESUME] == 1);
	shard_stop(w.shard, true);
	until(&w, w.close_code);
	assert_int_equal(w.close_code, 1000);
	assert_true(str_starts(next(&w), STR("1:0 TUTTI_SESSION_LOST.0.0. ")));
	end(&w);
}

static void a_resume_url_that_leads_elsewhere_is_not_used(void **state)
{
	struct world w;
	(void)state;
	begin(&w, "l", NULL);
	come(&w);
	say(&w,
	    "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"user\":{\"id\":\"2\"},\"session_id\":\"x\","
	    "\"resume_gateway_url\":\"wss://evil.example\"}}");
	(void)next(&w);
	httpd_stream_close(&w.stream, false);
	until(&w, w.connections == 2);
	assert_string_equal(w.query[1], "/base?v=10");
	end(&w);
}

static void without_a_base_url_a_dead_resume_url_asks_for_it(void **state)
{
	struct world w;
	struct session_resume resume = {.id = "kept", .url = "ws://127.0.0.1:1", .number = 7};
	(void)state;
	begin(&w, "m", &resume);
	shard_set_url(w.shard, STR(""));
	until(&w, w.urls_asked);
	shard_set_url(w.shard, str_c(w.url));
	until(&w, w.stream);
	assert_string_equal(w.query[0], "/base?v=10");
	say(&w, HELLO);
	until(&w, w.heard[OP_RESUME] == 1);
	end(&w);
}

int main(void)
{
	log_open(LOG_ERROR, "/dev/null");
	return run_unit_in_dir(test(a_session_begins_and_its_secrets_stay_here),
			       test(a_ready_above_max_event_begins_a_session_all_the_same),
			       test(an_event_of_any_size_is_told_at_once),
			       test(what_is_beyond_all_bounds_is_skipped_in_its_place),
			       test(one_byte_at_a_time_is_the_same),
			       test(a_lost_connection_is_resumed_where_discord_said),
			       test(a_process_after_us_resumes_too),
			       test(a_session_that_is_over_is_announced_and_a_new_one_begun),
			       test(a_fatal_code_stops_the_shard),
			       test(what_is_no_json_is_left_and_the_session_resumed),
			       test(what_can_be_no_event_takes_no_events_place),
			       test(what_is_too_large_is_announced_and_the_session_goes_on),
			       test(heartbeats_go_by_the_interval_and_carry_the_last_s),
			       test(without_an_ack_the_connection_is_dead),
			       test(a_stop_keeps_the_session_and_a_logout_ends_it),
			       test(a_resume_url_that_leads_elsewhere_is_not_used),
			       test(without_a_base_url_a_dead_resume_url_asks_for_it));
}
