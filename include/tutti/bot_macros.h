/* tutti/bot_macros.h: how an annotation line becomes a route.
 *
 *     on_message_create("^,add (\\S+) (\\S+)$", add, i64, i64);
 *
 * declares  static tt_result add(tt_client *, const tt_message *, TT_T_i64, TT_T_i64);
 *           so that a function with another signature is a "conflicting types" error;
 * defines   a function that converts the captures and calls add, and a struct tt_route;
 * and puts  a pointer to the route into the ELF section tt_<BOT>, where export_bot() finds it.
 *
 * The section holds pointers because compilers pad structs; `used` and `retain` keep it through
 * --gc-sections; serve() sorts by file, line and __COUNTER__ because gcc -O2 reverses the order.
 *
 * A file in a static archive is linked only if something names it. So a module that spans files says
 * which, in a header that they share, and each file but the one with export_bot() says who it is:
 *
 *     #define BOT my_bot                       // my_bot.h
 *     #include <tutti/bot.h>
 *     bot_parts(greetings, farewells);
 *
 *     #include "my_bot.h"                      // greetings.c
 *     bot_part(greetings);
 *
 * A file that says neither is warned of ("used but never defined") and does not link; a part that is
 * not listed does not compile; one that is listed and not there does not link; and where a part is
 * linked that the file with export_bot() does not list, serve() refuses to start. So the list belongs
 * into the header: one that this file does not see cannot bring anything out of an archive, and then
 * nobody can complain: a file with export_bot() and no bot_parts() is a whole module, as far as the
 * linker and serve() know. --routes tells what is there.
 */
#ifndef TUTTI_BOT_MACROS_H
#define TUTTI_BOT_MACROS_H

#include <tutti/bot.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Type words: TT_T_<word> is the C type, tt_take_<word> converts capture number i; false: it is not
 * of that type. A new word is one more line here and one function in src/bot/capture.c. */
#define TT_WORD(word, type)                                                            \
	typedef type TT_T_##word;                                                      \
	TT_VISIBLE bool tt_take_##word(const struct tt_captures *captures, unsigned i, \
				       TT_T_##word *out)
TT_WORD(str, tt_str);        /* as it stands */
TT_WORD(rest, tt_str);       /* without blanks at its ends; something must be left */
TT_WORD(i64, int64_t);       /* a whole number */
TT_WORD(u64, uint64_t);      /* the same, not negative */
TT_WORD(f64, double);        /* a number, finite */
TT_WORD(boolean, bool);      /* true false yes no on off 1 0 */
TT_WORD(user_id, tt_id);     /* <@81384788765712384>, or the number */
TT_WORD(channel_id, tt_id);  /* <#381870553235193857>, or the number */
TT_WORD(role_id, tt_id);     /* <@&165511591545143296>, or the number */
TT_WORD(duration, uint64_t); /* 90s 5m 2h 1d 1w or 1h30m: in seconds */
TT_WORD(opt_str, tt_str);    /* opt_: the group may be unset, or empty */
TT_WORD(opt_rest, tt_str);
TT_WORD(opt_i64, tt_opt_i64);
TT_WORD(opt_u64, tt_opt_u64);
TT_WORD(opt_f64, tt_opt_f64);
TT_WORD(opt_boolean, tt_opt_boolean);
TT_WORD(opt_user_id, tt_id);    /* 0: absent */
TT_WORD(opt_channel_id, tt_id); /* 0: absent */
TT_WORD(opt_role_id, tt_id);    /* 0: absent */
TT_WORD(opt_duration, tt_opt_u64);
#undef TT_WORD

#ifdef __cplusplus
}
#endif

/* One line per event that has a struct: tt_on_<event>(pattern or with(...), function, words...). */
#define tt_on_message_create(...) TT_ROUTE("MESSAGE_CREATE", tt_message, __VA_ARGS__)
#define tt_on_message_reaction_add(...) \
	TT_ROUTE("MESSAGE_REACTION_ADD", tt_message_reaction_add, __VA_ARGS__)
#define tt_on_message_reaction_remove(...) \
	TT_ROUTE("MESSAGE_REACTION_REMOVE", tt_message_reaction_remove, __VA_ARGS__)

/* Any event by its name, or with("NAME", .help = ...): the function takes a const tt_event *. */
#define tt_on_event(name, function) \
	TT_DEFINE(TT_FIRST(name), true, tt_event, name, function, 0, none)

/* What libtutti itself has to say; nothing else runs meanwhile. */
#define tt_on_ready(function) TT_DEFINE("TUTTI_READY", false, tt_ready, "", function, 0, none)
#define tt_on_gap(function)   TT_DEFINE("TUTTI_GAP", false, tt_gap, "", function, 0, none)

/* Another module becomes a part of this one: it sees what this one sees, after it; its failures go to
 * this one's on_error() behind its own; it is off where this one is. It may be in a library: the
 * linker takes what is named, or says what is missing. */
#define tt_use_module(module) TT_USE_MODULE(module)

/* The other files of this module, at most 10, in every file of it. */
#define tt_bot_parts(...) TT_PARTS(TT_COUNT(__VA_ARGS__), __VA_ARGS__)
/* This file is that part. */
#define tt_bot_part(part) TT_BOT_PART(part)

/* The failures of this module's handlers. One in a module. */
#define tt_on_error(function) TT_DEFINE("TUTTI_ERROR", false, tt_failure, "", function, 0, none)

/* Parentheses keep the commas of designated initializers together; TT_WITH takes them off. */
#define tt_with(...) TT_CAT(TT_WITH_OF_, TT_IS_PAREN(TT_HEAD(__VA_ARGS__)))(__VA_ARGS__)

/* on_message_reaction_add(emoji("😄", "party:41771983429993937"), smile); with options:
 * with(emoji("😄"), .help = "smiles"). */
#define tt_emoji(...) (NULL, .emoji = TT_EMOJI(__VA_ARGS__))
#ifdef __cplusplus
#define TT_EMOJI(...)                                                     \
	([] {                                                             \
		static const char *const list[] = {__VA_ARGS__, nullptr}; \
		return +list;                                             \
	}())
#else
#define TT_EMOJI(...) ((const char *const[]){__VA_ARGS__, NULL})
#endif

/* The modules for serve(). */
#ifdef __cplusplus
#define TT_BOTS(...) tt_array({__VA_ARGS__, nullptr})
template <size_t n> static inline const tt_bot *const *tt_array(const tt_bot *const (&&bots)[n])
{
	return bots;
}
#else
#define TT_BOTS(...) ((const tt_bot *const[]){__VA_ARGS__, NULL})
#endif

/* export_bot(name, "about") takes every route of the module; export_bot(name, "about", echo, add)
 * exactly those of these functions, all in this file, and serve() refuses to start if another one
 * is annotated. At most 60 may be listed. */
#define tt_export_bot(name, ...) TT_CAT(TT_EXPORT_, TT_PICK_EXPORT(__VA_ARGS__))(name, __VA_ARGS__)

#define TT_CAT(a, b)  TT_CAT_(a, b)
#define TT_CAT_(a, b) a##b
#define TT_TEXT(a)    TT_TEXT_(a)
#define TT_TEXT_(a)   #a

#if defined(__has_attribute)
#if __has_attribute(retain)
#define TT_RETAIN , retain
#endif
#endif
#ifndef TT_RETAIN
#define TT_RETAIN
#endif
#define TT_IN_SECTION(bot) __attribute__((section(TT_TEXT(TT_CAT(tt_, bot))), used TT_RETAIN))

/* A file's word that its routes are linked; missing, it names itself in the compiler's warning. */
#define TT_HOME(bot) TT_CAT(TT_CAT(tt_, bot), _needs_export_bot_or_bot_part_in_this_file)

/* A type for BOT, which export_bot() uses: unknown where it names another module, in these words. */
#define TT_IS_BOT(name) TT_CAT(tt_export_bot_and_BOT_must_both_say_, name)

#ifdef BOT
#define TT_HAVE_BOT(fn)             \
	typedef int TT_IS_BOT(BOT); \
	static void TT_HOME(BOT)(void)
typedef int TT_IS_BOT(BOT);
#else
#define TT_HAVE_BOT(fn) \
	TT_STATIC_ASSERT(0, "write  #define BOT my_bot  before  #include <tutti/bot.h>")
#endif

/* clang-format off */
/* NOLINTBEGIN(bugprone-macro-parentheses): what is pasted are names, types and initializers */

#define TT_HIDDEN __attribute__((visibility("hidden")))
#define TT_HAVE_HOME(bot)                                    \
	static void TT_HOME(bot)(void);                      \
	__attribute__((unused)) static void TT_HOME(bot)(void) {} \
	typedef int TT_CAT(tt_has_home_, bot)

#define TT_COUNT(...) TT_NTH(__VA_ARGS__, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, ~)
#define TT_PART(part)   TT_CAT(TT_CAT(tt_part_, BOT), _##part)
#define TT_LISTED(part) TT_CAT(TT_CAT(tt_bot_parts_of_, BOT), _must_list_##part)
#define TT_USE_MODULE(module_)                                                                   \
	TT_HAVE_BOT(~);                                                                          \
	extern const tt_bot module_;                                                             \
	static const struct tt_route TT_NAME(tt_route_, module_) = {                             \
		.abi = TT_ABI, .line = __LINE__, .file = __FILE__, .handler = #module_,          \
		.types = "", .nth = __COUNTER__, .home = TT_HOME(BOT), .module = &module_};      \
	static const struct tt_route *const TT_NAME(tt_entry_, module_) TT_IN_SECTION(BOT) =     \
		&TT_NAME(tt_route_, module_)

#define TT_BOT_PART(part_)                                                                       \
	typedef int TT_IS_BOT(BOT);                                                              \
	TT_HAVE_HOME(BOT);                                                                       \
	enum { TT_CAT(TT_CAT(tt_is_listed_, BOT), _##part_) = TT_LISTED(part_) };                \
	extern const char TT_PART(part_)[] TT_HIDDEN;                                            \
	const char TT_PART(part_)[] = #part_;                                                    \
	static const struct tt_route TT_NAME(tt_route_, part_) = {                               \
		.abi = TT_ABI, .line = __LINE__, .file = __FILE__, .part = #part_};              \
	static const struct tt_route *const TT_NAME(tt_entry_, part_) TT_IN_SECTION(BOT) =       \
		&TT_NAME(tt_route_, part_)
#define TT_PARTS(N, ...) TT_PARTS_(N, __VA_ARGS__)
#define TT_PARTS_(N, ...)                                                                        \
	TT_HAVE_BOT(~);                                                                          \
	enum { TT_EACH_##N(TT_PART_ENUM, __VA_ARGS__) TT_CAT(tt_parts_end_, BOT) };              \
	TT_EACH_##N(TT_PART_EXTERN, __VA_ARGS__)                                                 \
	static const char *const TT_CAT(tt_linked_, BOT)[] = {TT_EACH_##N(TT_PART_NAME, __VA_ARGS__) NULL}; \
	static const struct tt_route TT_CAT(tt_parts_, BOT) = {                                  \
		.abi = TT_ABI, .line = __LINE__, .file = __BASE_FILE__, .home = TT_HOME(BOT),    \
		.parts = #__VA_ARGS__, .linked = TT_CAT(tt_linked_, BOT)};                       \
	static const struct tt_route *const TT_CAT(tt_parts_entry_, BOT) TT_IN_SECTION(BOT) =    \
		&TT_CAT(tt_parts_, BOT)
#define TT_PART_ENUM(i, part)   TT_LISTED(part),
#define TT_PART_EXTERN(i, part) extern const char TT_PART(part)[] TT_HIDDEN;
#define TT_PART_NAME(i, part)   TT_PART(part),

/* with("p", .help = "x") -> ("p", .help = "x"), and of emoji() the parentheses are taken off. */
#define TT_WITH_OF_0(...)          (__VA_ARGS__)
#define TT_WITH_OF_1(...)          (TT_BARE __VA_ARGS__)

/* "p" -> {.pattern = "p"} and ("p", .help = "x") -> {.pattern = "p", .help = "x"} */
#define TT_WITH(with)              TT_CAT(TT_WITH_, TT_IS_PAREN(with))(with)
#define TT_WITH_0(with)            {.pattern = with}
#define TT_WITH_1(with)            {.pattern = TT_BARE with}
#define TT_BARE(...)               __VA_ARGS__
#define TT_FIRST(with)             TT_CAT(TT_FIRST_, TT_IS_PAREN(with))(with)
#define TT_FIRST_0(with)           with
#define TT_FIRST_1(with)           TT_HEAD with
#define TT_HEAD(...)               TT_HEAD_(__VA_ARGS__, ~)
#define TT_HEAD_(first, ...)       first
#define TT_IS_PAREN(x)             TT_SECOND(TT_PROBE x, 0, ~)
#define TT_PROBE(...)              ~, 1
#define TT_SECOND(...)             TT_SECOND_(__VA_ARGS__, ~)
#define TT_SECOND_(a, second, ...) second

/* ... is the pattern, the function and the type words; the count of all tells how to go on. */
#define TT_ROUTE(event, payload, ...) \
	TT_CAT(TT_ROUTE_, TT_HOW(__VA_ARGS__))(event, payload, TT_WORDS(__VA_ARGS__), __VA_ARGS__)
#define TT_ROUTE_BARE(E, P, n, W, F)      TT_DEFINE(E, false, P, W, F, 0, none)
#define TT_ROUTE_WORDS(E, P, n, W, F, ...) TT_DEFINE(E, false, P, W, F, n, __VA_ARGS__)
#define TT_ROUTE_SHORT(E, P, n, W) \
	TT_STATIC_ASSERT(0, "an annotation needs a pattern, a function, and a type word per capture")
#define TT_ROUTE_MANY(...) TT_STATIC_ASSERT(0, "a handler takes at most 10 captures")
#define TT_HOW(...) TT_NTH(__VA_ARGS__, MANY, MANY, MANY, MANY, MANY, MANY, WORDS, WORDS, WORDS, WORDS, \
	WORDS, WORDS, WORDS, WORDS, WORDS, WORDS, BARE, SHORT, ~)
#define TT_WORDS(...) TT_NTH(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, ~)
#define TT_NTH(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, nth, ...) nth

#define TT_EACH_0(m, none)
#define TT_EACH_1(m, A) m(0, A)
#define TT_EACH_2(m, A, B) m(0, A) m(1, B)
#define TT_EACH_3(m, A, B, C) m(0, A) m(1, B) m(2, C)
#define TT_EACH_4(m, A, B, C, D) m(0, A) m(1, B) m(2, C) m(3, D)
#define TT_EACH_5(m, A, B, C, D, E) m(0, A) m(1, B) m(2, C) m(3, D) m(4, E)
#define TT_EACH_6(m, A, B, C, D, E, F) m(0, A) m(1, B) m(2, C) m(3, D) m(4, E) m(5, F)
#define TT_EACH_7(m, A, B, C, D, E, F, G) m(0, A) m(1, B) m(2, C) m(3, D) m(4, E) m(5, F) m(6, G)
#define TT_EACH_8(m, A, B, C, D, E, F, G, H) m(0, A) m(1, B) m(2, C) m(3, D) m(4, E) m(5, F) m(6, G) m(7, H)
#define TT_EACH_9(m, A, B, C, D, E, F, G, H, I) m(0, A) m(1, B) m(2, C) m(3, D) m(4, E) m(5, F) m(6, G) m(7, H) m(8, I)
#define TT_EACH_10(m, A, B, C, D, E, F, G, H, I, J) m(0, A) m(1, B) m(2, C) m(3, D) m(4, E) m(5, F) m(6, G) m(7, H) m(8, I) m(9, J)
#define TT_PARAMETER(i, word) , TT_T_##word /* unknown: no type word; they stand above, as TT_WORD */
#define TT_LOCAL(i, word)     TT_T_##word a##i;
#define TT_TAKE(i, word)      && tt_take_##word(captures_, i, &a##i)
#define TT_ARGUMENT(i, word)  , a##i
#define TT_TYPE(i, word)      " " #word

/* Several annotation lines may stand above one function: the line number keeps them apart. The
 * parameters end in _ so that they hide no global of the bot. */
#define TT_NAME(prefix, F) TT_CAT(prefix, TT_CAT(F, TT_CAT(_, __LINE__)))

#define TT_DEFINE(E, R, P, W, F, N, ...)                                                         \
	TT_HAVE_BOT(F);                                                                          \
	static tt_result F(tt_client *, const P *TT_EACH_##N(TT_PARAMETER, __VA_ARGS__));        \
	static tt_result TT_NAME(tt_run_, F)(tt_client *client_, const void *payload_,           \
		const struct tt_captures *captures_)                                             \
	{                                                                                        \
		TT_EACH_##N(TT_LOCAL, __VA_ARGS__)                                               \
		(void)captures_;                                                                 \
		if (!(true TT_EACH_##N(TT_TAKE, __VA_ARGS__)))                                   \
			return tt_unconverted();                                                 \
		return F(client_, (const P *)payload_ TT_EACH_##N(TT_ARGUMENT, __VA_ARGS__));    \
	}                                                                                        \
	static const struct tt_route TT_NAME(tt_route_, F) = {                                   \
		.abi = TT_ABI, .line = __LINE__, .file = __FILE__, .event = E, .handler = #F,    \
		.types = "" TT_EACH_##N(TT_TYPE, __VA_ARGS__), .n_captures = N,                  \
		.nth = __COUNTER__, .is_raw = R, .run = TT_NAME(tt_run_, F),                     \
		.with = TT_WITH(W), .home = TT_HOME(BOT)};                                       \
	static const struct tt_route *const TT_NAME(tt_entry_, F) TT_IN_SECTION(BOT) =           \
		&TT_NAME(tt_route_, F)

#define TT_EXPORT_ALL(name, about)       TT_EXPORT(name, about, NULL)
#define TT_EXPORT_LIST(name, about, ...) TT_EXPORT(name, about, #__VA_ARGS__)
/* The entry without an event makes the section, so that a module without routes links, and serve()
 * can say so. */
#define TT_EXPORT(name_, about_, listed_)                                                        \
	typedef TT_IS_BOT(name_) TT_CAT(tt_exported_, name_);                                    \
	static const struct tt_route TT_CAT(tt_none_, name_) = {.abi = TT_ABI};                  \
	static const struct tt_route *const TT_CAT(tt_none_entry_, name_) TT_IN_SECTION(name_) = \
		&TT_CAT(tt_none_, name_);                                                        \
	extern const struct tt_route *const TT_CAT(__start_tt_, name_)[]                         \
		__attribute__((visibility("hidden")));                                           \
	extern const struct tt_route *const TT_CAT(__stop_tt_, name_)[]                          \
		__attribute__((visibility("hidden")));                                           \
	TT_HAVE_HOME(name_);                                                                     \
	static unsigned TT_CAT(tt_off_, name_);                                                  \
	extern const tt_bot name_ TT_VISIBLE;                                                    \
	const tt_bot name_ = {                                                                   \
		.abi = TT_ABI, .line = __LINE__, .file = __FILE__, .name = #name_,               \
		.about = about_, .first = TT_CAT(__start_tt_, name_),                            \
		.last = TT_CAT(__stop_tt_, name_), .listed = listed_,                             \
		.is_off = &TT_CAT(tt_off_, name_)}

#define TT_PICK_EXPORT(...) TT_PICK(__VA_ARGS__, \
	LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, \
	LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, \
	LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, \
	LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, LIST, \
	LIST, LIST, LIST, LIST, ALL, ~)
#define TT_PICK( \
	a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, \
	a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, \
	a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, a52, a53, \
	a54, a55, a56, a57, a58, a59, a60, a61, pick, ...) pick

/* NOLINTEND(bugprone-macro-parentheses) */
/* clang-format on */

#endif
