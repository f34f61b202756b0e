/* types: what a pattern captures arrives as the type that the annotation names.
 *
 * Each word has an opt_ form for a group that may be absent. A text that does not convert lets the
 * next route try, or, with .usage, is answered. */
#define BOT types
#include <inttypes.h>
#include <tutti/bot.h>

on_message_create("(?s)^,text (\\S+) (.*)$", text, str, rest);
tt_result text(tt_client *client, const tt_message *message, tt_str word, tt_str others)
{
	return tt_reply(client, message, "str '%.*s', rest '%.*s'", STR(word), STR(others));
}

on_message_create(with("^,numbers (\\S+) (\\S+) (\\S+)$",
		       .usage = "a whole number, one that is not "
				"negative, any number"),
		  numbers, i64, u64, f64);
tt_result numbers(tt_client *client, const tt_message *message, int64_t i, uint64_t u, double f)
{
	return tt_reply(client, message, "i64 %" PRId64 ", u64 %" PRIu64 ", f64 %g", i, u, f);
}

/* "on" or "no", "1h30m". */
on_message_create("^,timer (\\S+) (\\S+)$", timer, boolean, duration);
tt_result timer(tt_client *client, const tt_message *message, bool is_on, uint64_t seconds)
{
	return tt_reply(client, message, "boolean %s, duration %" PRIu64 " s",
			is_on ? "true" : "false", seconds);
}

/* Mentions, or the numbers alone. */
on_message_create("^,move (\\S+) (\\S+) (\\S+)$", move, user_id, channel_id, role_id);
tt_result move(tt_client *client, const tt_message *message, tt_id user, tt_id channel, tt_id role)
{
	return tt_reply(client, message,
			"user_id %" PRIu64 ", channel_id %" PRIu64 ", role_id %" PRIu64, user,
			channel, role);
}

on_message_create("^,remind(?: (\\d+))?(?: (\\w+))?$", remind, opt_i64, opt_str);
tt_result remind(tt_client *client, const tt_message *message, tt_opt_i64 n, tt_str what)
{
	if (!n.is_set)
		return tt_reply(client, message, "nothing to remember");
	return tt_reply(client, message, "%" PRId64 " x %.*s", n.value,
			STR(what.p ? what : message->author.username));
}

export_bot(types, "Every type a capture can have.");

int main(void)
{
	return serve(&types, 0, .config = "etc/dev.toml");
}
