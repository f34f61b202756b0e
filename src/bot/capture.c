#include "bot/capture.h"

#include "bot/client.h"

#include <math.h>
#include <strings.h>

static struct str group_at(const struct tt_captures *captures, unsigned i)
{
	return i < captures->n ? captures->group[i] : (struct str){0};
}

static bool to_str(struct str text, tt_str *out)
{
	*out = (tt_str){text.p ? text.p : "", text.n};
	return true;
}

static bool to_rest(struct str text, tt_str *out)
{
	*out = public_str(str_trim(text));
	return out->n > 0;
}

static bool to_i64(struct str text, int64_t *out)
{
	return str_to_i64(text, out);
}

static bool to_u64(struct str text, uint64_t *out)
{
	return str_to_u64(text, out);
}

static bool to_f64(struct str text, double *out)
{
	double value;
	if (!str_to_f64(text, &value) || !isfinite(value))
		return false;
	*out = value;
	return true;
}

static bool is_word(struct str text, const char *word)
{
	return text.n == strlen(word) && strncasecmp(text.p, word, text.n) == 0;
}

static bool to_boolean(struct str text, bool *out)
{
	static const char *const words[][2] = {
		{"false", "true"}, {"no", "yes"}, {"off", "on"}, {"0", "1"}, {"n", "y"}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		for (unsigned value = 0; value < 2; value++) {
			if (is_word(text, words[i][value])) {
				*out = value;
				return true;
			}
		}
	}
	return false;
}

/* "<@5>" with prefix "<@", or the number alone. Zero is nobody. */
static bool to_mention(struct str text, struct str prefix, tt_id *out)
{
	uint64_t id;
	if (str_starts(text, prefix) && str_ends(text, STR(">")) && text.n > prefix.n)
		text = str_of(text.p + prefix.n, text.n - prefix.n - 1);
	if (!str_to_u64(text, &id) || id == 0)
		return false;
	*out = id;
	return true;
}

static bool to_user_id(struct str text, tt_id *out)
{
	return to_mention(text, STR("<@!"), out) || to_mention(text, STR("<@"), out);
}

static bool to_channel_id(struct str text, tt_id *out)
{
	return to_mention(text, STR("<#"), out);
}

static bool to_role_id(struct str text, tt_id *out)
{
	return to_mention(text, STR("<@&"), out);
}

static uint64_t seconds_of(char unit)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].unit == unit)
			return units[i].seconds;
	return 0;
}

/* One "30m" cut off the front, in seconds. */
static bool cut_duration(struct str *text, uint64_t *out)
{
	size_t digits = 0;
	uint64_t n;
	while (digits < text->n && text->p[digits] >= '0' && text->p[digits] <= '9')
		digits++;
	if (digits == text->n || !str_to_u64(str_of(text->p, digits), &n))
		return false;
	uint64_t seconds = seconds_of(text->p[digits]);
	*text = str_of(text->p + digits + 1, text->n - digits - 1);
	return seconds != 0 && !__builtin_mul_overflow(n, seconds, out);
}

/* "1h30m", "90s": numbers, each with its unit. */
static bool to_duration(struct str text, uint64_t *out)
{
	uint64_t total = 0, more;
	if (text.n == 0)
		return false;
	while (text.n > 0)
		if (!cut_duration(&text, &more) || __builtin_add_overflow(total, more, &total))
			return false;
	*out = total;
	return true;
}

#define TAKE(word)                                                                            \
	bool tt_take_##word(const struct tt_captures *captures, unsigned i, TT_T_##word *out) \
	{                                                                                     \
		return to_##word(group_at(captures, i), out);                                 \
	}
TAKE(str)
TAKE(rest)
TAKE(i64)
TAKE(u64)
TAKE(f64)
TAKE(boolean)
TAKE(user_id)
TAKE(channel_id)
TAKE(role_id)
TAKE(duration)

/* The opt_ form of a word: absent or empty is fine and leaves *out zero. */
#define TAKE_OPT(word)                                                          \
	bool tt_take_opt_##word(const struct tt_captures *captures, unsigned i, \
				TT_T_opt_##word *out)                           \
	{                                                                       \
		struct str text = group_at(captures, i);                        \
		*out = (TT_T_opt_##word){0};                                    \
		if (text.n == 0)                                                \
			return true;                                            \
		out->is_set = true;                                             \
		return to_##word(text, &out->value);                            \
	}
TAKE_OPT(i64)
TAKE_OPT(u64)
TAKE_OPT(f64)
TAKE_OPT(boolean)
TAKE_OPT(duration)

#define TAKE_OPT_PLAIN(word, absent)                                            \
	bool tt_take_opt_##word(const struct tt_captures *captures, unsigned i, \
				TT_T_opt_##word *out)                           \
	{                                                                       \
		struct str text = group_at(captures, i);                        \
		*out = absent;                                                  \
		return text.n == 0 || to_##word(text, out);                     \
	}
TAKE_OPT_PLAIN(user_id, 0)
TAKE_OPT_PLAIN(channel_id, 0)
TAKE_OPT_PLAIN(role_id, 0)

bool tt_take_opt_str(const struct tt_captures *captures, unsigned i, tt_str *out)
{
	*out = public_str(group_at(captures, i));
	return true;
}

bool tt_take_opt_rest(const struct tt_captures *captures, unsigned i, tt_str *out)
{
	*out = public_str(str_trim(group_at(captures, i)));
	if (out->n == 0)
		*out = (tt_str){NULL, 0};
	return true;
}
