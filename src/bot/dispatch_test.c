#define BOT heard
#include "bot/dispatch.h"

#include "test/unit.h"

#include <stdio.h>
#include <time.h>

/* What the handlers were called with, in order. */
static struct buf trace;
static tt_event seen;

static void note(const char *who, tt_str what)
{
	buf_addf(&trace, "%s(%.*s) ", who, TT_STR(what));
}

tt_on_message_create("^,echo (.*)$", echo, str);
static tt_result echo(tt_client *client, const tt_message *message, tt_str text)
{
	seen = *tt_event_of(client);
	assert_int_equal(message->channel_id, 7);
	note("echo", text);
	return tt_handled();
}

tt_on_message_create("^,add (\\S+) (\\S+)$", add, i64, i64);
static tt_result add(tt_client *client, const tt_message *message, int64_t a, int64_t b)
{
	(void)client, (void)message;
	const char *sum = tt_fmt("%lld", (long long)(a + b));
	note("add", (tt_str){sum, strlen(sum)});
	return tt_handled();
}

tt_on_message_create("^(a+)+$", hostile, str);
static tt_result hostile(tt_client *client, const tt_message *message, tt_str text)
{
	(void)client, (void)message;
	note("hostile", text);
	return tt_handled();
}

tt_on_message_create("^,(add|pass|fail|bye) ?(.*)$", any, str, str);
static tt_result any(tt_client *client, const tt_message *message, tt_str word, tt_str rest)
{
	(void)client, (void)message, (void)rest;
	note("any", word);
	if (tt_equal(word, "fail"))
		return tt_error("no luck with %s", "this");
	if (tt_equal(word, "bye"))
		return tt_exit();
	return tt_equal(word, "pass") ? tt_pass() : tt_handled();
}

tt_on_message_create(tt_with("", .from_bots = true), everything);
static tt_result everything(tt_client *client, const tt_message *message)
{
	(void)client;
	note("all", message->author.username);
	return tt_equal(message->content, "go on") ? tt_pass() : tt_handled();
}

tt_on_message_reaction_add("([😄😸])", smile, str);
static tt_result smile(tt_client *client, const tt_message_reaction_add *reaction, tt_str name)
{
	(void)client;
	assert_int_equal(reaction->message_id, 99);
	note("smile", name);
	return tt_handled();
}

tt_on_message_reaction_add(tt_emoji("❤", "party:41"), love);
static tt_result love(tt_client *client, const tt_message_reaction_add *reaction)
{
	(void)client;
	note("love", reaction->emoji.name);
	return tt_handled();
}
tt_on_message_reaction_remove(tt_emoji("😸"), unsmile);
static tt_result unsmile(tt_client *client, const tt_message_reaction_remove *reaction)
{
	(void)client;
	assert_int_equal(reaction->message_id, 99);
	assert_int_equal(reaction->user_id, 5);
	note("unsmile", reaction->emoji.name);
	return tt_handled();
}

tt_on_event("SOMETHING_NEW", news);
tt_on_event(tt_with("TYPING_START", .help = "fingers"), news);
tt_on_event("MESSAGE_CREATE", news);
static tt_result news(tt_client *client, const tt_event *event)
{
	assert_ptr_equal(event, tt_event_of(client));
	assert_int_equal(event->pos, 42);
	note("news", tt_json_str(tt_json_path(event->json, "a.b")));
	return tt_handled();
}

tt_on_gap(lost);
static tt_result lost(tt_client *client, const tt_gap *gap)
{
	(void)client;
	assert_int_equal(gap->epoch, 1000);
	assert_int_equal(gap->from, 5);
	assert_int_equal(gap->to, 17);
	assert_false(gap->is_epoch);
	note("lost", (tt_str){"", 0});
	return tt_handled();
}

tt_on_ready(ready);
static tt_result ready(tt_client *client, const tt_ready *self)
{
	(void)client;
	assert_int_equal(self->user_id, 500000000000000001);
	assert_int_equal(self->head, 9);
	note("ready", (tt_str){"", 0});
	return tt_handled();
}
tt_export_bot(heard, "What was heard.");

#undef BOT
#define BOT second
tt_on_message_create("(echo)", other, str);
static tt_result other(tt_client *client, const tt_message *message, tt_str text)
{
	(void)client, (void)message;
	note("other", text);
	return tt_handled();
}
tt_export_bot(second, "Another module.");

#undef BOT
#define BOT failing
/* What each level is to answer, by a letter. */
static const char *answers;
static tt_failure failure;

static tt_result answer(const char *who, size_t level, const tt_failure *told)
{
	failure = *told;
	assert_int_equal(told->event->pos, 42);
	buf_addf(&trace, "%s(%.*s) ", who, TT_STR(told->reason));
	switch (answers[level]) {
	case 'p': return tt_pass();
	case 'x': return tt_exit();
	case 'e': return tt_error("%s failed", who);
	case 'c': return (tt_result){.outcome = TT_CALLED, .status = 403, .text = {"403", 3}};
	default: return tt_handled();
	}
}

static tt_error_handler of_route;
tt_on_message_create(tt_with("^,break (\\w+)( \\w+)?$", .on_error = of_route), breaks, str,
		     opt_str);
static tt_result breaks(tt_client *client, const tt_message *message, tt_str a, tt_str b)
{
	(void)client, (void)message, (void)b;
	return tt_error("broke %.*s", TT_STR(a));
}

static tt_result of_route(tt_client *client, const tt_failure *told)
{
	(void)client;
	assert_int_equal(told->n_captures, 2);
	assert_true(tt_equal(told->captures[0], "it") && !told->captures[1].p);
	return answer("route", 0, told);
}

tt_on_error(of_module);
static tt_result of_module(tt_client *client, const tt_failure *told)
{
	(void)client;
	return answer("module", 1, told);
}
tt_export_bot(failing, "Fails.");

#undef BOT
#define BOT inner
tt_on_message_create("^,(nested|broken|off|on)$", nested, str);
tt_export_bot(inner, "A part of another.");
#undef BOT
#define BOT outer
tt_use_module(inner);
tt_on_message_create("^,(nested|broken|off|on)$", outermost, str);
tt_on_error(of_outer);
tt_export_bot(outer, "Uses another.");

static tt_result nested(tt_client *c, const tt_message *message, tt_str word)
{
	(void)c, (void)message;
	note("nested", word);
	return tt_equal(word, "broken") ? tt_error("inside") : tt_handled();
}

static tt_result outermost(tt_client *c, const tt_message *message, tt_str word)
{
	(void)c, (void)message;
	note("outermost", word);
	if (tt_equal(word, "off") || tt_equal(word, "on"))
		tt_enable(&inner, tt_equal(word, "on"));
	return tt_handled();
}

static tt_result of_outer(tt_client *c, const tt_failure *told)
{
	(void)c;
	note("of_outer", told->reason);
	assert_string_equal(told->module, "inner");
	return tt_handled();
}

static tt_result of_bot(tt_client *client, const tt_failure *told)
{
	(void)client;
	return answer("bot", 2, told);
}

static struct registry registry;
static struct dispatch dispatch;
static struct tt_client client;

static int set_up(void **state)
{
	(void)state;
	registry_init(&registry, TT_BOTS(&heard, &second, &failing, &outer));
	assert_int_equal(registry.faults.n, 0);
	dispatch = (struct dispatch){.registry = &registry, .own_user_id = 2};
	client_init(&client);
	client.bot = "unit";
	trace.n = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	client_done(&client);
	registry_done(&registry);
	buf_done(&trace);
	return 0;
}

static bool run(const char *topic, const char *payload)
{
	struct wire_header h = {.epoch = 1000,
				.pos = 42,
				.shard = 3,
				.session = 2,
				.s = 17,
				.guild_id = 1,
				.received = 5,
				.topic = str_c(topic)};
	return dispatch_event(&dispatch, &client, &h, str_c(payload), TT_REDELIVERED);
}

/* A message with this content; more: further members. */
static bool say(const char *content, const char *more)
{
	char payload[8192];
	snprintf(payload, sizeof payload,
		 "{\"id\":\"99\",\"channel_id\":\"7\",\"content\":\"%s\",\"author\":{\"id\":\"5\","
		 "\"username\":\"ada\"}%s}",
		 content, more);
	return run("MESSAGE_CREATE.1.7.", payload);
}

static void heard_was(const char *wanted)
{
	assert_str(buf_str(&trace), wanted);
}

static void every_module_sees_the_event(void **state)
{
	(void)state;
	assert_false(say(",echo hi", ""));
	heard_was("echo(hi) other(echo) ");
}

static void the_first_match_of_a_module_has_it(void **state)
{
	(void)state;
	say(",add 2 40", "");
	heard_was("add(42) ");
}

static void a_capture_that_does_not_convert_lets_the_next_route_try(void **state)
{
	(void)state;
	say(",add 2 x", "");
	heard_was("any(add) ");
}

static void pass_goes_on(void **state)
{
	(void)state;
	say(",pass", "");
	heard_was("any(pass) all(ada) ");
}

static void an_error_ends_it_and_is_counted(void **state)
{
	(void)state;
	say(",fail", "");
	heard_was("any(fail) ");
	assert_int_equal(dispatch.errors, 1);
}

static bool fail_with(const char *levels)
{
	trace.n = 0;
	answers = levels;
	dispatch.on_error = of_bot;
	failure = (tt_failure){0};
	return say(",break it", "");
}

static void a_failure_is_told_from_the_inside_out(void **state)
{
	(void)state;
	fail_with("hhh");
	heard_was("all(ada) route(broke it) ");
	fail_with("phh");
	heard_was("all(ada) route(broke it) module(broke it) ");
	fail_with("pph");
	heard_was("all(ada) route(broke it) module(broke it) bot(broke it) ");
	fail_with("ppp");
	heard_was("all(ada) route(broke it) module(broke it) bot(broke it) ");
	assert_int_equal(dispatch.errors, 4);
}

static void an_error_handler_may_fail_itself(void **state)
{
	(void)state;
	fail_with("ech");
	heard_was("all(ada) route(broke it) module(route failed) bot(403) ");
	assert_int_equal(failure.result.status, 403);
}

static void an_error_handler_may_leave(void **state)
{
	(void)state;
	assert_true(fail_with("pxh"));
	heard_was("all(ada) route(broke it) module(broke it) ");
	assert_false(fail_with("hhh"));
}

static void a_failure_knows_route_event_and_captures(void **state)
{
	(void)state;
	fail_with("hhh");
	assert_string_equal(failure.module, "failing");
	assert_string_equal(failure.handler, "breaks");
	assert_non_null(strstr(failure.file, "dispatch_test.c"));
	assert_true(failure.line > 0);
	assert_int_equal(failure.channel_id, 7);
	assert_int_equal(failure.message_id, 99);
	assert_int_equal(failure.result.outcome, TT_ERROR);
}

static void a_used_module_sees_events_behind_its_user_and_fails_to_it(void **state)
{
	(void)state;
	say(",nested", "");
	heard_was("all(ada) outermost(nested) nested(nested) ");
	trace.n = 0;
	say(",broken", "");
	heard_was("all(ada) outermost(broken) nested(broken) of_outer(inside) ");
}

static void a_module_is_switched_off_for_the_next_event(void **state)
{
	(void)state;
	say(",off", "");
	heard_was("all(ada) outermost(off) ");
	assert_false(tt_is_enabled(&inner));
	trace.n = 0;
	say(",nested", "");
	heard_was("all(ada) outermost(nested) ");
	trace.n = 0;
	say(",on", "");
	heard_was("all(ada) outermost(on) nested(on) ");
	assert_true(tt_is_enabled(&inner));
}

static void a_module_that_is_off_takes_what_it_uses_along(void **state)
{
	(void)state;
	tt_enable(&outer, false);
	say(",nested", "");
	heard_was("all(ada) ");
	assert_true(tt_is_enabled(&inner));
	tt_enable(&outer, true);
}

static void exit_is_told(void **state)
{
	(void)state;
	assert_true(say(",bye", ""));
	assert_false(say("hello", ""));
}

static void bots_webhooks_and_we_match_only_where_wanted(void **state)
{
	(void)state;
	say(",echo x", ",\"webhook_id\":\"8\"");
	heard_was("all(ada) ");
	trace.n = 0;
	run("MESSAGE_CREATE.1.7.",
	    "{\"content\":\",echo x\",\"author\":{\"id\":\"5\",\"bot\":true}}");
	heard_was("all() ");
	trace.n = 0;
	run("MESSAGE_CREATE.1.7.", "{\"content\":\",echo x\",\"author\":{\"id\":\"2\"}}");
	heard_was("all() ");
}

static void a_reaction_is_matched_by_its_emoji(void **state)
{
	(void)state;
	run("MESSAGE_REACTION_ADD.1.7.",
	    "{\"user_id\":\"5\",\"message_id\":\"99\",\"emoji\":{\"id\":null,\"name\":\"😸\"}}");
	run("MESSAGE_REACTION_ADD.1.7.",
	    "{\"user_id\":\"5\",\"message_id\":\"99\",\"emoji\":{\"id\":null,\"name\":\"👍\"}}");
	run("MESSAGE_REACTION_ADD.1.7.",
	    "{\"user_id\":\"2\",\"message_id\":\"99\",\"emoji\":{\"id\":null,\"name\":\"😸\"}}");
	heard_was("smile(😸) ");
}

static void a_reaction_is_matched_by_a_list_of_emojis(void **state)
{
	(void)state;
	run("MESSAGE_REACTION_ADD.1.7.",
	    "{\"user_id\":\"5\",\"emoji\":{\"id\":null,\"name\":\"❤️\"}}");
	run("MESSAGE_REACTION_ADD.1.7.",
	    "{\"user_id\":\"5\",\"emoji\":{\"id\":\"41\",\"name\":\"p\"}}");
	run("MESSAGE_REACTION_ADD.1.7.",
	    "{\"user_id\":\"5\",\"emoji\":{\"id\":\"42\",\"name\":\"❤\"}}");
	run("MESSAGE_REACTION_ADD.1.7.",
	    "{\"user_id\":\"2\",\"emoji\":{\"id\":\"41\",\"name\":\"p\"}}");
	heard_was("love(❤️) love(p) ");
}

static void a_removed_reaction_has_its_struct(void **state)
{
	(void)state;
	run("MESSAGE_REACTION_REMOVE.1.7.",
	    "{\"user_id\":\"5\",\"message_id\":\"99\",\"emoji\":{\"id\":null,\"name\":\"😸\"}}");
	heard_was("unsmile(😸) ");
}

static void any_event_is_had_by_its_name(void **state)
{
	(void)state;
	run("SOMETHING_NEW.1.7.", "{\"a\":{\"b\":\"first\"}}");
	run("TYPING_START.1.7.", "{}");
	run("TYPING_STOP.1.7.", "{}");
	heard_was("news(first) news() ");
}

static void by_name_and_by_struct_keep_the_order_of_the_file(void **state)
{
	(void)state;
	say("hello", "");
	heard_was("all(ada) ");
	trace.n = 0;
	say("go on", ",\"a\":{\"b\":\"x\"}");
	heard_was("all(ada) news(x) ");
	trace.n = 0;
	say("go on", ",\"webhook_id\":\"8\"");
	heard_was("all(ada) ");
}

static void a_gap_and_the_beginning_are_told_like_events(void **state)
{
	(void)state;
	run("TUTTI_READY.0.0.", "{\"user_id\":\"500000000000000001\",\"head\":9}");
	run("TUTTI_GAP.0.0.", "{\"epoch\":1000,\"from\":5,\"to\":17,\"why\":\"horizon\"}");
	heard_was("ready() lost() ");
}

static void a_handler_knows_where_the_event_stands(void **state)
{
	(void)state;
	say(",echo x", "");
	assert_int_equal(seen.pos, 42);
	assert_int_equal(seen.epoch, 1000);
	assert_int_equal(seen.shard, 3);
	assert_int_equal(seen.session, 2);
	assert_int_equal(seen.s, 17);
	assert_int_equal(seen.guild_id, 1);
	assert_int_equal(seen.channel_id, 7);
	assert_int_equal(seen.flags, TT_REDELIVERED);
}

/* By somebody who knows the pattern; the routes behind it have their turn. */
static void a_hostile_text_is_cut_off_within_a_millisecond_and_counted(void **state)
{
	(void)state;
	enum { TIMES = 10 };
	char text[4001];
	double best_us = 1e9;
	memset(text, 'a', sizeof text);
	text[sizeof text - 2] = '!';
	text[sizeof text - 1] = 0;
	for (int i = 0; i < TIMES; i++) {
		struct timespec began, now;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began);
		say(text, "");
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
		double us = (double)(now.tv_sec - began.tv_sec) * 1e6 +
			    (double)(now.tv_nsec - began.tv_nsec) / 1e3;
		best_us = us < best_us ? us : best_us;
	}
	assert_int_equal(dispatch.cut, TIMES);
	if (best_us > 1000)
		fail_msg("%.0f us", best_us);
	assert_true(str_starts(buf_str(&trace), STR("all(ada) all(ada) ")));
}

static void what_cannot_be_read_reaches_nobody(void **state)
{
	(void)state;
	assert_false(run("MESSAGE_CREATE.1.7.", "{\"content\":"));
	assert_int_equal(dispatch.unreadable, 1);
	heard_was("");
}

static void wrong_kinds_of_members_are_as_absent(void **state)
{
	(void)state;
	run("MESSAGE_CREATE.1.7.", "{\"content\":17,\"author\":[],\"id\":{}}");
	heard_was("all() ");
	trace.n = 0;
	run("MESSAGE_CREATE.1.7.", "[]");
	heard_was("all() ");
}

static void a_call_outside_of_serve_is_refused(void **state)
{
	(void)state;
	tt_result result = tt_create_message(&client, 7, .content = "x");
	assert_int_equal(result.status, TT_CALL_REFUSED);
	assert_true(tt_failed(result));
}

#define checked(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	return run_unit(
		checked(every_module_sees_the_event), checked(the_first_match_of_a_module_has_it),
		checked(a_capture_that_does_not_convert_lets_the_next_route_try),
		checked(pass_goes_on), checked(an_error_ends_it_and_is_counted),
		checked(a_failure_is_told_from_the_inside_out),
		checked(an_error_handler_may_fail_itself), checked(an_error_handler_may_leave),
		checked(a_failure_knows_route_event_and_captures),
		checked(a_used_module_sees_events_behind_its_user_and_fails_to_it),
		checked(a_module_is_switched_off_for_the_next_event),
		checked(a_module_that_is_off_takes_what_it_uses_along), checked(exit_is_told),
		checked(bots_webhooks_and_we_match_only_where_wanted),
		checked(a_reaction_is_matched_by_its_emoji),
		checked(a_reaction_is_matched_by_a_list_of_emojis),
		checked(a_removed_reaction_has_its_struct), checked(any_event_is_had_by_its_name),
		checked(by_name_and_by_struct_keep_the_order_of_the_file),
		checked(a_gap_and_the_beginning_are_told_like_events),
		checked(a_handler_knows_where_the_event_stands),
		checked(a_hostile_text_is_cut_off_within_a_millisecond_and_counted),
		checked(what_cannot_be_read_reaches_nobody),
		checked(wrong_kinds_of_members_are_as_absent),
		checked(a_call_outside_of_serve_is_refused));
}
