/* tutti check, over the network: finds Discord, is sure that it is Discord, shows it the token once,
 * and reads the clock off its answer. */
#include "cli/check.h"

#include "gateway/discover.h"
#include "net/dns.h"
#include "net/role.h"
#include "net/url.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

enum { DNS_US = 5000000, WAIT_US = 6000000, ASK_MS = 8000, ANSWER_MAX = 64 * 1024, CLOCK_S = 30 };

struct ask {
	struct check *check;
	struct loop *loop;
	struct dns *dns;
	struct dns_query *query;
	struct loop_timer *deadline; /* of the query */
	struct https *https;
	struct json *json;
	struct buf url, authorization;
	struct url at; /* whose host is being looked for; points into url */
	void (*then)(struct ask *ask);
	struct loop_timer *again; /* behind a 429 */
	bool is_gateway, is_over, has_waited;
};

static void end(struct ask *ask)
{
	ask->is_over = true;
	loop_stop(ask->loop);
}

bool check_clock(struct str date, int64_t now_s, int64_t *ahead_s)
{
	char text[64];
	struct tm tm = {0};
	snprintf(text, sizeof text, "%.*s", (int)(date.n < 63 ? date.n : 63), date.p ? date.p : "");
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	if (!end || *end)
		return false;
	*ahead_s = now_s - (int64_t)timegm(&tm);
	return true;
}

static const char *what(const struct ask *ask)
{
	return ask->is_gateway ? "the gateway" : "discord.api_url";
}

static void not_found(struct ask *ask, const char *text)
{
	check_bad(ask->check, EX_UNAVAILABLE, "dns",
		  "%s: %s cannot be found: %s; is the network up, and does /etc/resolv.conf name a "
		  "server?",
		  what(ask), ask->at.host, text);
	end(ask);
}

static void found(void *arg, const struct dns_answer *answer)
{
	struct ask *ask = arg;
	ask->query = NULL;
	loop_timer_stop(ask->deadline);
	if (answer->n == 0) {
		not_found(ask, answer->text ? answer->text : "no address");
		return;
	}
	check_ok("dns", "%s: %s has %u address%s", what(ask), ask->at.host, answer->n,
		 answer->n == 1 ? "" : "es");
	ask->then(ask);
}

static void found_late(void *arg)
{
	struct ask *ask = arg;
	dns_cancel(&ask->query);
	not_found(ask, "no answer within 5 s");
}

/* ask->url is complete. */
static void find(struct ask *ask, void (*then)(struct ask *))
{
	struct why why;
	if (url_split(&ask->at, buf_str(&ask->url), &why) < 0) {
		check_bad(ask->check, EX_UNAVAILABLE, "dns", "%s: %s", what(ask), why.text);
		end(ask);
		return;
	}
	ask->then = then;
	loop_timer_in(ask->deadline, DNS_US);
	ask->query = dns_ask(ask->dns, ask->at.host, ask->at.port, found, ask);
}

static void say_tls(const struct ask *ask)
{
	if (ask->at.is_tls)
		check_ok("tls", "%s: %s has shown a certificate for its name that we trust",
			 what(ask), ask->at.host);
	else
		check_note("tls", "%s: none, plain text to this host", what(ask));
}

static void say_unreached(struct ask *ask, const struct https_answer *answer)
{
	check_bad(ask->check, EX_UNAVAILABLE, "tls",
		  "%s: no answer from %s: %s; a firewall, a proxy that opens TLS, or old "
		  "ca-certificates",
		  what(ask), ask->at.host, answer->text ? answer->text : strerror(-answer->error));
}

static void gateway_answered(void *arg, const struct https_answer *answer)
{
	struct ask *ask = arg;
	if (answer->status)
		say_tls(ask);
	else
		say_unreached(ask, answer);
	end(ask);
}

static void send_to(struct ask *ask, https_fn *fn)
{
	struct https_header header = {STR("Authorization"), buf_str(&ask->authorization)};
	https_send(ask->https,
		   &(struct https_ask){.method = STR("GET"),
				       .url = buf_str(&ask->url),
				       .headers = &header,
				       .n_headers = ask->is_gateway ? 0 : 1,
				       .timeout_ms = ASK_MS,
				       .max_answer = ANSWER_MAX},
		   fn, ask);
}

/* Any answer will do: that it comes over TLS is what we want to see. */
static void ask_gateway(struct ask *ask)
{
	send_to(ask, gateway_answered);
}

static void find_gateway(struct ask *ask, const char *url)
{
	struct str rest = str_c(url);
	bool is_tls = str_starts(rest, STR("wss://"));
	rest = str_of(rest.p + (is_tls ? 6 : 5), rest.n - (is_tls ? 6 : 5));
	ask->is_gateway = true;
	ask->url.n = 0;
	buf_addf(&ask->url, "%s%.*s", is_tls ? "https://" : "http://", STR_FMT(rest));
	find(ask, ask_gateway);
}

static void say_clock(const struct https_answer *answer)
{
	int64_t ahead;
	int64_t now = (int64_t)(loop_wall_us() / 1000000);
	if (!check_clock(https_header_of(answer, "date"), now, &ahead))
		check_note("clock", "the answer has no date to compare with");
	else if (ahead > CLOCK_S || ahead < -CLOCK_S)
		check_note("clock",
			   "%lld s %s Discord's: certificates and the times in logs suffer: "
			   "timedatectl set-ntp true",
			   (long long)(ahead < 0 ? -ahead : ahead),
			   ahead < 0 ? "behind" : "ahead of");
	else
		check_ok("clock", "within %d s of Discord's", CLOCK_S);
}

static void say_accepted(const struct discovery *found)
{
	if (found->limit.remaining == 0)
		check_note(
			"token",
			"accepted, but all %u identifies of the day are used: the next in %llu s",
			found->limit.total,
			(unsigned long long)(found->limit.reset_after_us / 1000000));
	else
		check_ok("token",
			 "accepted; %u shard%s recommended, %u of %u identifies left today",
			 found->shards, found->shards == 1 ? "" : "s", found->limit.remaining,
			 found->limit.total);
}

/* Several checks in a row are too many for Discord; what it asks for then is short, and kept once. */
static bool wait_a_little(struct ask *ask, int status, uint64_t wait_us)
{
	if (status != 429 || wait_us > WAIT_US || ask->has_waited)
		return false;
	ask->has_waited = true;
	check_note("token", "Discord was asked too often (429): waiting %llu s, as it says",
		   (unsigned long long)((wait_us + 999999) / 1000000));
	loop_timer_in(ask->again, wait_us ? wait_us : WAIT_US);
	return true;
}

static void say_again(struct ask *ask, int status, uint64_t wait_us, const char *why)
{
	if (wait_us)
		check_bad(ask->check, EX_UNAVAILABLE, "token",
			  "cannot be tried: %s%s; run this again in %llu s, --offline looks at the "
			  "rest meanwhile",
			  status == 429 ? "Discord was asked too often: " : "", why,
			  (unsigned long long)((wait_us + 999999) / 1000000));
	else
		check_bad(ask->check, EX_UNAVAILABLE, "token", "cannot be tried: %s", why);
}

static void api_answered(void *arg, const struct https_answer *answer)
{
	struct ask *ask = arg;
	struct discovery found;
	struct why why = {0};
	uint64_t wait_us;
	if (answer->status == 0) {
		say_unreached(ask, answer);
		end(ask);
		return;
	}
	if (!ask->has_waited) {
		say_tls(ask);
		say_clock(answer);
	}
	switch (discover_judge(answer, ask->json, &found, &wait_us, &why)) {
	case DISCOVER_OK:
		say_accepted(&found);
		find_gateway(ask, found.url);
		return;
	case DISCOVER_REFUSED:
		check_bad(ask->check, EX_CONFIG, "token", "token refused (%s): %s",
			  ask->check->token.from, why.text);
		break;
	case DISCOVER_AGAIN:
		if (wait_a_little(ask, answer->status, wait_us))
			return;
		say_again(ask, answer->status, wait_us, why.text);
		break;
	}
	end(ask);
}

static void ask_api(struct ask *ask)
{
	send_to(ask, api_answered);
}

static void ask_again(void *arg)
{
	ask_api(arg);
}

static void set_up(struct ask *ask)
{
	struct str api = url_base(ask->check->config->discord_api_url);
	ask->loop = loop_new();
	ask->dns = dns_new(ask->loop);
	ask->deadline = loop_timer_new(ask->loop, found_late, ask);
	ask->again = loop_timer_new(ask->loop, ask_again, ask);
	ask->https = https_new(ask->loop, ask->check->config->discord_ca_file, ROLE_USER_AGENT);
	ask->json = json_new();
	buf_addf(&ask->url, "%.*s/gateway/bot", STR_FMT(api));
	buf_addf(&ask->authorization, "Bot %.*s", STR_FMT(token_str(&ask->check->token)));
}

static void take_down(struct ask *ask)
{
	https_free(&ask->https);
	dns_free(&ask->dns);
	loop_timer_free(&ask->deadline);
	loop_timer_free(&ask->again);
	loop_free(&ask->loop);
	json_free(ask->json);
	explicit_bzero(ask->authorization.p, ask->authorization.cap);
	buf_done(&ask->authorization);
	buf_done(&ask->url);
}

void check_ask(struct check *check)
{
	struct ask ask = {.check = check};
	set_up(&ask);
	find(&ask, ask_api);
	if (!ask.is_over)
		loop_run(ask.loop);
	take_down(&ask);
}
