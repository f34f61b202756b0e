/* rest/rest.h: the REST role: calls of bots to Discord through one limiter. For rest/ only.
 *
 *   rest.c      the role: doors, configuration, start and stop
 *   door.c      frames in, frames out
 *   call.c      one call as a bot asked for it, checked
 *   queue.c     calls that wait, their deadlines, and who goes next
 *   forward.c   a call as an HTTP request
 *   answer.c    what came back: done, again, or unknown
 *   memory.c    answers by (bot, id), so that a repeated call is not made twice
 *
 * A call lives from begin() in door.c to call_end(). It is in the limiter (QUEUED), waits before it is
 * repeated (PAUSED), or is under way (RUNNING).
 */
#ifndef REST_REST_H
#define REST_REST_H

#include "base/json.h"
#include "base/pace.h"
#include "net/guard.h"
#include "net/https.h"
#include "net/role.h"
#include "net/zsock.h"
#include "proto/endpoint.h"
#include "proto/limiter.h"
#include "proto/wire.h"
#include "rest/memory.h"

enum {
	REST_FILES = 10,
	REST_CALL_BYTES = 32 * 1024 * 1024,  /* all frames of one call */
	REST_HELD_BYTES = 256 * 1024 * 1024, /* bodies and files of all calls */
	REST_QUEUE = 10000,                  /* calls that wait */
	REST_QUEUE_BOT = 2500,               /* of one bot */
	REST_RUNNING = 200,                  /* requests under way */
	REST_ANSWER_BYTES = 8 * 1024 * 1024,
	REST_DEADLINE_MS = 15 * 60 * 1000, /* longer ones are cut to it */
	REST_ATTEMPT_MS = 10 * 1000,       /* of one request without files */
	REST_REPEATS = 4,                  /* of a request that may have been sent */
	REST_REASON_MAX = 512,             /* characters */
};

struct rest {
	struct role *role;
	struct pace said; /* of calls that are refused or fail */
	struct loop *loop;
	struct https *https;
	struct guard *guard; /* NULL: no CURVE */
	struct zsock *door;
	struct limiter *limiter;
	struct memory *memory;
	struct json *json;        /* of calls; views die at the next one */
	struct json *answer_json; /* of Discord's errors */
	struct loop_timer *timer; /* when the limiter is to be asked again */
	struct call *calls;
	struct buf authorization;
	size_t held_bytes, running;
	bool is_refusal_said, is_stopping;
};

struct file {
	struct buf name; /* of the form's part */
	struct buf filename;
	char *bytes;
	size_t n;
};

enum call_state { CALL_QUEUED, CALL_PAUSED, CALL_RUNNING };

struct call {
	struct limiter_job job;
	struct rest *rest;
	struct call *next, **at;
	struct memory_entry *entry;
	enum call_state state;
	uint64_t arrived_us, deadline_us;
	char bot[LIMITER_NAME_MAX + 1];
	struct endpoint endpoint;
	struct str method; /* static text */
	struct buf body;   /* JSON; empty: none */
	struct buf fields; /* of a plain form: name, value, each with a NUL behind it */
	struct buf reason; /* percent-encoded */
	struct file files[REST_FILES];
	size_t n_files, held_bytes;
	bool is_repeatable; /* a second time does no harm */
	bool may_be_done;   /* some attempt may have been obeyed */
	unsigned attempts, repeats;
	int last_status; /* of Discord's last answer 5xx, or 0 */
	struct buf last_body;
	struct https_request *request; /* RUNNING */
	struct loop_timer *timer;      /* deadline, or the end of a pause */
};

/* door.c */
TT_CHECK int door_open(struct rest *rest, struct why *why);
/* To everybody who waits for the entry. */
void door_answer(struct rest *rest, struct memory_entry *entry, int status, struct str json);

/* call.c: -EINVAL and a sentence where it is refused. */
TT_CHECK int call_read(struct call *call, struct json *json, struct str text,
		       const struct str *files, size_t n_files, const uint8_t id[static 16],
		       struct why *why);
void call_free(struct call *call);

/* queue.c */
void queue_enter(struct call *call);
/* Sends what may go, and sets the timer. */
void queue_pump(struct rest *rest);
/* Again: now, or after a pause. Ends it where the deadline comes first. */
void queue_again(struct call *call, uint64_t pause_us);
/* Stops have come: calls that cannot make it any more are told at once. */
void queue_recheck(struct rest *rest);
/* Answers and frees it. */
void call_end(struct call *call, int status, struct str json);
/* The same with {"message", "wait_ms"}; wait_ms 0: without. */
void call_end_with(struct call *call, int status, uint64_t wait_ms, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Nothing better is known than what the last attempt left. */
void call_end_late(struct call *call, uint64_t wait_ms);
void rest_sentence(struct buf *out, uint64_t wait_ms, struct str message);

/* forward.c */
void forward(struct call *call);

/* answer.c */
void answered(void *arg, const struct https_answer *a);

#endif
