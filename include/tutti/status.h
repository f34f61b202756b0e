/* tutti/status.h: what a handler returns, and what a call answered.
 *
 *     return tt_handled();                              // done with this event
 *     return tt_pass();                                 // the next route may have it
 *     return tt_error("no such colour: %s", name);      // for on_error(); else logged; counted
 *     return create_message(client, channel, .content = "hello");
 *
 * A failed call returned by a handler is an error of that handler. The event counts as processed
 * when the handler has returned, whatever it returned.
 * Memory:  what a handler is given dies when it returns, results included; tt_keep() copies.
 * Threads: what a handler is given belongs to its thread.
 * Errors:  what fails is a tt_result, whose text says why in one sentence: tt_failed() is true for
 *          TT_ERROR, and for a call that Discord did not accept.
 */
#ifndef TUTTI_STATUS_H
#define TUTTI_STATUS_H

#include <tutti/value.h>

#ifdef __cplusplus
extern "C" {
#endif

enum tt_outcome {
	TT_HANDLED,     /* no further route of this module sees the event */
	TT_PASS,        /* the next route that matches does */
	TT_EXIT,        /* leave serve() with 0, once what is in hand is finished */
	TT_ERROR,       /* handled, but not well: text says why */
	TT_CALLED,      /* handled, by a call: status and body are its answer */
	TT_UNCONVERTED, /* a capture is not of its type: .usage is said, or the next route tried */
};

/* tt_result.status of a call that has no answer of Discord's. */
enum tt_call_status {
	TT_CALL_UNKNOWN = 0,  /* it was sent, its outcome is unknown */
	TT_CALL_LATE = 1,     /* deadline passed, or Discord out of reach */
	TT_CALL_REFUSED = 2,  /* bad route or parameter */
	TT_CALL_NO_RIGHT = 3, /* this bot may not do that */
	TT_CALL_FULL = 4,     /* too many calls wait */
	TT_CALL_REUSED = 5,   /* the id was used with another body */
};

typedef struct tt_result {
	enum tt_outcome outcome;
	int status;   /* of a call: Discord's HTTP status, or one of enum tt_call_status */
	tt_str text;  /* of an error or a failed call: one sentence */
	tt_json body; /* of a call: Discord's answer */
} tt_result;

TT_VISIBLE tt_result tt_handled(void);
TT_VISIBLE tt_result tt_pass(void);
TT_VISIBLE tt_result tt_exit(void);
TT_VISIBLE tt_result tt_error(const char *fmt, ...) TT_PRINTF(1, 2);
/* For the macros, and for handlers that convert captures themselves. */
TT_VISIBLE tt_result tt_unconverted(void);

TT_VISIBLE bool tt_failed(tt_result result);

#ifdef __cplusplus
}
#endif

#endif
