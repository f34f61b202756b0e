/* base/why.h: the reason for a failure that a person has to read.
 *
 * Expected failures are negative errno values. Where a number is not enough (configuration,
 * handshake, a document that does not parse) the last parameter is a struct why: one sentence.
 */
#ifndef BASE_WHY_H
#define BASE_WHY_H

#include "base/str.h"

/* The caller must look at the result. */
#define TT_CHECK __attribute__((warn_unused_result))

struct why {
	int code;       /* negative errno */
	char text[320]; /* one sentence, no newline, no secret */
};

/* Writes the sentence and returns code, for "return why_set(why, -EINVAL, ...)". why may be NULL.
 */
int why_set(struct why *why, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same, with ": " and strerror(-code) behind the sentence. */
int why_errno(struct why *why, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A bug of ours, never an input: prints file and line, aborts. Stays on in release builds. */
#define BUG_ON(condition) ((condition) ? bug_at(__FILE__, __LINE__, #condition) : (void)0)
_Noreturn void bug_at(const char *file, int line, const char *condition);

#endif
