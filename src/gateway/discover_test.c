#include "gateway/discover.h"

#include "test/unit.h"

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
	struct judged j = judge(&(struct https_answer){.status = 401});
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
}

static void a_page_of_cloudflare_is_told_from_discord(void **state)
{
	struct https_header headers[] = {{STR("content-type"), STR("text/html")}};
	static const int statuses[] = {403, 429};
	(void)state;
	for (int i = 0; i < 2; i++) {
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
}

int main(void)
{
	return run_unit(test(an_answer_of_discord_is_understood),
			test(an_answer_that_lacks_something_is_asked_for_again),
			test(a_refused_token_is_final_and_names_the_remedy),
			test(a_429_of_discord_is_waited_for_as_it_says),
			test(a_page_of_cloudflare_is_told_from_discord),
			test(a_failing_or_absent_server_is_asked_again),
			test(a_retry_after_that_makes_no_sense_is_bounded));
}
