#include "gateway/discover.h"

#include "net/httpd.h"
#include "test/unit.h"

#include <limits.h>
#include <stdio.h>

#define SECOND 1000000ull
#define GOOD                                                                           \
	"{\"url\":\"wss://gateway.discord.gg\",\"shards\":3,\"session_start_limit\":{" \
	"\"total\":1000,\"remaining\":998,\"reset_after\":14400000,\"max_concurrency\":2}}"

struct judged {
	enum discover_verdict verdict;
	struct discovery found;
	uint64_t wait_us;
	struct why why;
};

static struct judged judge(const struct https_answer *answer)
{
	struct judged j = {0};
	struct json *json = json_new();
	j.verdict = discover_judge(answer, json, &j.found, &j.wait_us, &j.why);
	json_free(json);
	return j;
}

static void an_answer_of_discord_is_understood(void **state)
{
	(void)state;
	struct judged j = judge(&(struct https_answer){.status = 200, .body = STR(GOOD)});
	assert_int_equal(j.verdict, DISCOVER_OK);
	assert_string_equal(j.found.url, "wss://gateway.discord.gg");
	assert_int_equal(j.found.shards, 3);
	assert_int_equal(j.found.limit.remaining, 998);
	assert_int_equal(j.found.limit.max_concurrency, 2);
	assert_true(j.found.limit.reset_after_us == 14400 * SECOND);
}

static void an_answer_that_lacks_something_is_asked_for_again(void **state)
{
	static const char *const bodies[] = {
		"",
		"<html>",
		"[]",
		"{\"url\":\"wss://x\"}",
		"{\"url\":\"wss://x\",\"shards\":1,\"session_start_limit\":{}}",
		"{\"url\":\"wss://x\",\"shards\":0,\"session_start_limit\":{\"remaining\":1}}",
		"{\"url\":\"\",\"shards\":1,\"session_start_limit\":{\"remaining\":1}}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct judged j =
			judge(&(struct https_answer){.status = 200, .body = str_c(bodies[i])});
		assert_int_equal(j.verdict, DISCOVER_AGAIN);
		assert_true(j.why.text[0] != '\0');
	}
}

static void a_refused_token_is_final_and_names_the_remedy(void **state)
{
	(void)state;
	struct https_header json = {STR("content-type"), STR("application/json")};
	struct judged j =
		judge(&(struct https_answer){.status = 401, .headers = &json, .n_headers = 1});
	assert_int_equal(j.verdict, DISCOVER_REFUSED);
	assert_non_null(strstr(j.why.text, "developer portal"));
}

static void a_429_of_discord_is_waited_for_as_it_says(void **state)
{
	struct https_header headers[] = {{STR("content-type"), STR("application/json")},
					 {STR("retry-after"), STR("7.5")}};
	(void)state;
	struct judged j =
		judge(&(struct https_answer){.status = 429, .headers = headers, .n_headers = 2});
	assert_int_equal(j.verdict, DISCOVER_AGAIN);
	assert_true(j.wait_us == 7500000);
	j = judge(&(struct https_answer){.status = 429,
					 .headers = headers,
					 .n_headers = 1,
					 .body = STR("{\"retry_after\":30.5,\"global\":false}")});
	assert_int_equal(j.verdict, DISCOVER_AGAIN);
	assert_true(j.wait_us == 30500000);
}

static void a_page_of_cloudflare_is_told_from_discord(void **state)
{
	struct https_header headers[] = {{STR("content-type"), STR("text/html")}};
	static const int statuses[] = {401, 403, 429};
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct judged j = judge(&(struct https_answer){
			.status = statuses[i], .headers = headers, .n_headers = 1});
		assert_int_equal(j.verdict, DISCOVER_AGAIN);
		assert_true(j.wait_us == 60 * SECOND);
		assert_non_null(strstr(j.why.text, "Cloudflare"));
	}
}

static void a_failing_or_absent_server_is_asked_again(void **state)
{
	(void)state;
	struct judged j = judge(&(struct https_answer){.status = 503});
	assert_int_equal(j.verdict, DISCOVER_AGAIN);
	assert_string_equal(j.why.text, "status 503");
	j = judge(&(struct https_answer){.status = 0, .text = "could not connect"});
	assert_int_equal(j.verdict, DISCOVER_AGAIN);
	assert_string_equal(j.why.text, "could not connect");
}

static void a_retry_after_that_makes_no_sense_is_bounded(void **state)
{
	struct https_header header = {STR("retry-after"), STR("1e300")};
	(void)state;
	struct judged j =
		judge(&(struct https_answer){.status = 503, .headers = &header, .n_headers = 1});
	assert_true(j.wait_us == 24 * 3600 * SECOND);
	header.value = STR("-5");
	j = judge(&(struct https_answer){.status = 503, .headers = &header, .n_headers = 1});
	assert_true(j.wait_us == 0);
	header.value = STR("Fri, 31 Dec 9999 23:59:59 GMT");
	j = judge(&(struct https_answer){.status = 503, .headers = &header, .n_headers = 1});
	assert_true(j.wait_us == 24 * 3600 * SECOND);
}

static void a_retry_after_may_be_a_moment(void **state)
{
	struct https_header headers[] = {{STR("retry-after"), STR("Sun, 06 Nov 1994 08:49:37 GMT")},
					 {STR("date"), STR("Sun, 06 Nov 1994 08:49:07 GMT")}};
	(void)state;
	struct judged j =
		judge(&(struct https_answer){.status = 503, .headers = headers, .n_headers = 2});
	assert_true(j.wait_us == 30 * SECOND);
}

static void numbers_that_are_too_large_are_taken_as_the_largest(void **state)
{
	(void)state;
	struct judged j = judge(&(struct https_answer){
		.status = 200,
		.body = STR("{\"url\":\"wss://x\",\"shards\":1,\"session_start_limit\":{"
			    "\"total\":4294967296,\"remaining\":18446744073709551615,"
			    "\"reset_after\":18446744073709551615,"
			    "\"max_concurrency\":4294967297}}")});
	assert_int_equal(j.verdict, DISCOVER_OK);
	assert_int_equal(j.found.limit.total, UINT32_MAX);
	assert_int_equal(j.found.limit.remaining, UINT32_MAX);
	assert_int_equal(j.found.limit.max_concurrency, UINT32_MAX);
	assert_true(j.found.limit.reset_after_us == 24 * 3600 * SECOND);
}

static void more_shards_than_may_be_are_not_believed(void **state)
{
	static const char *const numbers[] = {"16385", "1000000000", "9223372036854775807"};
	char body[200];
	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		snprintf(body, sizeof body,
			 "{\"url\":\"wss://x\",\"shards\":%s,\"session_start_limit\":{"
			 "\"remaining\":1}}",
			 numbers[i]);
		struct judged j = judge(&(struct https_answer){.status = 200, .body = str_c(body)});
		assert_int_equal(j.verdict, DISCOVER_AGAIN);
		assert_non_null(strstr(j.why.text, numbers[i]));
		assert_non_null(strstr(j.why.text, "16384"));
	}
}

/* Who asks over and over. */
struct asker {
	struct loop *loop;
	struct httpd *httpd;
	char url[64];
	struct discover *discover;
	unsigned answers;
	uint64_t asked_us[4];
	unsigned asked;
};

static void serve(void *arg, struct httpd_request *r)
{
	struct asker *a = arg;
	a->asked_us[a->asked++ % 4] = loop_now_us();
	httpd_answer(r, 200, STR("application/json"), STR(GOOD));
}

static void open_asker(struct asker *a, void (*on_found)(void *arg, const struct discovery *found))
{
	struct why why;
	a->loop = loop_new();
	assert_int_equal(
		httpd_new(&a->httpd, a->loop,
			  &(struct httpd_options){
				  .address = "127.0.0.1", .max_body = 1000, .fn = serve, .arg = a},
			  &why),
		0);
	snprintf(a->url, sizeof a->url, "http://127.0.0.1:%u", httpd_port(a->httpd));
	a->discover = discover_new(&(struct discover_options){.loop = a->loop,
							      .user_agent = "test/1",
							      .api_url = str_c(a->url),
							      .token = STR("canary-token"),
							      .on_found = on_found,
							      .arg = a});
}

static void close_asker(struct asker *a)
{
	discover_free(&a->discover);
	httpd_free(&a->httpd);
	loop_free(&a->loop);
}

#define until(a, condition)                        \
	for (int turn = 0; !(condition); turn++) { \
		assert_true(turn < 10000);         \
		loop_step((a)->loop, 20);          \
	}

/* The answer does not help. */
static void ask_once_more(void *arg, const struct discovery *found)
{
	struct asker *a = arg;
	(void)found;
	a->answers++;
	discover_ask(a->discover);
}

static void who_asks_again_at_once_waits(void **state)
{
	struct asker a = {0};
	(void)state;
	open_asker(&a, ask_once_more);
	discover_ask(a.discover);
	until(&a, a.answers == 3);
	assert_int_equal(a.asked, 3);
	assert_true(a.asked_us[1] - a.asked_us[0] >= SECOND);
	assert_true(a.asked_us[2] - a.asked_us[1] >= SECOND);
	close_asker(&a);
}

static void count_found(void *arg, const struct discovery *found)
{
	struct asker *a = arg;
	(void)found;
	a->answers++;
}

static void doubts_of_many_are_one_request_and_hold_no_other_up(void **state)
{
	struct asker a = {0};
	(void)state;
	open_asker(&a, count_found);
	discover_ask(a.discover);
	until(&a, a.answers == 1);
	for (int i = 0; i < 100; i++)
		discover_refresh(a.discover);
	discover_ask(a.discover); /* somebody has to identify */
	until(&a, a.answers == 2);
	assert_true(a.asked_us[1] - a.asked_us[0] < DISCOVER_REFRESH_US);
	for (int i = 0; i < 100; i++)
		discover_refresh(a.discover);
	until(&a, a.answers == 3);
	assert_true(a.asked_us[2] - a.asked_us[1] >= DISCOVER_REFRESH_US);
	assert_int_equal(a.asked, 3);
	close_asker(&a);
}

static void a_url_that_is_doubted_is_asked_for_later_each_time_up_to_minutes(void **state)
{
	(void)state;
	assert_int_equal(discover_refresh_pause_us(0), 5 * SECOND);
	for (unsigned n = 1; n < 100; n++)
		assert_true(discover_refresh_pause_us(n) >= discover_refresh_pause_us(n - 1));
	assert_int_equal(discover_refresh_pause_us(5), 160 * SECOND);
	assert_int_equal(discover_refresh_pause_us(UINT_MAX), 300 * SECOND);
}

int main(void)
{
	return run_unit(test(an_answer_of_discord_is_understood),
			test(an_answer_that_lacks_something_is_asked_for_again),
			test(a_refused_token_is_final_and_names_the_remedy),
			test(a_429_of_discord_is_waited_for_as_it_says),
			test(a_page_of_cloudflare_is_told_from_discord),
			test(a_failing_or_absent_server_is_asked_again),
			test(a_retry_after_that_makes_no_sense_is_bounded),
			test(a_retry_after_may_be_a_moment),
			test(numbers_that_are_too_large_are_taken_as_the_largest),
			test(more_shards_than_may_be_are_not_believed),
			test(who_asks_again_at_once_waits),
			test(a_url_that_is_doubted_is_asked_for_later_each_time_up_to_minutes),
			test(doubts_of_many_are_one_request_and_hold_no_other_up));
}
