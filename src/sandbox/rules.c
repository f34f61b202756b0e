#include "sandbox/rules.h"

#include <inttypes.h>
#include <stdio.h>

/* The client's machine may be busy: half an interval early or two seconds late is no accident. */
static const uint64_t slack_us = 2000000;
static const uint64_t window_us = 60000000;

__attribute__((format(printf, 5, 6))) static void say(struct rules *r, struct rules_conn *c,
						      bool is_violation, const char *rule,
						      const char *fmt, ...)
{
	char text[200];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	r->fn(r->arg, c->number, is_violation, rule, text);
}

void rules_open(struct rules *r, struct rules_conn *c, unsigned number, struct str query)
{
	(void)r;
	*c = (struct rules_conn){.number = number};
	snprintf(c->query, sizeof c->query, "%.*s", STR_FMT(query));
}

void rules_hello(struct rules_conn *c, uint64_t interval_ms, uint64_t now_us)
{
	c->hello_us = c->beat_us = c->last_us = now_us;
	c->interval_us = interval_ms * 1000;
}

void rules_asked(struct rules_conn *c, uint64_t now_us)
{
	c->asked_us = now_us;
}

static void overdue(struct rules *r, struct rules_conn *c, uint64_t now_us)
{
	uint64_t since = now_us - c->last_us;
	if (since > c->interval_us + c->interval_us / 2 + slack_us)
		say(r, c, true, "beat_late",
		    "no heartbeat for %" PRIu64 " ms, interval %" PRIu64 " ms", since / 1000,
		    c->interval_us / 1000);
}

static void beat(struct rules *r, struct rules_conn *c, uint64_t now_us)
{
	uint64_t since = now_us - c->beat_us;
	bool was_asked = c->asked_us;
	if (was_asked && now_us - c->asked_us > slack_us)
		say(r, c, true, "beat_asked", "answered after %" PRIu64 " ms",
		    (now_us - c->asked_us) / 1000);
	c->asked_us = 0;
	if (!c->has_beaten && !was_asked)
		say(r, c, false, "first_beat", "after %" PRIu64 " of %" PRIu64 " ms", since / 1000,
		    c->interval_us / 1000);
	if (c->has_beaten && !was_asked && since < c->interval_us / 2)
		say(r, c, true, "beat_early", "after %" PRIu64 " ms, interval %" PRIu64 " ms",
		    since / 1000, c->interval_us / 1000);
	overdue(r, c, now_us);
	c->last_us = now_us;
	/* One that was asked for does not move the client's own rhythm. */
	c->has_beaten |= !was_asked;
	if (!was_asked)
		c->beat_us = now_us;
}

void rules_received(struct rules *r, struct rules_conn *c, int64_t op, size_t bytes,
		    uint64_t now_us)
{
	uint64_t *oldest = &c->sends_us[c->n_sends++ % RULES_SENDS];
	if (!c->hello_us)
		say(r, c, true, "before_hello", "op %" PRId64 " was sent before Hello", op);
	if (bytes > 4096)
		say(r, c, true, "payload", "%zu bytes, at most 4096", bytes);
	if (*oldest && now_us - *oldest < window_us)
		say(r, c, true, "sends", "more than %d sends in 60 s", RULES_SENDS);
	*oldest = now_us;
	if (op == 1 && c->hello_us)
		beat(r, c, now_us);
	else if (c->hello_us)
		overdue(r, c, now_us);
}

void rules_identify(struct rules *r, struct rules_conn *c, unsigned key, bool could_resume,
		    bool is_resume_door, uint64_t spacing_us, uint64_t now_us)
{
	uint64_t *last = &r->identify_us[key % RULES_KEYS];
	if (*last && now_us - *last < spacing_us)
		say(r, c, true, "identify_spacing",
		    "%" PRIu64 " ms after the last, at least %" PRIu64, (now_us - *last) / 1000,
		    spacing_us / 1000);
	*last = now_us;
	c->is_invalid = false;
	if (is_resume_door)
		say(r, c, false, "identify_url", "identified at a resume_gateway_url");
	if (could_resume)
		say(r, c, false, "could_resume", "identified where a session could be resumed");
}

void rules_invalid(struct rules_conn *c)
{
	c->is_invalid = true;
}

void rules_resume(struct rules *r, struct rules_conn *c, struct str first_query,
		  bool is_resume_door)
{
	if (!str_eq(str_c(c->query), first_query))
		say(r, c, true, "resume_query", "query %s, identified with %.*s", c->query,
		    STR_FMT(first_query));
	if (!is_resume_door)
		say(r, c, false, "resume_url", "resumed elsewhere than at resume_gateway_url");
}

/* What was on its way when the refusal was sent is nobody's fault. */
static const uint64_t under_way_us = 500000;

static bool is_refused(const struct rules_refusal *refusal, struct str method, struct str path,
		       uint64_t now_us)
{
	return now_us > refusal->at_us + under_way_us && now_us + 20000 < refusal->until_us &&
	       (refusal->is_global ||
		(str_eq(str_c(refusal->method), method) && str_eq(str_c(refusal->path), path)));
}

void rules_request(struct rules *r, struct str method, struct str path, bool is_global_exempt,
		   uint64_t now_us)
{
	struct rules_conn none = {0};
	for (size_t i = 0; i < RULES_REFUSALS; i++) {
		const struct rules_refusal *refusal = &r->refusals[i];
		if (is_refused(refusal, method, path, now_us) &&
		    !(refusal->is_global && is_global_exempt))
			say(r, &none, true, "retry_early",
			    "%.*s %.*s came %" PRIu64 " ms before the end of a 429",
			    STR_FMT(method), STR_FMT(path), (refusal->until_us - now_us) / 1000);
	}
}

void rules_refused(struct rules *r, struct str method, struct str path, bool is_global,
		   double retry_after, uint64_t now_us)
{
	struct rules_refusal *refusal = &r->refusals[r->n_refusals++ % RULES_REFUSALS];
	*refusal = (struct rules_refusal){.at_us = now_us,
					  .until_us = now_us + (uint64_t)(retry_after * 1e6),
					  .is_global = is_global};
	snprintf(refusal->method, sizeof refusal->method, "%.*s", STR_FMT(method));
	snprintf(refusal->path, sizeof refusal->path, "%.*s", STR_FMT(path));
}

void rules_closed(struct rules *r, struct rules_conn *c, unsigned code, uint64_t now_us)
{
	if ((code == 1000 || code == 1001) && !c->is_invalid)
		say(r, c, true, "close_code", "closed with %u, which ends the session", code);
	if (c->hello_us)
		overdue(r, c, now_us);
}
