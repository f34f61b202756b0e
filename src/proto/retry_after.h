/* proto/retry_after.h: HTTP's header Retry-After: how long an answer asks to be left alone.
 *
 *     wait_us = retry_after_us(STR("120"), date, now_s);
 *     wait_us = retry_after_us(STR("Sun, 06 Nov 1994 08:49:37 GMT"), date, now_s);
 *
 * A number of seconds, or a moment in one of HTTP's three forms. Pure: the clock is a parameter.
 */
#ifndef PROTO_RETRY_AFTER_H
#define PROTO_RETRY_AFTER_H

#include "base/str.h"

/* What is longer was not meant, or the clocks are wrong. */
#define RETRY_AFTER_MAX_US (24 * 3600 * UINT64_C(1000000))

/* 0: it does not ask, or makes no sense: neither number nor date, negative, in the past; else at most
 * RETRY_AFTER_MAX_US. date: the answer's own Date, against which a moment is held, for our clock may
 * be wrong; where that is none, against now_s (seconds since 1970). */
uint64_t retry_after_us(struct str text, struct str date, uint64_t now_s);

/* A moment as HTTP writes it (RFC 9110, 5.6.7), in seconds since 1970. False leaves *out alone. */
bool retry_after_date(struct str text, uint64_t *out);

#endif
