#include "gateway/settings.h"

#include "test/unit.h"

#include <errno.h>
#include <stdio.h>

static int read_text(struct settings *out, const char *text, struct why *why)
{
	static struct config config; /* the texts are its */
	config_free(&config);
	assert_int_equal(config_parse(&config, str_c(text), "test.toml", why), 0);
	return settings_read(out, &config, why);
}

static void the_defaults_lead_to_discord(void **state)
{
	struct settings s;
	struct why why;
	(void)state;
	assert_int_equal(read_text(&s, "", &why), 0);
	assert_int_equal(s.hosts, SESSION_HOSTS_DISCORD);
	assert_int_equal(s.shards, 0);
	assert_string_equal(s.query, "v=10&encoding=json&compress=zlib-stream");
	assert_int_equal(s.intents, 1u | 1u << 9 | 1u << 10 | 1u << 15);
}

static void a_fake_on_this_host_may_only_lead_to_this_host(void **state)
{
	struct settings s;
	struct why why;
	(void)state;
	assert_int_equal(read_text(&s,
				   "[discord]\napi_url = \"http://127.0.0.1:8/api/v10/\"\n"
				   "compress = \"none\"",
				   &why),
			 0);
	assert_int_equal(s.hosts, SESSION_HOSTS_LOOPBACK);
	assert_str(s.api_url, "http://127.0.0.1:8/api/v10");
	assert_string_equal(s.query, "v=10&encoding=json");
	assert_int_equal(
		read_text(&s, "[discord]\napi_url = \"https://proxy.example/api/v10\"", &why), 0);
	assert_int_equal(s.hosts, SESSION_HOSTS_ANY);
}

static void what_discord_would_not_take_is_refused_in_words(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"activities = [\"chess\"]",
		 "defaults:2:1: discord.activities has \"chess\", which is not"},
		{"properties = [\"linux\"]", "defaults:2:1: discord.properties is not three words"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct settings s;
		struct why why;
		char text[200];
		snprintf(text, sizeof text, "[discord]\n%s", cases[i].text);
		assert_int_equal(read_text(&s, text, &why), -EINVAL);
		if (!strstr(why.text, cases[i].why))
			fail_msg("\"%s\" does not say \"%s\"", why.text, cases[i].why);
	}
}

static void a_part_of_the_shards_is_understood(void **state)
{
	struct settings s;
	struct why why;
	(void)state;
	assert_int_equal(read_text(&s, "[discord]\nshards = 8\nshard_range = [2, 5]", &why), 0);
	assert_int_equal(s.shards, 8);
	assert_int_equal(s.first, 2);
	assert_int_equal(s.count, 4);
}

int main(void)
{
	return run_unit(test(the_defaults_lead_to_discord),
			test(a_fake_on_this_host_may_only_lead_to_this_host),
			test(what_discord_would_not_take_is_refused_in_words),
			test(a_part_of_the_shards_is_understood));
}
