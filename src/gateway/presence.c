#include "gateway/presence.h"

#include "base/json.h"

#include <errno.h>

enum { STREAMING = 1, CUSTOM = 4 };

static const struct {
	struct str word;
	int type; /* Discord's */
} types[] = {
	{STR_INIT("playing"), 0},  {STR_INIT("streaming"), STREAMING}, {STR_INIT("listening"), 2},
	{STR_INIT("watching"), 3}, {STR_INIT("custom"), CUSTOM},       {STR_INIT("competing"), 5},
};

/* Discord's own type of a word, or -1. */
static int type_of(struct str word)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_eq(types[i].word, word))
			return types[i].type;
	return -1;
}

static size_t characters(struct str text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += (text.p[i] & 0xc0) != 0x80;
	return n;
}

static bool is_stream(struct str url)
{
	return str_starts(url, STR("https://"));
}

static int add_activity(struct buf *out, struct str word, struct why *why)
{
	struct str name = word, url = STR("");
	int type = type_of(str_cut(&name, ' '));
	if (type == STREAMING)
		url = str_cut(&name, ' ');
	if (type < 0 || name.n == 0 || (type == STREAMING && !is_stream(url)))
		return why_set(
			why, -EINVAL,
			"has \"%.*s\", which is not playing, listening, watching, competing or "
			"custom and a name, nor streaming, an https address and a name",
			(int)(word.n < 64 ? word.n : 64), word.p);
	if (characters(name) > PRESENCE_NAME)
		return why_set(why, -EINVAL, "has \"%.40s...\", which is longer than %d characters",
			       word.p, PRESENCE_NAME);
	buf_addf(out, "{\"type\":%d,\"name\":", type);
	json_add_str(out, type == CUSTOM ? STR("Custom Status") : name);
	if (type == CUSTOM || type == STREAMING)
		buf_adds(out, type == CUSTOM ? STR(",\"state\":") : STR(",\"url\":"));
	if (type == CUSTOM || type == STREAMING)
		json_add_str(out, type == CUSTOM ? name : url);
	buf_addc(out, '}');
	return 0;
}

int presence_write(struct buf *out, struct str status, const struct config_words *activities,
		   struct why *why)
{
	if (activities->n == 0 && str_eq(status, STR("online")))
		return 0;
	if (activities->n > PRESENCE_ACTIVITIES)
		return why_set(why, -EINVAL, "has more than %d activities", PRESENCE_ACTIVITIES);
	buf_adds(out, STR("{\"since\":null,\"activities\":["));
	for (size_t i = 0; i < activities->n; i++) {
		if (i)
			buf_addc(out, ',');
		int rc = add_activity(out, str_c(activities->word[i]), why);
		if (rc < 0)
			return rc;
	}
	buf_adds(out, STR("],\"status\":"));
	json_add_str(out, status);
	buf_adds(out, STR(",\"afk\":false}"));
	return 0;
}

int presence_write_properties(struct buf *out, const struct config_words *words, struct why *why)
{
	static const char *const keys[] = {"{\"os\":", ",\"browser\":", ",\"device\":"};
	enum { KEYS = sizeof keys / sizeof *keys };
	for (size_t i = 0; i < KEYS && words->n == KEYS; i++) {
		struct str word = str_c(words->word[i]);
		if (word.n == 0 || word.n > PRESENCE_NAME)
			break;
		buf_adds(out, str_c(keys[i]));
		json_add_str(out, word);
		if (i == KEYS - 1) {
			buf_addc(out, '}');
			return 0;
		}
	}
	return why_set(why, -EINVAL, "is not three words, [\"os\", \"browser\", \"device\"]");
}
