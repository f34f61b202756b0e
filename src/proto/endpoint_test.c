#include "proto/endpoint.h"

#include "test/unit.h"

#include <stdlib.h>

#define P(name, value)                  \
	{                               \
		STR(name), str_c(value) \
	}

/* Makes one; "" or the refusal's sentence comes back. */
static struct why why;
static int make(struct endpoint *e, const char *method, const char *route,
		const struct endpoint_pair *params, size_t n)
{
	struct endpoint_ask ask = {str_c(method), str_c(route), params, n, NULL, 0};
	why.text[0] = 0;
	return endpoint_make(e, &ask, &why);
}

static void the_table_has_every_operation(void **state)
{
	const struct endpoint_info *all;
	(void)state;
	assert_int_equal(endpoint_all(&all), 242);
	for (size_t i = 0; i < 242; i++)
		assert_ptr_equal(endpoint_find(all[i].method, all[i].route), &all[i]);
}

static void parameters_fill_the_route(void **state)
{
	struct endpoint e = {0};
	struct endpoint_pair p[] = {P("channel_id", "7"), P("message_id", "99")};
	(void)state;
	assert_int_equal(make(&e, "PATCH", "/channels/{channel_id}/messages/{message_id}", p, 2),
			 0);
	assert_str(buf_str(&e.path), "/channels/7/messages/99");
	assert_str(e.info->name, "update_message");
	assert_str(e.info->file, "files[n]");
	assert_false(e.is_interaction || e.has_own_token);
	endpoint_done(&e);
}

static void a_literal_beats_a_parameter(void **state)
{
	(void)state;
	assert_str(endpoint_find(STR("GET"), STR("/users/@me"))->name, "get_my_user");
	assert_str(endpoint_find(STR("GET"), STR("/users/{user_id}"))->name, "get_user");
	assert_str(endpoint_find(STR("GET"), STR("/users/{whatever}"))->name, "get_user");
	assert_null(endpoint_find(STR("GET"), STR("/no/such/route")));
}

static void emojis_are_encoded(void **state)
{
	struct endpoint e = {0};
	const char *route =
		"/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me";
	struct endpoint_pair p[] = {P("channel_id", "7"), P("message_id", "9"),
				    P("emoji_name", "\xf0\x9f\x98\x84")};
	(void)state;
	assert_int_equal(make(&e, "PUT", route, p, 3), 0);
	assert_str(buf_str(&e.path), "/channels/7/messages/9/reactions/%F0%9F%98%84/@me");
	p[2].value = STR("name:123");
	assert_int_equal(make(&e, "PUT", route, p, 3), 0);
	assert_str(buf_str(&e.path), "/channels/7/messages/9/reactions/name:123/@me");
	p[2].value = STR("#\xef\xb8\x8f\xe2\x83\xa3"); /* the keycap */
	assert_int_equal(make(&e, "PUT", route, p, 3), 0);
	assert_str(buf_str(&e.path), "/channels/7/messages/9/reactions/%23%EF%B8%8F%E2%83%A3/@me");
	endpoint_done(&e);
}

static void routes_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {"",
					  "/",
					  "channels/7",
					  "//evil.example/x",
					  "/channels//x",
					  "/channels/../guilds",
					  "/channels/./x",
					  "/channels/7/",
					  "/channels/7?limit=1",
					  "/channels/7#x",
					  "/channels/%2e%2e/x",
					  "/channels\\7",
					  "/channels/{a}{b}",
					  "/channels/{}",
					  "/channels/{a",
					  "/channels/a}",
					  "/channels/a b",
					  "/channels/a\r\nHost: x",
					  "/{a}/{b}",
					  "https://discord.com/api",
					  "/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a"};
	struct endpoint e = {0};
	struct endpoint_pair p[] = {P("a", "1"), P("b", "2"), P("a}{b", "3")};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (make(&e, "GET", bad[i], p, 3) != -22)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_true(*why.text);
	}
	endpoint_done(&e);
}

static void parameters_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const bad[] = {"",       ".",    "..",   "a/b", "a\\b",
					  "%2e%2e", "a\rb", "a\nb", "\x7f"};
	struct endpoint e = {0};
	struct endpoint_pair p[] = {P("code", "")};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		p[0].value = str_c(bad[i]);
		if (make(&e, "GET", "/invites/{code}", p, 1) != -22)
			fail_msg("\"%s\" was taken", bad[i]);
	}
	p[0].value = str_of("a\0b", 3);
	assert_int_equal(make(&e, "GET", "/invites/{code}", p, 1), -22);
	endpoint_done(&e);
}

static void ids_are_digits(void **state)
{
	static const char *const bad[] = {"",  "x", "1x", "-1", "@me", "99999999999999999999999",
					  "1 "};
	struct endpoint e = {0};
	struct endpoint_pair p[] = {P("channel_id", ""), P("anything", "")};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		p[0].value = p[1].value = str_c(bad[i]);
		assert_int_equal(make(&e, "GET", "/channels/{channel_id}", p, 2), -22);
		assert_int_equal(make(&e, "GET", "/channels/{anything}", p, 2), -22);
		assert_int_equal(make(&e, "GET", "/new/{channel_id}", p, 2), -22);
	}
	assert_int_equal(make(&e, "GET", "/channels/x", p, 2), -22); /* as a literal too */
	assert_non_null(strstr(why.text, "channel_id"));
	p[0] = (struct endpoint_pair)P("instance_id", "i-1-gc-2");
	p[1] = (struct endpoint_pair)P("application_id", "1");
	assert_int_equal(make(&e, "GET",
			      "/applications/{application_id}/activity-instances/{instance_id}", p,
			      2),
			 0);
	endpoint_done(&e);
}

static void a_missing_parameter_is_named(void **state)
{
	struct endpoint e = {0};
	(void)state;
	assert_int_equal(make(&e, "GET", "/channels/{channel_id}", NULL, 0), -22);
	assert_non_null(strstr(why.text, "channel_id"));
	assert_int_equal(make(&e, "FETCH", "/gateway", NULL, 0), -22);
	assert_non_null(strstr(why.text, "GET"));
	endpoint_done(&e);
}

static void queries_are_encoded_and_repeated(void **state)
{
	struct endpoint e = {0};
	struct endpoint_pair q[] = {P("author_id", "1"), P("author_id", "2"),
				    P("content", "a&b=c d")};
	struct endpoint_ask ask = {STR("GET"), STR("/gateway"), NULL, 0, q, 3};
	(void)state;
	assert_int_equal(endpoint_make(&e, &ask, &why), 0);
	assert_str(buf_str(&e.path), "/gateway?author_id=1&author_id=2&content=a%26b%3Dc%20d");
	assert_str(buf_str(&e.shown), "/gateway");
	q[0].name = STR("a&b");
	assert_int_equal(endpoint_make(&e, &ask, &why), -22);
	q[0].name = str_of("a\0", 2);
	assert_int_equal(endpoint_make(&e, &ask, &why), -22);
	endpoint_done(&e);
}

static void what_is_too_long_is_refused(void **state)
{
	struct endpoint e = {0};
	struct endpoint_pair q[5];
	struct endpoint_ask ask = {STR("GET"), STR("/gateway"), NULL, 0, q, 5};
	char *text = mem_new(1000);
	(void)state;
	memset(text, 'x', 1000);
	for (size_t i = 0; i < 5; i++)
		q[i] = (struct endpoint_pair){STR("content"), str_of(text, 1000)};
	assert_int_equal(endpoint_make(&e, &ask, &why), -22);
	free(text);
	endpoint_done(&e);
}

static void calls_of_one_route_share_it_and_majors_part_them(void **state)
{
	struct endpoint a = {0}, b = {0};
	struct endpoint_pair p[] = {P("channel_id", "7"), P("message_id", "1")};
	struct endpoint_pair q[] = {P("channel_id", "8"), P("message_id", "2")};
	const char *route = "/channels/{channel_id}/messages/{message_id}";
	(void)state;
	assert_int_equal(make(&a, "DELETE", route, p, 2), 0);
	assert_int_equal(make(&b, "DELETE", route, q, 2), 0);
	assert_true(a.route == b.route && a.major != b.major);
	assert_int_equal(make(&b, "DELETE", "/channels/7/messages/5", NULL, 0), 0);
	assert_true(a.route == b.route && a.major == b.major);
	assert_int_equal(make(&b, "GET", "/channels/{channel_id}", p, 1), 0);
	assert_true(a.route != b.route && a.major == b.major);
	assert_int_equal(make(&b, "GET", "/guilds/7", NULL, 0), 0);
	assert_true(a.major != b.major);
	assert_int_equal(make(&b, "GET", "/users/7", NULL, 0), 0);
	assert_true(b.major == 0);
	endpoint_done(&a);
	endpoint_done(&b);
}

static void interactions_have_their_lane_and_hide_their_tokens(void **state)
{
	struct endpoint e = {0};
	struct endpoint_pair p[] = {P("interaction_id", "5"),
				    P("interaction_token", "aW50-secret")};
	struct endpoint_pair w[] = {P("webhook_id", "5"), P("webhook_token", "plain-secret")};
	struct endpoint_pair a[] = {P("application_id", "5"), P("interaction_token", "secret")};
	(void)state;
	assert_int_equal(make(&e, "POST",
			      "/interactions/{interaction_id}/{interaction_token}/callback", p, 2),
			 0);
	assert_true(e.is_interaction && e.has_own_token && e.major);
	assert_str(buf_str(&e.shown), "/interactions/5/***/callback");
	assert_int_equal(make(&e, "POST", "/webhooks/{webhook_id}/{webhook_token}", w, 2), 0);
	assert_true(!e.is_interaction && e.has_own_token && e.major);
	assert_str(buf_str(&e.shown), "/webhooks/5/***");
	w[1].value = STR("aW50ZXJhY3Rpb246MTIz");
	assert_int_equal(make(&e, "POST", "/webhooks/{webhook_id}/{webhook_token}", w, 2), 0);
	assert_true(e.is_interaction);
	assert_int_equal(make(&e, "PATCH",
			      "/webhooks/{application_id}/{interaction_token}/messages/@original",
			      a, 2),
			 0);
	assert_true(e.is_interaction);
	assert_str(e.info->name, "update_original_webhook_message");
	assert_str(buf_str(&e.shown), "/webhooks/5/***/messages/@original");
	assert_int_equal(make(&e, "POST", "/webhooks/5/secret/new", NULL, 0), 0);
	assert_str(buf_str(&e.shown), "/webhooks/5/***/new");
	endpoint_done(&e);
}

int main(void)
{
	return run_unit(test(the_table_has_every_operation), test(parameters_fill_the_route),
			test(a_literal_beats_a_parameter), test(emojis_are_encoded),
			test(routes_that_are_none_are_refused),
			test(parameters_that_lead_elsewhere_are_refused), test(ids_are_digits),
			test(a_missing_parameter_is_named), test(queries_are_encoded_and_repeated),
			test(what_is_too_long_is_refused),
			test(calls_of_one_route_share_it_and_majors_part_them),
			test(interactions_have_their_lane_and_hide_their_tokens));
}
