/* tutti/bot.h: write a bot as a module of handlers, then serve it.
 *
 *     #define BOT my_bot
 *     #include <tutti/bot.h>
 *
 *     on_message_create(",echo (.*)", echo, str);
 *     tt_result echo(tt_client *client, const tt_message *message, tt_str text)
 *     {
 *             return create_message(client, message->channel_id,
 *                                   .content = fmt("ok, you said: %.*s", STR(text)));
 *     }
 *
 *     export_bot(my_bot, "Echoes what it hears.");
 *
 *     int main(void) { return serve(BOTS(&my_bot), 6000, .config = "etc/dev.toml"); }
 *
 * Beside it: tutti/register.h, handlers that come and go by calls; tutti/embed.h, a bot in a program
 * with a loop of its own; tutti/test.h, unit tests without any process.
 *
 * Memory:  what a handler is given dies when it returns; tt_keep() copies. Options given to serve()
 *          and to annotation lines have to live as long as serve().
 * Threads: what a handler is given belongs to its thread. Events of one guild, else of one channel,
 *          come one after the other; others meanwhile, on the threads of a small pool.
 * Errors:  what fails is a tt_result, whose text says why in one sentence. A wrong bot or
 *          configuration is said on stderr before anything connects, and serve() returns 78.
 * C++:     a bot may be C++20, by gcc or clang. What stands as .name = value has to stand in the order
 *          of the struct there; and a function that does not fit its annotation is an overload for
 *          C++, so it is told as "used but never defined" instead of "conflicting types".
 */
#ifndef TUTTI_BOT_H
#define TUTTI_BOT_H

#include <tutti/api.h>
#include <tutti/event.h>
#include <tutti/status.h>
#include <tutti/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A handler that returned an error, or the result of a call that failed, as on_error() sees it. */
typedef struct tt_failure {
	const tt_event *event;
	const char *module, *handler, *file; /* of the route */
	int line;
	tt_str reason;          /* in one sentence */
	tt_result result;       /* that was returned */
	const tt_str *captures; /* as they stood in the text; p NULL: the group took no part */
	size_t n_captures;
	tt_id channel_id, message_id; /* where an answer would be read; 0: nowhere */
} tt_failure;

/* Innermost first: .on_error of the route, on_error(fn) of its module, .on_error of serve(). Each may
 * return tt_pass(), and the next one is asked, or an error of its own, and the next one is told that
 * instead; anything else ends it. What nobody handles is a line in the log with route, file and line.
 *     tt_error_handler oops;                          // declares it, for with(..., .on_error = oops)
 */
typedef tt_result tt_error_handler(tt_client *client, const tt_failure *failure);

/* What an annotation line says: on_message_create(with("^,add (\\S+) (\\S+)$", .help = "adds"),
 * add, i64, i64). */
struct tt_with {
	/* PCRE2, always UTF; it searches, "^" anchors. One group for each capture of the handler.
	 * "." stops at a line's end: "(?s)^,say (.+)$" takes messages of several lines, "^,say (.+)$"
	 * does not match them.
	 * Messages are matched by their content, reactions by the name of their emoji.
	 * Any number of patterns costs about as much as one, if each has some text of its own that
	 * has to be there, outside of groups: "^,add (\\S+)", "(?i)^,add ". One without, "^[,!]?(\\S+)",
	 * "a|b", is tried for each message: 0.1 to 1 us. */
	const char *pattern;
	/* Of reactions, beside the pattern: one of these, characters or "name:id", up to a NULL.
	 * U+FE0F, which asks for colour, is ignored. NULL: any. */
	const char *const *emoji;
	const char *help;  /* one line, for people */
	const char *usage; /* said in the channel when a capture is not of its type; else the route
			      passes */
	bool from_bots;    /* also what bots, webhooks and we ourselves did */
	void *arg;         /* for tt_arg() */
	tt_error_handler *on_error;
	unsigned limit_ms; /* a handler that runs longer is logged with its route, while it runs,
			      and counted; 0: bot.limit_ms of the configuration. Its lane waits
			      for it, the others go on: for 65,536 positions of the journal or
			      64 MiB, then nothing more comes until it ends */
};

/* .arg of the route whose handler runs. */
TT_VISIBLE void *tt_arg(const tt_client *client);

/* Written by the annotation macros, read by serve(). */
struct tt_captures;
typedef tt_result tt_run(tt_client *client, const void *payload,
			 const struct tt_captures *captures);
struct tt_route {
	unsigned abi;
	int line;
	const char *file, *event, *handler;
	const char *types;   /* "i64 i64" */
	unsigned n_captures; /* the pattern must have as many groups */
	unsigned nth;        /* grows along the file: a macro can make several routes on a line */
	bool is_raw;         /* by on_event(): with.pattern is the event's name */
	tt_run *run;
	struct tt_with with;
	void (*home)(void); /* of its file: export_bot() or bot_part() */
	/* No routes at all: by use_module(), by bot_part(), by bot_parts(). */
	const struct tt_bot *module;
	const char *part;
	const char *parts;
	const char *const *linked; /* what makes the linker take them */
};

/* A module, written by export_bot(). */
typedef struct tt_bot {
	unsigned abi;
	int line;
	const char *file, *name, *about;
	const struct tt_route *const *first, *const *last;
	const char *listed; /* "echo, add": the handlers export_bot() names; NULL: all there are */
	unsigned *is_off;   /* tt_enable() */
} tt_bot;

/* Switches a module, with all it uses, off and on. From any thread, at any time, handlers and the
 * time before serve() included: an event that reaches the module afterwards finds the change; a
 * handler that runs goes on. What a module that is off would have handled is not kept for it.
 * extern const tt_bot my_bot; declares a module above its export_bot(), and one of another file. */
TT_VISIBLE void tt_enable(const tt_bot *module, bool is_on);
/* What tt_enable() said of the module itself, not of those that use it. */
TT_VISIBLE bool tt_is_enabled(const tt_bot *module);

struct tt_serve {
	unsigned port;         /* of tuttid; --port and TUTTI_PORT come before it; 0: the
				  configuration's */
	const char *config;    /* file, which has to be there; --config and TUTTI_CONFIG come
				  before it; "" or NULL: defaults */
	const char *name;      /* identity of this bot at tuttid; NULL: the program's name */
	unsigned part, parts;  /* one of several processes that share the guilds: i of n */
	unsigned workers;      /* threads for handlers; 0: 4 */
	unsigned window;       /* events in hand at most; 0: 512 */
	const char *from;      /* where a bot begins that has no cursor, and that tuttid never saw
				  finish anything under this name: "head", "commit" or NULL: at what
				  comes from now on; "tail": at the oldest that tuttid holds */
	bool ignore_arguments; /* the program's arguments are its own */
	bool ignore_signals;   /* SIGTERM and SIGINT are its own: tt_stop() ends serve() */
	tt_error_handler *on_error; /* when neither route nor module handled it */
};

/* Runs the modules (one, or an array that ends in NULL) until SIGTERM, SIGINT, tt_stop() or a handler
 * that returns tt_exit(). Returns the exit status for main(): 0 asked to stop, 75 try again, 78 the
 * configuration or a bot is wrong. Reads the program's arguments (--help lists them) and
 * TUTTI_CONFIG, TUTTI_PORT, TUTTI_STATE. */
TT_VISIBLE int tt_serve_with(const tt_bot *const *bots, const struct tt_serve *how);
TT_VISIBLE int tt_serve_one_with(const tt_bot *bot, const struct tt_serve *how);
#define tt_serve(bots, ...) TT_SERVE_FOR(bots)((bots), TT_ARGS(tt_serve, .port = __VA_ARGS__))
#ifndef __cplusplus
#define TT_SERVE_FOR(bots) \
	_Generic((bots),                     \
		tt_bot *: tt_serve_one_with, \
		const tt_bot *: tt_serve_one_with, default: tt_serve_with)
#endif

/* Ends serve() as SIGTERM does: no event is begun any more, handlers that run finish, what is
 * finished is committed, all within 10 s. From any thread, from a signal handler, any number of
 * times; before serve(), which then returns at once.
 * Handlers that do not return in these 10 s (stop_late in the log), or SIGTERM or SIGINT once more
 * while they run (stop_at_once), end the process with status 75 on the spot: serve() does not return,
 * and the events in hand come again. */
TT_VISIBLE void tt_stop(void);

#ifdef __cplusplus
}
#endif

#ifdef __cplusplus
#define TT_SERVE_FOR(bots) tt_serve_any
static inline int tt_serve_any(const tt_bot *bot, const struct tt_serve *how)
{
	return tt_serve_one_with(bot, how);
}
static inline int tt_serve_any(const tt_bot *const *bots, const struct tt_serve *how)
{
	return tt_serve_with(bots, how);
}
#endif

#include <tutti/bot_macros.h> /* the annotation lines and export_bot: the only clever lines */

/* The language of bot files; every word has a tt_ form that TT_NO_SHORT_NAMES leaves alone. */
#ifndef TT_NO_SHORT_NAMES
#define on_message_create(...)          tt_on_message_create(__VA_ARGS__)
#define on_message_reaction_add(...)    tt_on_message_reaction_add(__VA_ARGS__)
#define on_message_reaction_remove(...) tt_on_message_reaction_remove(__VA_ARGS__)
#define on_event(...)                   tt_on_event(__VA_ARGS__)
#define on_ready(...)                   tt_on_ready(__VA_ARGS__)
#define on_gap(...)                     tt_on_gap(__VA_ARGS__)
#define on_error(...)                   tt_on_error(__VA_ARGS__)
#define bot_parts(...)                  tt_bot_parts(__VA_ARGS__)
#define bot_part(...)                   tt_bot_part(__VA_ARGS__)
#define use_module(...)                 tt_use_module(__VA_ARGS__)
#define with(...)                       tt_with(__VA_ARGS__)
#define emoji(...)                      tt_emoji(__VA_ARGS__)
#define export_bot(...)                 tt_export_bot(__VA_ARGS__)
#define BOTS(...)                       TT_BOTS(__VA_ARGS__)
#define serve(...)                      tt_serve(__VA_ARGS__)
#define STR(text)                       TT_STR(text)
#define fmt(...)                        tt_fmt(__VA_ARGS__)
#define create_message(...)             tt_create_message(__VA_ARGS__)
#define create_reaction(...)            tt_create_reaction(__VA_ARGS__)
#endif

#endif
