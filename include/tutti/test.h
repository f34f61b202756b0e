/* tutti/test.h: unit tests of a bot. Events by hand, and what it would have sent: no process, no
 * socket, no tuttid.
 *
 *     tt_test *test = tt_test_new(&my_bot);
 *     tt_test_message(test, ",echo hi");
 *     const tt_sent *sent = tt_test_sent(test);
 *     assert(sent && !strcmp(sent->path, "/channels/7/messages"));
 *     assert(tt_equal(tt_json_str(tt_json_get(sent->body, "content")), "ok, you said: hi"));
 *     tt_test_free(test);
 *
 * An event goes through the same routes, patterns and conversions as under serve(), registered
 * ones too; a call of a handler is kept for tt_test_sent(), and answered by what tt_test_answer()
 * said. Everything happens inside the call that delivers.
 * Memory:  what a handler is given dies when it returns; tt_keep() copies. What was sent lives until
 *          tt_test_free(), all else until the next event or client.
 * Threads: what a handler is given belongs to its thread, which is the test's own. There may be
 *          several tests at once.
 * Errors:  what fails is a tt_result, whose text says why in one sentence. tt_test_new() is NULL, with
 *          the reason on stderr, where serve() would return 78.
 */
#ifndef TUTTI_TEST_H
#define TUTTI_TEST_H

#include <tutti/bot.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_test tt_test;

/* tt_test *tt_test_new(bots): one module, or BOTS(&one, &other). */
#define tt_test_new(bots) TT_TEST_FOR(bots)(bots)
TT_VISIBLE tt_test *tt_test_new_all(const tt_bot *const *bots);
TT_VISIBLE tt_test *tt_test_new_one(const tt_bot *bot);
TT_VISIBLE void tt_test_free(tt_test *test);

/* What became of an event. */
typedef struct tt_delivered {
	unsigned handled;   /* handlers that had it and did not pass, over all modules */
	unsigned failed;    /* of these, with an error or a failed call */
	const char *reason; /* of a failure that no on_error handled; else "" */
	bool wants_exit;    /* one returned tt_exit() */
} tt_delivered;

/* MESSAGE_CREATE. What is 0 or NULL: message 99 of user 5, "somebody", in channel 7 of guild 1. */
struct tt_test_message {
	const char *content;
	tt_id id, channel_id, guild_id, author_id;
	const char *username;
	bool is_direct; /* in no guild */
	bool is_bot;
	const char *more; /* further members as JSON text: "\"attachments\":[]" */
};
TT_VISIBLE tt_delivered tt_test_message_with(tt_test *test, const struct tt_test_message *message);
#define tt_test_message(test, ...) \
	tt_test_message_with((test), TT_ARGS(tt_test_message, .content = __VA_ARGS__))

/* MESSAGE_REACTION_ADD, of user 5 to message 99 in channel 7 of guild 1. */
struct tt_test_reaction {
	const char *emoji; /* the character, or "name:id" */
	tt_id message_id, channel_id, guild_id, user_id;
	bool is_direct;
	bool is_bot;
	const char *more;
};
TT_VISIBLE tt_delivered tt_test_reaction_with(tt_test *test,
					      const struct tt_test_reaction *reaction);
#define tt_test_reaction(test, ...) \
	tt_test_reaction_with((test), TT_ARGS(tt_test_reaction, .emoji = __VA_ARGS__))

/* Any event: its name, and Discord's d as JSON text. */
TT_VISIBLE tt_delivered tt_test_event(tt_test *test, const char *name, const char *json);

/* A client for calling a handler directly: echo(tt_test_client(test), &message, tt_text("hi")).
 * Each time it is at a new event. */
TT_VISIBLE tt_client *tt_test_client(tt_test *test);

/* A call that a handler made. */
typedef struct tt_sent {
	const char *method; /* "POST"; of a gateway op "GATEWAY" */
	const char *path;   /* "/channels/7/messages", with "?query"; "op 8" */
	const char *route;  /* "/channels/{channel_id}/messages" */
	tt_json body;
	const char *text; /* the same as JSON text without blanks; "" */
	const char *reason;
	unsigned n_files;
} tt_sent;
/* The next one, each once, in their order; NULL: no further one was made. */
TT_VISIBLE const tt_sent *tt_test_sent(tt_test *test);

/* The call that is made next, or behind those for which this was already said, is answered so:
 * Discord's HTTP status or one of enum tt_call_status, and JSON text. Any other is answered by 200
 * and an object with an id of its own. */
TT_VISIBLE void tt_test_answer(tt_test *test, int status, const char *json);

/* clang-format off */
#ifndef __cplusplus
#define TT_TEST_FOR(bots)                        \
	_Generic((bots),                         \
		tt_bot *: tt_test_new_one,       \
		const tt_bot *: tt_test_new_one, \
		default: tt_test_new_all)
#endif
/* clang-format on */

#ifdef __cplusplus
}

#define TT_TEST_FOR(bots) tt_test_new_any
static inline tt_test *tt_test_new_any(const tt_bot *bot)
{
	return tt_test_new_one(bot);
}
static inline tt_test *tt_test_new_any(const tt_bot *const *bots)
{
	return tt_test_new_all(bots);
}
#endif

#endif
