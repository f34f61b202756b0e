/* tutti/register.h: handlers that come and go while the bot runs; declared ones are in tutti/bot.h.
 *
 *     static tt_result echo(tt_client *client, const tt_message *message, tt_str text)
 *     {
 *             return create_message(client, message->channel_id,
 *                                   .content = fmt("ok, you said: %.*s", STR(text)));
 *     }
 *
 *     int main(void)
 *     {
 *             tt_bot *bot = tt_bot_new("my_bot", "Echoes what it hears.");
 *             tt_register(bot, tt_command(",echo (.*)"), echo);
 *             return serve(BOTS(bot), 6000, .config = "etc/dev.toml");
 *     }
 *
 * A registered handler is a route like any other: tried after the declared ones of its module, in
 * the order of registering, and what it returns means the same. A module may have both kinds.
 * Memory:  what a handler is given dies when it returns; tt_keep() copies. What a trigger says is
 *          copied; arg is yours, and done(arg) is called when no handler can see it any more.
 * Threads: what a handler is given belongs to its thread. Registering is for any thread, at any time,
 *          handlers included: an event that comes afterwards finds the change. After tt_unregister()
 *          no call begins, but one that has begun on another thread goes on.
 * Errors:  what fails is a tt_result, whose text says why in one sentence. A registration that can
 *          never work is 0, and logged with file and line; before serve(), serve() refuses to start.
 */
#ifndef TUTTI_REGISTER_H
#define TUTTI_REGISTER_H

#include <tutti/bot.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A module without declared routes, never NULL; name: as for export_bot(), another one is refused by
 * serve(). free: not before serve() has returned. */
#define tt_bot_new(name, about) tt_bot_new_at((name), (about), __FILE__, __LINE__)
TT_VISIBLE tt_bot *tt_bot_new_at(const char *name, const char *about, const char *file, int line);
TT_VISIBLE void tt_bot_free(tt_bot *bot);

/* Sets off by a message: tt_command("^,add (\\S+) (\\S+)$", .help = "adds"). */
struct tt_command {
	const char *pattern; /* as in struct tt_with, and so are the others */
	const char *help, *usage;
	bool from_bots;
	tt_error_handler *on_error;
	unsigned limit_ms;
	void *arg;
	void (*done)(void *arg);
};
#define tt_command(...) (*TT_ARGS(tt_command, .pattern = __VA_ARGS__))

/* Sets off by an added reaction: tt_reaction("😄", "party:41771983429993937"); tt_reaction(NULL) by
 * any. */
struct tt_reaction {
	const char *emoji[16];
	const char *help;
	bool from_bots;
	tt_error_handler *on_error;
	unsigned limit_ms;
	void *arg;
	void (*done)(void *arg);
};
#define tt_reaction(...) (*TT_ARGS(tt_reaction, .emoji = {__VA_ARGS__}))

/* What a command may call: with one text for each group of the pattern, or with all of them, to be
 * taken by tt_take_i64(captures, 0, &n) and the others of tutti/bot_macros.h. */
typedef tt_result tt_command_0(tt_client *, const tt_message *);
typedef tt_result tt_command_1(tt_client *, const tt_message *, tt_str);
typedef tt_result tt_command_2(tt_client *, const tt_message *, tt_str, tt_str);
typedef tt_result tt_command_3(tt_client *, const tt_message *, tt_str, tt_str, tt_str);
typedef tt_result tt_command_n(tt_client *, const tt_message *, const struct tt_captures *);
/* What a reaction may call; the text is the emoji's name. */
typedef tt_result tt_reaction_0(tt_client *, const tt_message_reaction_add *);
typedef tt_result tt_reaction_1(tt_client *, const tt_message_reaction_add *, tt_str);

/* uint64_t tt_register(bot, trigger, fn): the registration, for tt_unregister(); 0: refused. A
 * function that the trigger cannot call does not compile. At most 10,000 in a module. */
#define tt_register(bot, trigger, fn) \
	TT_REGISTER_FOR(fn)((bot), (trigger), (fn), #fn, __FILE__, __LINE__)
/* False: it is not there any more. */
TT_VISIBLE bool tt_unregister(const tt_bot *bot, uint64_t registration);
/* Forgets all that was registered; declared routes stay. */
TT_VISIBLE void tt_reset(const tt_bot *bot);

/* clang-format off */
#ifndef __cplusplus
#define TT_REGISTER_FOR(fn)                              \
	_Generic((fn),                                   \
		tt_command_0 *: tt_register_command_0,   \
		tt_command_1 *: tt_register_command_1,   \
		tt_command_2 *: tt_register_command_2,   \
		tt_command_3 *: tt_register_command_3,   \
		tt_command_n *: tt_register_command_n,   \
		tt_reaction_0 *: tt_register_reaction_0, \
		tt_reaction_1 *: tt_register_reaction_1)
#endif
/* clang-format on */
#define TT_EACH_REGISTER(m)                                                                  \
	m(command, 0) m(command, 1) m(command, 2) m(command, 3) m(command, n) m(reaction, 0) \
		m(reaction, 1)
#define TT_REGISTER(trigger, kind)                                                    \
	TT_VISIBLE uint64_t tt_register_##trigger##_##kind(                           \
		const tt_bot *bot, struct tt_##trigger on, tt_##trigger##_##kind *fn, \
		const char *name, const char *file, int line);
TT_EACH_REGISTER(TT_REGISTER)
#undef TT_REGISTER

#ifdef __cplusplus
}

#define TT_REGISTER_FOR(fn) tt_register_any
#define TT_REGISTER(trigger, kind)                                                          \
	static inline uint64_t tt_register_any(const tt_bot *bot, struct tt_##trigger on,   \
					       tt_##trigger##_##kind *fn, const char *name, \
					       const char *file, int line)                  \
	{                                                                                   \
		return tt_register_##trigger##_##kind(bot, on, fn, name, file, line);       \
	}
TT_EACH_REGISTER(TT_REGISTER)
#undef TT_REGISTER
#endif
#undef TT_EACH_REGISTER

#endif
