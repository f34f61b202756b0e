#define BOT mine
#include "bot/public.h"

#include "test/unit.h"

#include <stdio.h>

#include <tutti/register.h>
#include <tutti/test.h>

tt_on_message_create(tt_with("^,add (\\S+) (\\S+)$", .usage = "two numbers"), add, i64, i64);
static tt_result add(tt_client *client, const tt_message *message, int64_t a, int64_t b)
{
	return tt_create_message(client, message->channel_id,
				 .content = tt_fmt("%lld", (long long)(a + b)));
}

/* Two calls, the second about what the first was answered. */
tt_on_message_create("^,both$", both);
static tt_result both(tt_client *client, const tt_message *message)
{
	tt_result made = tt_create_message(client, message->channel_id, .content = "x");
	if (tt_failed(made))
		return made;
	return tt_create_reaction(client, message->channel_id,
				  tt_json_id(tt_json_get(made.body, "id")), "😄");
}

tt_on_message_create("^,(who|bye|wrong|route)$", other, str);
static tt_result other(tt_client *client, const tt_message *message, tt_str word)
{
	if (tt_equal(word, "bye"))
		return tt_exit();
	if (tt_equal(word, "wrong"))
		return tt_error("no %s", "luck");
	if (tt_equal(word, "route"))
		return tt_call(client, "GET", "/channels/{channel_id}", .ids = {{"guild_id", 7}});
	return tt_call(client, "GET", "/guilds/{guild_id}/members/search",
		       .ids = {{"guild_id", message->guild_id}},
		       .query = {{"query", tt_fmt("%.*s %llu", TT_STR(message->author.username),
						  (unsigned long long)message->author.id)}},
		       .reason = "asked");
}

tt_on_message_reaction_add(tt_emoji("party:41"), party);
static tt_result party(tt_client *client, const tt_message_reaction_add *reaction)
{
	return tt_gateway_op(
		client, TT_OP_REQUEST_GUILD_MEMBERS,
		.d = tt_fmt("{ \"guild_id\": \"%llu\" }", (unsigned long long)reaction->guild_id));
}

tt_on_event("TYPING_START", typing);
static tt_result typing(tt_client *client, const tt_event *event)
{
	return tt_create_message(client, event->channel_id, .content = "you type");
}
tt_export_bot(mine, "Is tested.");

#undef BOT
#define BOT wrong
tt_on_message_create("(", unclosed);
static tt_result unclosed(tt_client *client, const tt_message *message)
{
	(void)client, (void)message;
	return tt_handled();
}
tt_export_bot(wrong, "Does not compile.");

static tt_test *test_of_mine;

static int set_up(void **state)
{
	(void)state;
	test_of_mine = tt_test_new(&mine);
	return test_of_mine ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	tt_test_free(test_of_mine);
	return 0;
}

static void sent_was(const char *method, const char *path, const char *text)
{
	const tt_sent *sent = tt_test_sent(test_of_mine);
	assert_non_null(sent);
	assert_string_equal(sent->method, method);
	assert_string_equal(sent->path, path);
	assert_string_equal(sent->text, text);
}

static void a_message_reaches_its_handler_and_its_call_is_kept(void **state)
{
	(void)state;
	tt_delivered got = tt_test_message(test_of_mine, ",add 2 40", .channel_id = 8);
	assert_int_equal(got.handled, 1);
	assert_int_equal(got.failed, 0);
	assert_false(got.wants_exit);
	const tt_sent *sent = tt_test_sent(test_of_mine);
	assert_string_equal(sent->path, "/channels/8/messages");
	assert_string_equal(sent->route, "/channels/{channel_id}/messages");
	assert_true(tt_equal(tt_json_str(tt_json_get(sent->body, "content")), "42"));
	assert_null(sent->reason);
	assert_null(tt_test_sent(test_of_mine));
}

static void what_no_route_wants_reaches_nobody(void **state)
{
	(void)state;
	assert_int_equal(tt_test_message(test_of_mine, "hello").handled, 0);
	assert_int_equal(tt_test_message(test_of_mine, ",add 1 2", .is_bot = true).handled, 0);
	assert_int_equal(tt_test_reaction(test_of_mine, "😄").handled, 0);
	assert_null(tt_test_sent(test_of_mine));
}

static void a_capture_that_does_not_convert_is_told(void **state)
{
	(void)state;
	tt_test_message(test_of_mine, ",add 2 x", .id = 123);
	sent_was("POST", "/channels/7/messages",
		 "{\"allowed_mentions\":{\"parse\":[]},\"content\":\"two numbers\",\"message_"
		 "reference\":{\"message_id\":\"123\",\"fail_if_not_exists\":false}}");
}

/* Of what ",both" fails with when Discord answers its first call so. */
static void fails_with(const char *answer, const char *flaw)
{
	tt_test_answer(test_of_mine, 400, answer);
	tt_delivered got = tt_test_message(test_of_mine, ",both");
	assert_int_equal(got.failed, 1);
	if (!strstr(got.reason, flaw))
		fail_msg("%s: not in: %s", flaw, got.reason);
	(void)tt_test_sent(test_of_mine);
}

static void what_is_wrong_in_a_body_is_told(void **state)
{
	(void)state;
	fails_with(
		"{\"message\":\"Invalid Form Body\",\"code\":50035,\"errors\":{\"embeds\":{\"0\":"
		"{\"title\":{\"_errors\":[{\"code\":\"X\",\"message\":\"Too long.\"}]}}}}}",
		"Invalid Form Body: embeds.0.title: Too long. (HTTP 400, code 50035)");
	fails_with(
		"{\"message\":\"Wrong\",\"errors\":{\"_errors\":[{\"message\":\"All of it.\"}]}}",
		"Wrong: All of it. (HTTP 400");
	/* nothing that can be told */
	fails_with("{\"message\":\"Wrong\",\"errors\":{\"a\":[7]}}", "Wrong (HTTP 400");
	fails_with("{\"message\":\"Wrong\",\"errors\":{\"a\":{\"_errors\":[]}}}",
		   "Wrong (HTTP 400");
	fails_with("{\"message\":\"Wrong\",\"errors\":7}", "Wrong (HTTP 400");
}

static void a_long_flaw_is_cut(void **state)
{
	(void)state;
	char name[501], text[501], answer[2048];
	memset(name, 'n', 500);
	memset(text, 't', 500);
	name[500] = text[500] = '\0';
	snprintf(answer, sizeof answer,
		 "{\"message\":\"Wrong\",\"errors\":{\"%s\":{\"_errors\":[{\"message\":\"%s\"}]}}}",
		 name, text);
	name[160] = text[300] = '\0';
	char wanted[1024];
	snprintf(wanted, sizeof wanted, "Wrong: %s: %s (HTTP", name, text);
	fails_with(answer, wanted);
}

static void calls_are_answered_as_the_test_says(void **state)
{
	(void)state;
	tt_test_answer(test_of_mine, 200, "{\"id\":\"555\"}");
	tt_test_answer(test_of_mine, 403, "{\"message\":\"Missing Access\",\"code\":50001}");
	tt_delivered got = tt_test_message(test_of_mine, ",both");
	assert_int_equal(got.failed, 1);
	assert_string_equal(
		got.reason,
		"PUT /channels/{channel_id}/messages/{message_id}/reactions/"
		"{emoji_name}/@me: Discord refused: Missing Access (HTTP 403, code 50001)");
	assert_string_equal(tt_test_sent(test_of_mine)->method, "POST");
	sent_was("PUT", "/channels/7/messages/555/reactions/%F0%9F%98%84/@me", "");
	/* the answers are used up: 200, and another id each time */
	assert_int_equal(tt_test_message(test_of_mine, ",both").failed, 0);
	assert_int_equal(tt_test_message(test_of_mine, ",both").failed, 0);
	(void)tt_test_sent(test_of_mine);
	sent_was("PUT", "/channels/7/messages/1001/reactions/%F0%9F%98%84/@me", "");
}

static void query_and_reason_are_shown(void **state)
{
	(void)state;
	tt_test_message(test_of_mine, ",who", .author_id = 17, .username = "Ada \"L\"");
	const tt_sent *sent = tt_test_sent(test_of_mine);
	assert_string_equal(sent->path, "/guilds/1/members/search?query=Ada%20%22L%22%2017");
	assert_string_equal(sent->reason, "asked");
}

static void a_call_that_the_limiter_would_refuse_is_refused(void **state)
{
	(void)state;
	tt_delivered got = tt_test_message(test_of_mine, ",route");
	assert_int_equal(got.failed, 1);
	assert_non_null(strstr(got.reason, "channel_id"));
}

static void an_error_and_an_exit_are_told(void **state)
{
	(void)state;
	tt_delivered got = tt_test_message(test_of_mine, ",wrong");
	assert_int_equal(got.failed, 1);
	assert_string_equal(got.reason, "no luck");
	assert_true(tt_test_message(test_of_mine, ",bye").wants_exit);
	assert_string_equal(tt_test_message(test_of_mine, "hello").reason, "");
}

static void reactions_ops_and_any_event(void **state)
{
	(void)state;
	tt_test_reaction(test_of_mine, "party:41", .guild_id = 3);
	sent_was("GATEWAY", "op 8", "{\"guild_id\":\"3\"}");
	tt_test_event(test_of_mine, "TYPING_START", "{\"channel_id\":\"9\"}");
	assert_string_equal(tt_test_sent(test_of_mine)->path, "/channels/9/messages");
	tt_delivered got = tt_test_event(test_of_mine, "TYPING_START", "{");
	assert_int_equal(got.failed, 1);
	assert_non_null(strstr(got.reason, "not JSON"));
}

static void a_handler_is_called_directly(void **state)
{
	(void)state;
	const tt_message message = {.channel_id = 12, .content = tt_text("unseen")};
	tt_result result = add(tt_test_client(test_of_mine), &message, 1, 2);
	assert_false(tt_failed(result));
	assert_int_equal(tt_json_id(tt_json_get(result.body, "id")), 1001);
	assert_string_equal(tt_test_sent(test_of_mine)->path, "/channels/12/messages");
	tt_test_answer(test_of_mine, TT_CALL_LATE, "{\"message\":\"too late\"}");
	result = add(tt_test_client(test_of_mine), &message, 1, 2);
	assert_true(tt_failed(result));
}

static void registered_handlers_are_tested_the_same_way(void **state)
{
	(void)state;
	tt_bot *bot = tt_bot_new("by_hand", "Registers.");
	tt_register(bot, tt_command("^,both$"), both);
	tt_test *test = tt_test_new(bot);
	assert_int_equal(tt_test_message(test, ",both", .is_direct = true).handled, 1);
	assert_string_equal(tt_test_sent(test)->method, "POST");
	tt_test_free(test);
	tt_bot_free(bot);
}

static void a_wrong_bot_is_no_test(void **state)
{
	(void)state;
	assert_null(tt_test_new(TT_BOTS(&mine, &wrong)));
	tt_test_free(NULL);
}

#define checked(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	return run_unit(checked(a_message_reaches_its_handler_and_its_call_is_kept),
			checked(what_no_route_wants_reaches_nobody),
			checked(a_capture_that_does_not_convert_is_told),
			checked(calls_are_answered_as_the_test_says),
			checked(what_is_wrong_in_a_body_is_told), checked(a_long_flaw_is_cut),
			checked(query_and_reason_are_shown),
			checked(a_call_that_the_limiter_would_refuse_is_refused),
			checked(an_error_and_an_exit_are_told),
			checked(reactions_ops_and_any_event), checked(a_handler_is_called_directly),
			checked(registered_handlers_are_tested_the_same_way),
			checked(a_wrong_bot_is_no_test));
}
