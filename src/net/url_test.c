#include "net/url.h"

#include "test/unit.h"

static bool splits(struct url *out, const char *text)
{
	return url_split(out, str_c(text), NULL) == 0;
}

static void a_gateway_url_is_taken_apart(void **state)
{
	struct url u;
	(void)state;
	assert_true(splits(&u, "wss://Gateway.Discord.gg/?v=10&encoding=json"));
	assert_true(u.is_tls);
	assert_string_equal(u.host, "gateway.discord.gg");
	assert_int_equal(u.port, 443);
	assert_true(str_eq(u.target, STR("/?v=10&encoding=json")));
}

static void a_port_and_a_bare_query_are_understood(void **state)
{
	struct url u;
	(void)state;
	assert_true(splits(&u, "ws://127.0.0.1:8080?x=1"));
	assert_false(u.is_tls);
	assert_int_equal(u.port, 8080);
	assert_true(str_eq(u.target, STR("?x=1")));
	assert_true(splits(&u, "wss://[::1]:9"));
	assert_string_equal(u.host, "::1");
	assert_int_equal(u.port, 9);
	assert_int_equal(u.target.n, 0);
}

static void what_could_lead_elsewhere_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"gateway.discord.gg",
		"ftp://a/",
		"wss://",
		"wss:///x",
		"wss://user@evil.example/",
		"wss://gateway.discord.gg@evil.example/",
		"wss://evil.example\\.discord.gg/",
		"wss://evil.example#.discord.gg",
		"wss://a b/",
		"wss://a\r\nHost: b/",
		"wss://a:0/",
		"wss://a:65536/",
		"wss://a:1x/",
		"wss://[::1/",
		"wss://[127.0.0.1]/",
		"wss://%65vil/",
		"wss://\xc3\xa9/",
	};
	struct url u;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(splits(&u, bad[i]));
}

static void a_url_that_is_too_long_is_refused(void **state)
{
	char text[URL_MAX + 2];
	struct url u;
	(void)state;
	memset(text, 'a', sizeof text);
	memcpy(text, "wss://", 6);
	text[20] = '/';
	assert_int_equal(url_split(&u, str_of(text, URL_MAX), NULL), 0);
	assert_true(url_split(&u, str_of(text, URL_MAX + 1), NULL) < 0);
}

static void loopback_is_told_from_everything_else(void **state)
{
	static const struct {
		const char *url;
		bool is_loopback;
	} cases[] = {
		{"ws://localhost/", true},
		{"ws://127.9.9.9/", true},
		{"ws://[::1]/", true},
		{"ws://128.0.0.1/", false},
		{"ws://[::2]/", false},
		{"ws://0.0.0.0/", false},
		{"ws://localhost.evil.example/", false},
		{"ws://127.0.0.1.evil.example/", false},
	};
	struct url u;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(splits(&u, cases[i].url));
		assert_int_equal(url_is_loopback(&u), cases[i].is_loopback);
	}
}

static void every_loopback_address_is_one(void **state)
{
	(void)state;
	assert_true(url_is_loopback_address("127.0.0.1"));
	assert_true(url_is_loopback_address("127.8.9.1"));
	assert_true(url_is_loopback_address("::1"));
	assert_false(url_is_loopback_address("localhost"));
	assert_false(url_is_loopback_address("127.0.0.1 "));
	assert_false(url_is_loopback_address("127.1"));
}

static void an_authority_is_put_together_as_it_is_split(void **state)
{
	char text[URL_AUTHORITY];
	struct url u = {.port = 0};
	(void)state;
	url_authority(text, "10.0.0.2", 6000);
	assert_string_equal(text, "10.0.0.2:6000");
	url_authority(text, "::1", 1);
	assert_string_equal(text, "[::1]:1");
	assert_true(url_split_authority(&u, str_c(text)));
	assert_string_equal(u.host, "::1");
}

static void paths_go_behind_a_base_without_slashes(void **state)
{
	(void)state;
	assert_str(url_base("https://a/api/v10"), "https://a/api/v10");
	assert_str(url_base("https://a/api/v10//"), "https://a/api/v10");
	assert_str(url_base(""), "");
}

int main(void)
{
	return run_unit(
		test(a_gateway_url_is_taken_apart), test(a_port_and_a_bare_query_are_understood),
		test(what_could_lead_elsewhere_is_refused), test(a_url_that_is_too_long_is_refused),
		test(loopback_is_told_from_everything_else), test(every_loopback_address_is_one),
		test(an_authority_is_put_together_as_it_is_split),
		test(paths_go_behind_a_base_without_slashes));
}
