#include "net/refuse.h"

#include "net/doors.h"
#include "net/guard.h"
#include "net/token.h"
#include "net/url.h"
#include "proto/discord.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

static int check_intents(const struct config *config, struct why *why)
{
	const struct config_words *words = &config->discord_intents;
	for (size_t i = 0; i < words->n; i++) {
		struct str word = str_c(words->word[i]);
		if (intent_by_name(word))
			continue;
		return config_bad(config, CONFIG_discord_intents, why,
				  "has an unknown intent \"%.40s\"; did you mean \"%.*s\"?",
				  words->word[i], STR_FMT(intent_nearest(word)));
	}
	return 0;
}

static int check_api_url(const struct config *config, struct why *why)
{
	struct url url;
	struct why inner = {0};
	if (url_split(&url, str_c(config->discord_api_url), &inner) < 0)
		return config_bad(config, CONFIG_discord_api_url, why, "is no URL for us: %s",
				  inner.text);
	if (!str_starts(url.scheme, STR("http")))
		return config_bad(config, CONFIG_discord_api_url, why, "must begin with https://");
	if (str_find(url.target, '?') < url.target.n)
		return config_bad(config, CONFIG_discord_api_url, why,
				  "has a query: paths could not go behind it");
	if (!url.is_tls && !url_is_loopback(&url))
		return config_bad(
			config, CONFIG_discord_api_url, why,
			"may be plain http only to loopback: the token would travel in the open");
	return 0;
}

/* ZeroMQ would take a name for that of an interface; "*" it knows. */
static bool is_address(const char *text)
{
	struct in6_addr any;
	return str_eq(str_c(text), STR("*")) || inet_pton(AF_INET, text, &any) == 1 ||
	       inet_pton(AF_INET6, text, &any) == 1;
}

static int check_bind(const struct config *config, struct why *why)
{
	if (!is_address(config->zmq_bind))
		return config_bad(
			config, CONFIG_zmq_bind, why,
			"is no IP address, such as 127.0.0.1, ::1 or, for all of them, 0.0.0.0");
	if (url_is_loopback_address(config->zmq_bind) || *config->zmq_curve_key)
		return 0;
	return config_bad(
		config, CONFIG_zmq_bind, why,
		"is not loopback: that needs CURVE (zmq.curve_key and zmq.allow; \"tutti keys "
		"new\" makes a key)");
}

/* The key and the list come together: a key without a list would let everybody in. */
static int check_curve(const struct config *config, struct why *why)
{
	struct zsock_curve pair;
	struct allow allow;
	struct why inner = {0};
	if (!*config->zmq_curve_key && !*config->zmq_allow)
		return 0;
	if (!*config->zmq_allow)
		return config_bad(config, CONFIG_zmq_curve_key, why,
				  "needs zmq.allow beside it, the list of keys that may connect");
	if (!*config->zmq_curve_key)
		return config_bad(config, CONFIG_zmq_allow, why,
				  "needs zmq.curve_key beside it, tuttid's own key");
	int rc = keys_read(&pair, config->zmq_curve_key, &inner);
	explicit_bzero(&pair, sizeof pair);
	if (rc < 0)
		return config_bad(config, CONFIG_zmq_curve_key, why, "cannot be used: %s",
				  inner.text);
	if (guard_read(&allow, config->zmq_allow, &inner) < 0)
		return config_bad(config, CONFIG_zmq_allow, why, "cannot be used: %s", inner.text);
	allow_done(&allow);
	return 0;
}

static int check_connect(const struct config *config, struct why *why)
{
	struct doors list[DOORS_MAX];
	int n = doors_of(list, config, (unsigned)config->zmq_port, why);
	return n < 0 ? n : 0;
}

static int check_shard_range(const struct config *config, struct why *why)
{
	struct config_range range = config->discord_shard_range;
	long long shards = config->discord_shards;
	if (!range.is_set)
		return 0;
	if (!shards)
		return config_bad(config, CONFIG_discord_shard_range, why,
				  "needs discord.shards as a number, not as \"auto\"");
	if (range.last >= shards)
		return config_bad(config, CONFIG_discord_shard_range, why,
				  "is to be first and last of 0 to %lld, as discord.shards says",
				  shards - 1);
	return 0;
}

static int check_ca_file(const struct config *config, struct why *why)
{
	if (!*config->discord_ca_file || access(config->discord_ca_file, R_OK) == 0)
		return 0;
	return config_bad(config, CONFIG_discord_ca_file, why,
			  "names a file that cannot be read: %.200s", config->discord_ca_file);
}

/* Every other sentence about that key would show it. */
static int check_token_file(const struct config *config, struct why *why)
{
	if (!token_is_in_config(config))
		return 0;
	return config_bad(
		config, CONFIG_discord_token_file, why,
		"is to name a file; what stands there looks like the token itself: put it into a "
		"file of mode 0600");
}

int refuse_config(const struct config *config, struct why *why)
{
	static int (*const checks[])(const struct config *, struct why *) = {
		check_token_file, check_intents, check_api_url, check_shard_range,
		check_bind,       check_curve,   check_connect, check_ca_file};
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		int rc = checks[i](config, why);
		if (rc < 0)
			return rc;
	}
	return 0;
}
