/* Keys and values of the configuration, for people to read. */
#include "base/config.h"

static void size_say(struct buf *out, int64_t bytes)
{
	static const char *const unit[] = {"", "KiB", "MiB", "GiB", "TiB"};
	size_t u = 0;
	for (; u < 4 && bytes && bytes % 1024 == 0; u++)
		bytes /= 1024;
	buf_addf(out, "%lld%s", (long long)bytes, unit[u]);
}

static void oneof_say(struct buf *out, struct str words)
{
	buf_adds(out, STR("one of "));
	while (words.n) {
		struct str word = str_cut(&words, '|');
		buf_addf(out, "%.*s%s", STR_FMT(word), words.n ? ", " : "");
	}
}

void config_kind_say(struct buf *out, const struct config_key *key)
{
	switch (key->kind) {
	case CONFIG_TEXT: buf_adds(out, STR("a string")); break;
	case CONFIG_WORDS: buf_adds(out, STR("a list of strings")); break;
	case CONFIG_RANGE: buf_adds(out, STR("[first, last] or []")); break;
	case CONFIG_ONEOF: oneof_say(out, str_c(key->words)); break;
	case CONFIG_NUMBER:
		buf_addf(out, "a whole number from %lld to %lld", (long long)key->min,
			 (long long)key->max);
		break;
	case CONFIG_SIZE:
		buf_adds(out, STR("a size from "));
		size_say(out, key->min);
		buf_adds(out, STR(" to "));
		size_say(out, key->max);
		buf_adds(out, STR(", as 65536 or \"64KiB\""));
		break;
	case CONFIG_COUNT:
		buf_addf(out, "\"auto\" or a whole number from %lld to %lld", (long long)key->min,
			 (long long)key->max);
		break;
	}
}

static void text_say(struct buf *out, const char *text)
{
	buf_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(out, '\\');
		if ((unsigned char)*text < ' ' || *text == 127)
			buf_addf(out, "\\u%04x", (unsigned)*text);
		else
			buf_addc(out, *text);
	}
	buf_addc(out, '"');
}

static void words_say(struct buf *out, const struct config_words *words)
{
	buf_addc(out, '[');
	for (size_t i = 0; i < words->n; i++) {
		if (i)
			buf_adds(out, STR(", "));
		text_say(out, words->word[i]);
	}
	buf_addc(out, ']');
}

static void range_say(struct buf *out, const struct config_range *range)
{
	if (range->is_set)
		buf_addf(out, "[%lld, %lld]", (long long)range->first, (long long)range->last);
	else
		buf_adds(out, STR("[]"));
}

void config_value_say(struct buf *out, const struct config *config, enum config_id id)
{
	const void *field = (const char *)config + config_table[id].offset;
	int64_t number = 0;
	switch (config_table[id].kind) {
	case CONFIG_TEXT:
	case CONFIG_ONEOF: text_say(out, *(char *const *)field); return;
	case CONFIG_WORDS: words_say(out, field); return;
	case CONFIG_RANGE: range_say(out, field); return;
	case CONFIG_NUMBER:
	case CONFIG_SIZE:
	case CONFIG_COUNT: break;
	}
	memcpy(&number, field, sizeof number);
	if (config_table[id].kind == CONFIG_SIZE) {
		buf_addc(out, '"');
		size_say(out, number);
		buf_addc(out, '"');
	} else if (config_table[id].kind == CONFIG_COUNT && number == 0) {
		buf_adds(out, STR("\"auto\""));
	} else {
		buf_addf(out, "%lld", (long long)number);
	}
}
