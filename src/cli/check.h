/* cli/check.h: what a configuration says, and whether tuttid would get on with it. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "base/config.h"
#include "net/token.h"

/* docs/config.md, whole. */
void check_reference(struct buf *out);
/* docs/man/tutti.toml.5.scd, whole. */
void check_manual(struct buf *out);
/* Each key with its value, where that comes from, what it may be, and its help. Reads as TOML. name:
 * the file's, as it was given. */
void check_explain(struct buf *out, const struct config *config, const char *name);

/* One checking, whose lines go to stdout as they come: "# ok    dns     ...", still TOML. */
struct check {
	const struct config *config;
	struct token token; /* n 0: none */
	int status;         /* the exit status: the first thing that is wrong decides */
};
void check_ok(const char *topic, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void check_note(const char *topic, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void check_bad(struct check *check, int status, const char *topic, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* What this machine can tell: token, intents, files. Takes the token into check. */
void check_look(struct check *check, const struct token *env);
/* What Discord tells: DNS, TLS, the token, the clock. Ends within 40 s, whatever the network does. */
void check_ask(struct check *check);
/* How far the clock is off, from an HTTP Date and now, both in seconds since 1970; false: no date. */
bool check_clock(struct str date, int64_t now_s, int64_t *ahead_s);

#endif
