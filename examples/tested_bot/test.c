/* Unit tests of bot.c: no tuttid, no socket, no Discord. Includes the bot, so that its handlers can
 * be called directly, too. */
#define main bot_main
#include "bot.c"
#undef main

#include <assert.h>
#include <string.h>
#include <tutti/test.h>

static const char *content(const tt_sent *sent)
{
	assert(sent && !strcmp(sent->path, "/channels/7/messages"));
	return fmt("%.*s", STR(tt_json_str(tt_json_get(sent->body, "content"))));
}

static void a_die_is_thrown_and_marked(tt_test *test)
{
	tt_test_answer(test, 200, "{\"id\":\"555\"}");
	assert(tt_test_message(test, ",roll 6").handled == 1);
	int n = atoi(content(tt_test_sent(test)));
	assert(1 <= n && n <= 6);
	assert(strstr(tt_test_sent(test)->path, "/channels/7/messages/555/reactions/"));
}

static void who_asks_wrongly_is_told(tt_test *test)
{
	assert(tt_test_message(test, ",roll many").handled == 0);
	assert(!strcmp(content(tt_test_sent(test)), "say ,roll 6"));
	assert(tt_test_message(test, "roll 6").handled == 0 && !tt_test_sent(test));
}

static void a_refusal_is_an_error(tt_test *test)
{
	tt_test_answer(test, 403, "{\"message\":\"Missing Access\",\"code\":50001}");
	tt_delivered got = tt_test_message(test, ",roll 6");
	assert(got.failed == 1 && strstr(got.reason, "Missing Access"));
	assert(tt_test_sent(test) && !tt_test_sent(test)); /* no reaction to nothing */
}

static void a_handler_is_a_function(tt_test *test)
{
	const tt_message message = {.id = 1, .channel_id = 7};
	assert(!tt_failed(roll(tt_test_client(test), &message, 1)));
	assert(!strcmp(content(tt_test_sent(test)), "a die has two sides or more"));
}

int main(void)
{
	tt_test *test = tt_test_new(&dice);
	a_die_is_thrown_and_marked(test);
	who_asks_wrongly_is_told(test);
	a_refusal_is_an_error(test);
	a_handler_is_a_function(test);
	tt_test_free(test);
	return 0;
}
