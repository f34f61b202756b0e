#include "bot/emoji.h"

#include <errno.h>

#define VARIATION_16 STR("\xEF\xB8\x8F")

/* The rest of a text behind any U+FE0F. */
static struct str skip_variation(struct str s)
{
	while (str_starts(s, VARIATION_16))
		s = str_of(s.p + VARIATION_16.n, s.n - VARIATION_16.n);
	return s;
}

static bool is_same_character(struct str a, struct str b)
{
	for (;;) {
		a = skip_variation(a);
		b = skip_variation(b);
		if (a.n == 0 || b.n == 0)
			return a.n == b.n;
		if (*a.p != *b.p)
			return false;
		a = str_of(a.p + 1, a.n - 1);
		b = str_of(b.p + 1, b.n - 1);
	}
}

/* False: not of the form "name:id". */
static bool custom_id(struct str entry, uint64_t *id)
{
	size_t colon = str_find(entry, ':');
	return colon < entry.n &&
	       str_to_u64(str_of(entry.p + colon + 1, entry.n - colon - 1), id) && *id != 0;
}

static bool is_same(struct str entry, struct str name, uint64_t id)
{
	uint64_t wanted;
	if (custom_id(entry, &wanted))
		return wanted == id;
	return id == 0 && is_same_character(entry, name);
}

bool emoji_matches(const char *const *list, struct str name, uint64_t id)
{
	for (; *list; list++)
		if (is_same(str_c(*list), name, id))
			return true;
	return false;
}

int emoji_check(const char *const *list, struct why *why)
{
	for (; *list; list++) {
		struct str entry = str_c(*list);
		uint64_t id;
		if (skip_variation(entry).n == 0)
			return why_set(why, -EINVAL, "an emoji without a character");
		/* "12:34" too: no character of Unicode's emoji is a letter or a colon */
		if (str_find(entry, ':') < entry.n
			    ? !custom_id(entry, &id)
			    : (unsigned char)*entry.p < 0x80 && !strchr("0123456789#*", *entry.p))
			return why_set(why, -EINVAL,
				       "\"%s\" is neither a character nor \"name:id\"", *list);
	}
	return 0;
}
