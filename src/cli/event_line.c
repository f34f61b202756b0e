#include "cli/event_line.h"

#include <time.h>

enum { EXCERPT = 120 }; /* bytes */

static void add_time(struct buf *out, uint64_t us)
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm = {0};
	localtime_r(&seconds, &tm);
	buf_addf(out, "%02d:%02d:%02d.%03u", tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (unsigned)(us / 1000 % 1000));
}

/* One line, cut between characters, nothing that a terminal obeys. */
static void add_excerpt(struct buf *out, struct str text)
{
	size_t n = text.n < EXCERPT ? text.n : EXCERPT;
	while (n < text.n && n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool is_c1 =
			c == 0xc2 && i + 1 < n && ((unsigned char)text.p[i + 1] & 0xe0) == 0x80;
		if (is_c1)
			i++;
		buf_addc(out, c < ' ' || c == 127 || is_c1 ? ' ' : (char)c);
	}
	if (n < text.n)
		buf_adds(out, STR(" ..."));
}

/* A message is who and what; of anything else its beginning. */
static void add_gist(struct buf *out, struct json *json, struct str payload)
{
	struct json_at d;
	if (json_parse(json, payload, &d, NULL) < 0) {
		buf_addf(out, "(%zu bytes that are no JSON)", payload.n);
		return;
	}
	struct str content = json_str(json_get(d, "content"));
	struct str author = json_str(json_path(d, "author.username"));
	if (!content.n) {
		add_excerpt(out, payload);
		return;
	}
	add_excerpt(out, author);
	buf_adds(out, STR(": "));
	add_excerpt(out, content);
}

static const char *note(uint8_t flags)
{
	return flags & WIRE_DISCORD_REPLAYED ? " replayed" : "";
}

void event_line(struct buf *out, struct json *json, const struct wire_header *h, struct str payload)
{
	struct str event = h->topic;
	uint64_t guild = 0, channel = 0;
	if (!wire_topic_split(h->topic, &event, &guild, &channel))
		event = h->topic;
	add_time(out, h->received);
	buf_addf(out, " %-24.*s guild=%llu channel=%llu pos=%llu shard=%u%s  ", STR_FMT(event),
		 (unsigned long long)guild, (unsigned long long)channel, (unsigned long long)h->pos,
		 h->shard, note(h->flags));
	add_gist(out, json, payload);
	buf_addc(out, '\n');
}

static void add_field(struct buf *out, const char *name, uint64_t value)
{
	buf_addf(out, ",\"%s\":%llu", name, (unsigned long long)value);
}

void event_json(struct buf *out, struct json *json, const struct wire_header *h, struct str payload)
{
	struct str event = h->topic;
	uint64_t guild = 0, channel = 0;
	struct json_at d;
	if (!wire_topic_split(h->topic, &event, &guild, &channel))
		event = h->topic;
	buf_adds(out, STR("{\"event\":"));
	json_add_str(out, event);
	buf_addf(out, ",\"guild_id\":\"%llu\",\"channel_id\":\"%llu\"", (unsigned long long)guild,
		 (unsigned long long)channel);
	add_field(out, "epoch", h->epoch);
	add_field(out, "pos", h->pos);
	add_field(out, "received_us", h->received);
	add_field(out, "shard", h->shard);
	add_field(out, "session", h->session);
	add_field(out, "s", h->s);
	add_field(out, "flags", h->flags);
	buf_adds(out, STR(",\"d\":"));
	bool is_json = json_parse(json, payload, &d, NULL) == 0;
	if (is_json && str_find(payload, '\n') == payload.n)
		buf_adds(out, payload); /* as Discord sent it, which already is one line */
	else if (is_json)
		json_minify(out, d);
	else
		buf_adds(out, STR("null"));
	buf_adds(out, STR("}\n"));
}
