#include "bot/flaw.h"

enum {
	DEPTH_MOST = 16,
	PATH_MOST = 160,
	MESSAGE_MOST = 300
}; /* bytes, of what somebody else wrote */

/* Not within a character. */
static struct str shorten(struct str s, size_t most)
{
	if (s.n <= most)
		return s;
	while (most > 0 && ((unsigned char)s.p[most] & 0xC0) == 0x80)
		most--;
	return str_of(s.p, most);
}

/* Of the first of a place's own flaws. */
static struct str message_of(struct json_at place)
{
	struct json_iter flaws = json_each(json_get(place, "_errors"));
	if (!json_next(&flaws))
		return STR("");
	return shorten(json_str(json_get(flaws.at, "message")), MESSAGE_MOST);
}

struct str flaw_first(struct arena *arena, struct json_at errors)
{
	struct str path = STR("");
	for (int depth = 0; depth < DEPTH_MOST; depth++) {
		struct str message = message_of(errors);
		if (message.n > 0)
			return path.n == 0 ? message
					   : arena_fmt(arena, "%.*s: %.*s", STR_FMT(path),
						       STR_FMT(message));
		struct json_iter member = json_each(errors);
		if (!json_next(&member))
			break;
		path = shorten(arena_fmt(arena, "%.*s%s%.*s", STR_FMT(path), path.n ? "." : "",
					 STR_FMT(member.key)),
			       PATH_MOST);
		errors = member.at;
	}
	return STR("");
}
