#include "gateway/settings.h"

#include "gateway/presence.h"
#include "net/url.h"

#include <errno.h>
#include <stdio.h>

/* What net/refuse.h has judged. */
static void read_api_url(struct settings *out, const struct config *config)
{
	struct url url;
	struct why why;
	out->api_url = url_base(config->discord_api_url);
	BUG_ON(url_split(&url, out->api_url, &why) < 0);
	struct str host = str_c(url.host);
	bool is_discord = str_eq(host, STR("discord.com")) || str_ends(host, STR(".discord.com"));
	out->hosts = url_is_loopback(&url) ? SESSION_HOSTS_LOOPBACK
		     : is_discord          ? SESSION_HOSTS_DISCORD
					   : SESSION_HOSTS_ANY;
}

static void read_intents(struct settings *out, const struct config *config)
{
	for (size_t i = 0; i < config->discord_intents.n; i++)
		out->intents |= intent_by_name(str_c(config->discord_intents.word[i]));
}

static void read_shards(struct settings *out, const struct config *config)
{
	struct config_range range = config->discord_shard_range;
	out->shards = (uint32_t)config->discord_shards;
	out->count = out->shards;
	if (!range.is_set)
		return;
	out->first = (uint32_t)range.first;
	out->count = (uint32_t)(range.last - range.first + 1);
}

/* What IDENTIFY says of us; with its other keys it stays below SESSION_SEND_MAX. */
static int put_json(char *out, size_t size, const struct buf *json, struct why *why)
{
	if (json->n >= size)
		return why_set(why, -EINVAL, "is too long for an IDENTIFY");
	snprintf(out, size, "%.*s", STR_FMT(buf_str(json)));
	return 0;
}

static int read_presence(struct settings *out, const struct config *config, struct why *why)
{
	struct buf json = {0};
	struct why inner;
	int rc = presence_write(&json, str_c(config->discord_status), &config->discord_activities,
				&inner);
	if (rc == 0)
		rc = put_json(out->presence, sizeof out->presence, &json, &inner);
	buf_done(&json);
	return rc < 0 ? config_bad(config, CONFIG_discord_activities, why, "%s", inner.text) : 0;
}

static int read_properties(struct settings *out, const struct config *config, struct why *why)
{
	struct buf json = {0};
	struct why inner;
	int rc = presence_write_properties(&json, &config->discord_properties, &inner);
	if (rc == 0)
		rc = put_json(out->properties, sizeof out->properties, &json, &inner);
	buf_done(&json);
	return rc < 0 ? config_bad(config, CONFIG_discord_properties, why, "%s", inner.text) : 0;
}

static void read_threshold(struct settings *out, const struct config *config)
{
	enum { STANDARD = 50 }; /* Discord's own */
	int64_t threshold = config->discord_large_threshold;
	out->large_threshold = threshold == STANDARD ? 0 : (uint32_t)threshold;
}

static void read_compress(struct settings *out, const char *name)
{
	int kind = inflate_kind_of(str_c(name));
	BUG_ON(kind < 0);
	out->compress = (enum inflate_kind)kind;
	snprintf(out->query, sizeof out->query, "v=10&encoding=json%s%s",
		 kind == INFLATE_NONE ? "" : "&compress=", kind == INFLATE_NONE ? "" : name);
}

int settings_read(struct settings *out, const struct config *config, struct why *why)
{
	*out = (struct settings){0};
	read_api_url(out, config);
	read_intents(out, config);
	read_shards(out, config);
	read_threshold(out, config);
	read_compress(out, config->discord_compress);
	int rc = read_presence(out, config, why);
	return rc < 0 ? rc : read_properties(out, config, why);
}
