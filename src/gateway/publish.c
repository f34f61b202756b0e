#include "gateway/publish.h"

#include "base/json.h"
#include "base/metric.h"

#include <stdio.h>

static void append(struct publish *p, const struct publish_from *from, struct wire_header *h,
		   struct str payload)
{
	h->shard = from->shard;
	h->session = from->session;
	h->received = from->received_us;
	/* larger than a quarter of the ring it is not: the ring is at least 8 x max_event */
	BUG_ON(journal_append(p->journal, h, payload) < 0);
	p->is_unheard = true;
}

/* s: of the event of Discord in whose place it stands, so that record and resume cursor are one
 * commit here, too; else 0. */
static void publish_own(struct publish *p, const struct publish_from *from,
			enum event_number number, uint32_t s, uint64_t guild_id, struct str payload)
{
	char topic[WIRE_TOPIC_MAX];
	const struct event_info *info = event_by_number((uint16_t)number);
	struct wire_header h = {
		.flags = WIRE_MADE_HERE, .type = info->number, .s = s, .guild_id = guild_id};
	h.topic = str_of(topic, wire_topic(topic, info->name, guild_id, 0));
	append(p, from, &h, payload);
}

/* Only names as Discord makes them can stand in JSON without a look. */
static void publish_too_large(struct publish *p, const struct publish_from *from,
			      const struct envelope *e, uint64_t guild_id, uint64_t bytes)
{
	char text[256], topic[WIRE_TOPIC_MAX];
	struct str t = wire_topic(topic, e->t, 0, 0) ? e->t : STR("UNKNOWN");
	int n = snprintf(text, sizeof text, "{\"t\":\"%.*s\",\"s\":%u,\"bytes\":%llu}", STR_FMT(t),
			 e->s, (unsigned long long)bytes);
	publish_own(p, from, EVENT_TUTTI_TOO_LARGE, e->s, guild_id, str_of(text, (size_t)n));
	metric_add(METRIC_gateway_too_large, 1);
}

void publish_skipped(struct publish *p, const struct publish_from *from, uint32_t s,
		     struct str reason)
{
	struct buf text = {0};
	buf_addf(&text, "{\"shard\":%u,\"s\":%u,\"why\":", from->shard, s);
	json_add_str(&text, reason);
	buf_addc(&text, '}');
	publish_own(p, from, EVENT_TUTTI_SKIPPED, s, 0, buf_str(&text));
	metric_add(METRIC_gateway_skipped, 1);
	buf_done(&text);
}

uint64_t publish_event(struct publish *p, const struct publish_from *from, const struct envelope *e,
		       struct str d, uint64_t too_large)
{
	char topic[WIRE_TOPIC_MAX];
	const struct event_info *info = event_by_name(e->t);
	struct wire_header h = {.flags = from->is_replayed ? WIRE_DISCORD_REPLAYED : 0,
				.type = info ? info->number : 0,
				.s = e->s};
	uint64_t channel_id;
	envelope_route(e, info, &h.guild_id, &channel_id);
	if (too_large || d.n > p->max_event) {
		publish_too_large(p, from, e, h.guild_id, too_large ? too_large : d.n);
		return h.guild_id;
	}
	size_t n = wire_topic(topic, e->t, h.guild_id, channel_id);
	if (!n)
		n = wire_topic(topic, STR("UNKNOWN"), h.guild_id, channel_id);
	h.topic = str_of(topic, n);
	append(p, from, &h, d);
	metric_add(METRIC_gateway_events, 1);
	metric_add(METRIC_gateway_events_replayed, from->is_replayed);
	return h.guild_id;
}

void publish_session_lost(struct publish *p, const struct publish_from *from, const char *why)
{
	char text[256];
	int n = snprintf(text, sizeof text, "{\"shard\":%u,\"session\":%u,\"why\":\"%s\"}",
			 from->shard, from->session, why);
	publish_own(p, from, EVENT_TUTTI_SESSION_LOST, 0, 0, str_of(text, (size_t)n));
	metric_add(METRIC_gateway_sessions_lost, 1);
}

void publish_turn(struct publish *p)
{
	if (!p->is_unheard)
		return;
	p->is_unheard = false;
	metric_add(METRIC_gateway_bell_rings, bells_ring(p->bells));
}
