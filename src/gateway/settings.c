#include "gateway/settings.h"

#include "gateway/presence.h"
#include "net/url.h"

#include <errno.h>
#include <stdio.h>

static int read_api_url(struct settings *out, const struct config *config, struct why *why)
{
	struct url url;
	struct why inner;
	out->api_url = url_base(config->discord_api_url);
	if (url_split(&url, out->api_url, &inner) < 0)
		return why_set(why, -EINVAL, "discord.api_url: %s", inner.text);
	if (!str_starts(url.scheme, STR("http")))
		return why_set(why, -EINVAL,
			       "discord.api_url begins with https (or, to this host, http)");
	bool is_loopback = url_is_loopback(&url);
	if (!url.is_tls && !is_loopback)
		return why_set(why, -EINVAL, "discord.api_url: plain http goes to this host only");
	struct str host = str_c(url.host);
	bool is_discord = str_eq(host, STR("discord.com")) || str_ends(host, STR(".discord.com"));
	out->hosts = is_loopback  ? SESSION_HOSTS_LOOPBACK
		     : is_discord ? SESSION_HOSTS_DISCORD
				  : SESSION_HOSTS_ANY;
	return 0;
}

static int read_intents(struct settings *out, const struct config *config, struct why *why)
{
	out->intents = 0;
	for (size_t i = 0; i < config->discord_intents.n; i++) {
		struct str name = str_c(config->discord_intents.word[i]);
		uint32_t bit = intent_by_name(name);
		if (!bit) {
			struct str near = intent_nearest(name);
			return why_set(why, -EINVAL,
				       "discord.intents: \"%.*s\" is none; did you mean \"%.*s\"?",
				       (int)(name.n < 64 ? name.n : 64), name.p, STR_FMT(near));
		}
		out->intents |= bit;
	}
	return 0;
}

static int read_shards(struct settings *out, const struct config *config, struct why *why)
{
	struct config_range range = config->discord_shard_range;
	out->shards = (uint32_t)config->discord_shards;
	out->first = 0;
	out->count = out->shards;
	if (!range.is_set)
		return 0;
	if (!out->shards)
		return why_set(why, -EINVAL,
			       "discord.shard_range needs discord.shards as a number");
	if (range.first < 0 || range.last < range.first || range.last >= out->shards)
		return why_set(why, -EINVAL, "discord.shard_range: first and last of 0 to %u",
			       out->shards - 1);
	out->first = (uint32_t)range.first;
	out->count = (uint32_t)(range.last - range.first + 1);
	return 0;
}

/* What IDENTIFY says of us; with its other keys it stays below SESSION_SEND_MAX. */
static int read_face(struct settings *out, const struct config *config, struct why *why)
{
	enum { DEFAULT_THRESHOLD = 50 };
	struct buf presence = {0}, properties = {0};
	int rc = presence_write(&presence, str_c(config->discord_status),
				&config->discord_activities, why);
	if (rc == 0)
		rc = presence_write_properties(&properties, &config->discord_properties, why);
	if (rc == 0 &&
	    (presence.n >= sizeof out->presence || properties.n >= sizeof out->properties))
		rc = why_set(why, -EINVAL,
			     "discord.activities and properties are too long for an "
			     "IDENTIFY");
	if (rc == 0) {
		snprintf(out->presence, sizeof out->presence, "%.*s", STR_FMT(buf_str(&presence)));
		snprintf(out->properties, sizeof out->properties, "%.*s",
			 STR_FMT(buf_str(&properties)));
	}
	out->large_threshold = config->discord_large_threshold == DEFAULT_THRESHOLD
				       ? 0
				       : (uint32_t)config->discord_large_threshold;
	buf_done(&presence);
	buf_done(&properties);
	return rc;
}

int settings_read(struct settings *out, const struct config *config, struct why *why)
{
	int rc;
	*out = (struct settings){0};
	if ((rc = read_api_url(out, config, why)) < 0 ||
	    (rc = read_intents(out, config, why)) < 0 || (rc = read_shards(out, config, why)) < 0 ||
	    (rc = read_face(out, config, why)) < 0)
		return rc;
	int kind = inflate_kind_of(str_c(config->discord_compress));
	BUG_ON(kind < 0);
	out->compress = (enum inflate_kind)kind;
	snprintf(out->query, sizeof out->query, "v=10&encoding=json%s%s",
		 kind == INFLATE_NONE ? "" : "&compress=",
		 kind == INFLATE_NONE ? "" : config->discord_compress);
	return 0;
}
