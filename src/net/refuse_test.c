#include "net/refuse.h"
#include "test/unit.h"

#include <errno.h>

/* What is said of a text that base/config.h takes; "" where nothing is wrong. */
static const char *said(const char *text)
{
	static struct why why;
	struct config config;
	why = (struct why){0};
	if (config_parse(&config, str_c(text), "x.toml", &why) < 0)
		fail_msg("%s", why.text);
	int rc = refuse_config(&config, &why);
	assert_int_equal(rc, why.text[0] ? -EINVAL : 0);
	config_free(&config);
	return why.text;
}

static void the_defaults_are_fine(void **state)
{
	(void)state;
	assert_string_equal(said(""), "");
}

static void an_unknown_intent_names_the_nearest(void **state)
{
	(void)state;
	assert_string_equal(said("[discord]\nintents = [\"guilds\", \"guild_mesages\"]\n"),
			    "defaults:2:1: discord.intents has an unknown intent "
			    "\"guild_mesages\"; did you mean \"guild_messages\"?");
}

static void a_token_where_its_file_should_stand_is_told_and_not_shown(void **state)
{
	(void)state;
	const char *text = said("[discord]\ntoken_file = "
				"\"MTIzNDU2Nzg5MDEyMzQ1Njc4.GaBcDe.abcdefghijk-_mnop\"\n");
	assert_non_null(strstr(text, ":2:1: discord.token_file is to name a file"));
	assert_null(strstr(text, "MTIz"));
	assert_string_equal(said("[discord]\ntoken_file = \"/etc/tutti/my.bot.token\"\n"), "");
}

static void gateways_to_connect_to_are_places(void **state)
{
	(void)state;
	assert_string_equal(said("[zmq]\nconnect = [\"a\", \"10.0.0.2:6010\"]\n"), "");
	assert_non_null(strstr(said("[zmq]\nconnect = [\"tcp://a\"]\n"),
			       "defaults:2:1: zmq.connect has \"tcp://a\", which is not a host"));
}

static void a_range_lies_within_the_shards(void **state)
{
	(void)state;
	assert_string_equal(said("[discord]\nshards = 4\nshard_range = [2, 3]\n"), "");
	assert_string_equal(said("[discord]\nshards = 4\nshard_range = [2, 4]\n"),
			    "defaults:3:1: discord.shard_range is to be first and last of 0 to 3, "
			    "as discord.shards says");
	assert_string_equal(said("[discord]\nshard_range = [0, 1]\n"),
			    "defaults:2:1: discord.shard_range needs discord.shards as a number, "
			    "not as \"auto\"");
}

static void bind_is_an_address(void **state)
{
	(void)state;
	assert_string_equal(said("[zmq]\nbind = \"::1\"\n"), "");
	assert_non_null(strstr(said("[zmq]\nbind = \"localhost\"\n"),
			       "defaults:2:1: zmq.bind is no IP address"));
	assert_non_null(strstr(said("[zmq]\nbind = \"\"\n"), "zmq.bind is no IP address"));
	assert_non_null(strstr(said("[zmq]\nbind = \"127.1\"\n"), "zmq.bind is no IP address"));
}

static void plain_http_goes_to_loopback_only(void **state)
{
	(void)state;
	assert_non_null(strstr(said("[discord]\napi_url = \"http://example.org/api/v10\"\n"),
			       "defaults:2:1: discord.api_url may be plain http only to loopback"));
	assert_string_equal(said("[discord]\napi_url = \"http://127.0.0.1:9/api/v10\"\n"), "");
	assert_string_equal(said("[discord]\napi_url = \"http://localhost:9/api/v10\"\n"), "");
	assert_string_equal(said("[discord]\napi_url = \"https://example.org/api/v10\"\n"), "");
	assert_string_equal(said("[discord]\napi_url = \"https://example.org/api/v10/\"\n"), "");
}

static void a_name_that_only_begins_like_loopback_is_none(void **state)
{
	(void)state;
	assert_true(said("[discord]\napi_url = \"http://127.0.0.1.example.org/\"\n")[0]);
	assert_true(said("[discord]\napi_url = \"http://localhost.example.org/\"\n")[0]);
	assert_true(said("[discord]\napi_url = \"http://127.0.0.1@example.org/\"\n")[0]);
}

static void an_address_that_is_no_web_address_is_refused(void **state)
{
	(void)state;
	assert_true(said("[discord]\napi_url = \"ftp://example.org\"\n")[0]);
	assert_true(said("[discord]\napi_url = \"wss://example.org\"\n")[0]);
	assert_true(said("[discord]\napi_url = \"\"\n")[0]);
	assert_true(said("[discord]\napi_url = \"https://example.org/api?v=10\"\n")[0]);
	assert_true(said("[discord]\napi_url = \"https://example.org/api#v10\"\n")[0]);
	assert_true(said("[discord]\napi_url = \"discord.com\"\n")[0]);
}

static void a_bind_beyond_loopback_needs_curve(void **state)
{
	static const char *const bad[] = {"0.0.0.0", "*", "::", "192.168.1.1", "128.0.0.1"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf text = {0};
		buf_addf(&text, "[zmq]\nbind = \"%s\"\n%c", bad[i], 0);
		assert_non_null(strstr(said(text.p), "CURVE"));
		buf_done(&text);
	}
}

static void a_key_and_a_list_come_together(void **state)
{
	(void)state;
	assert_non_null(strstr(said("[zmq]\ncurve_key = \"k\"\n"), "zmq.allow"));
	assert_non_null(strstr(said("[zmq]\nallow = \"a\"\n"), "zmq.curve_key"));
	assert_non_null(strstr(said("[zmq]\ncurve_key = \"k\"\nallow = \"a\"\nbind = \"*\"\n"),
			       "cannot be used"));
}

static void a_trust_anchor_that_is_not_there_is_named(void **state)
{
	(void)state;
	assert_non_null(strstr(said("[discord]\nca_file = \"/nowhere/ca.pem\"\n"),
			       "defaults:2:1: discord.ca_file names a file that cannot be read: "
			       "/nowhere/ca.pem"));
}

int main(void)
{
	return run_unit(
		test(the_defaults_are_fine), test(an_unknown_intent_names_the_nearest),
		test(a_token_where_its_file_should_stand_is_told_and_not_shown),
		test(gateways_to_connect_to_are_places), test(a_range_lies_within_the_shards),
		test(bind_is_an_address), test(plain_http_goes_to_loopback_only),
		test(a_name_that_only_begins_like_loopback_is_none),
		test(an_address_that_is_no_web_address_is_refused),
		test(a_bind_beyond_loopback_needs_curve), test(a_key_and_a_list_come_together),
		test(a_trust_anchor_that_is_not_there_is_named));
}
