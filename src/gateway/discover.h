/* gateway/discover.h: GET {api_url}/gateway/bot: where to connect, with how many shards, and how
 * often one may identify.
 *
 * Asked for when somebody needs it, one request at a time, and repeated until it succeeds: with
 * growing pauses, never within a second, and as late as Discord or Cloudflare says. Who asks again
 * soon after an answer waits likewise, and longer where only the URL is doubted: it may well be the
 * network. Only a token that is refused (401) ends it.
 * Memory:  the HTTPS client lives as long as a question: it holds a megabyte of certificates, and a
 *          shard that resumes asks nothing.
 */
#ifndef GATEWAY_DISCOVER_H
#define GATEWAY_DISCOVER_H

#include "base/json.h"
#include "gateway/identify.h"
#include "net/https.h"

struct discovery {
	char url[512];
	uint32_t shards; /* as Discord recommends */
	struct identify_limit limit;
};

enum discover_verdict {
	DISCOVER_OK,
	DISCOVER_REFUSED, /* the token; asking again would count against the address */
	DISCOVER_AGAIN,   /* not before wait_us */
};

/* What an answer means. why: for the log, where it is not OK. wait_us: at least so long. */
enum discover_verdict discover_judge(const struct https_answer *answer, struct json *json,
				     struct discovery *out, uint64_t *wait_us, struct why *why);

struct discover_options {
	struct loop *loop;
	const char *ca_file, *user_agent; /* of net/https.h */
	struct str api_url, token;
	void (*on_found)(void *arg, const struct discovery *found);
	void (*on_refused)(void *arg, const char *why);
	void (*on_failed)(void *arg); /* it is asked again; NULL: nobody cares */
	void *arg;
};

struct discover;
struct discover *discover_new(const struct discover_options *options);
void discover_free(struct discover **discover);
/* on_found or on_refused follows, from the loop; a good while later where it was asked of late. */
void discover_ask(struct discover *discover);
/* The last answer was of use: the next question is no loop, however soon it comes. */
void discover_helped(struct discover *discover);
/* The URL that it told fails: the same, DISCOVER_REFRESH_US behind the last request at the earliest,
 * and each time in a row later, up to minutes. Holds no discover_ask() up. */
void discover_refresh(struct discover *discover);
/* Between the request before the n-th refresh in a row and that one, without jitter. */
uint64_t discover_refresh_pause_us(unsigned n);
#define DISCOVER_REFRESH_US 5000000ull

#endif
