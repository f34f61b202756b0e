/* The call door: [bot][id][deadline_ms][verb][JSON][files ...] in, [id][status][JSON] out. */
#include "base/bytes.h"
#include "base/log.h"
#include "base/metric.h"
#include "net/doors.h"
#include "proto/wire.h"
#include "rest/rest.h"

#include <errno.h>
#include <stdio.h>

/* The frames of a message, the peer's identity first. */
enum { PEER, BOT, ID, DEADLINE, VERB, JSON, FILES };

static void send_answer(struct rest *rest, struct str peer, const uint8_t *id, int status,
			struct str json)
{
	uint8_t status_le[2];
	put_le16(status_le, (uint16_t)status);
	struct str frames[] = {peer, str_of((const char *)id, MEMORY_ID),
			       str_of((const char *)status_le, 2), json};
	int rc = zsock_send(rest->door, frames, 4);
	if (rc < 0)
		log_debug("answer_lost", "reason=%s", log_quote(str_c(strerror(-rc))));
}

void door_answer(struct rest *rest, struct memory_entry *entry, int status, struct str json)
{
	for (size_t i = 0; i < entry->n_waiters; i++)
		send_answer(rest, buf_str(&entry->waiters[i]), entry->id, status, json);
}

static void refuse(struct rest *rest, const struct str *frames, int status, const char *message)
{
	struct buf json = {0};
	metric_add(METRIC_rest_refused, 1);
	pace_log(&rest->said, loop_now_us(), LOG_INFO, "call_refused", "bot=%s status=%d reason=%s",
		 log_quote(frames[BOT]), status, log_quote(str_c(message)));
	rest_sentence(&json, 0, str_c(message));
	send_answer(rest, frames[PEER], (const uint8_t *)frames[ID].p, status, buf_str(&json));
	buf_done(&json);
}

/* What tells two calls with one id apart. */
static uint64_t hash_of(const struct str *frames, size_t n)
{
	uint32_t crc = 0;
	uint64_t bytes = 0;
	for (size_t i = VERB; i < n; i++) {
		uint8_t length[8];
		put_le64(length, frames[i].n);
		crc = crc32c(crc32c(crc, length, sizeof length), frames[i].p, frames[i].n);
		bytes += frames[i].n;
	}
	return bytes << 32 | crc;
}

static size_t bytes_of(const struct str *frames, size_t n)
{
	size_t bytes = 0;
	for (size_t i = JSON; i < n; i++)
		bytes += frames[i].n;
	return bytes;
}

static bool may_call(const struct allow_key *key, const struct call *call)
{
	struct str path = buf_str(&call->endpoint.path);
	return allow_may_call(key, call->method, str_cut(&path, '?'));
}

/* key: NULL by ipc. */
static void begin(struct rest *rest, struct memory_entry *entry, const struct str *frames, size_t n,
		  const struct allow_key *key)
{
	struct why why = {0};
	struct call *call = mem_zero(sizeof *call);
	uint32_t deadline_ms = get_le32(frames[DEADLINE].p);
	call->rest = rest;
	call->entry = entry;
	call->at = &rest->calls;
	call->next = rest->calls;
	if (call->next)
		call->next->at = &call->next;
	rest->calls = call;
	snprintf(call->bot, sizeof call->bot, "%.*s", STR_FMT(frames[BOT]));
	call->arrived_us = loop_now_us();
	call->deadline_us =
		call->arrived_us +
		1000ull * (deadline_ms < REST_DEADLINE_MS ? deadline_ms : REST_DEADLINE_MS);
	call->held_bytes = bytes_of(frames, n);
	rest->held_bytes += call->held_bytes;
	if (call_read(call, rest->json, frames[JSON], frames + FILES, n - FILES, entry->id, &why) <
	    0)
		call_end_with(call, STATUS_REFUSED, 0, "%s", why.text);
	else if (key && !may_call(key, call))
		call_end_with(call, STATUS_NO_RIGHT, 0, "this key has no right to %.*s %.*s",
			      STR_FMT(call->method), STR_FMT(buf_str(&call->endpoint.shown)));
	else
		queue_enter(call);
}

/* NULL, or why who came from afar may not speak so. A routing id of the peer's own choice could be
 * that of another before it, who waits for an answer: libzmq's begin with 0. */
static const char *check_key(struct rest *rest, const struct str *frames,
			     const struct allow_key **key)
{
	struct str user = zsock_user(rest->door);
	*key = NULL;
	if (user.n == 0)
		return NULL;
	*key = guard_find(rest->guard, user);
	if (!*key)
		return "this key is no longer allowed";
	if (!str_eq(frames[BOT], (*key)->name))
		return "bot is not the name of this key";
	return frames[PEER].n && frames[PEER].p[0] == 0 ? NULL : "leave the routing id unset";
}

/* NULL, or why a message that names an id is not let in. */
static const char *check(struct rest *rest, const struct str *frames, size_t n, int *status)
{
	*status = STATUS_REFUSED;
	if (!wire_is_bot(frames[BOT]))
		return "the bot's name has to be 1 to 64 of A-Z a-z 0-9 . _ -";
	if (!str_eq(frames[VERB], STR("REST")))
		return "the verb has to be REST";
	if (n - FILES > REST_FILES)
		return "a call has at most 10 files";
	if (bytes_of(frames, n) > REST_CALL_BYTES)
		return "a call has at most 32 MiB";
	*status = STATUS_FULL;
	if (rest->held_bytes > REST_HELD_BYTES)
		return "too many bytes wait already";
	return NULL;
}

static void enter(struct rest *rest, const struct str *frames, size_t n)
{
	struct memory_entry *entry;
	const struct allow_key *key;
	int status = STATUS_NO_RIGHT;
	const char *reason = check_key(rest, frames, &key);
	if (!reason)
		reason = check(rest, frames, n, &status);
	if (reason) {
		refuse(rest, frames, status, reason);
		return;
	}
	switch (memory_find(rest->memory, frames[BOT], (const uint8_t *)frames[ID].p,
			    hash_of(frames, n), loop_now_us(), &entry)) {
	case MEMORY_OTHER:
		refuse(rest, frames, STATUS_OTHER_BODY, "this id was used for another call");
		return;
	case MEMORY_RUNNING:
		metric_add(METRIC_rest_joined, 1);
		memory_wait(entry, frames[PEER]);
		return;
	case MEMORY_DONE:
		metric_add(METRIC_rest_remembered, 1);
		send_answer(rest, frames[PEER], entry->id, entry->status, buf_str(&entry->json));
		return;
	case MEMORY_NEW:
		memory_wait(entry, frames[PEER]);
		begin(rest, entry, frames, n, key);
		return;
	}
}

static void message(void *arg, const struct str *frames, size_t n)
{
	struct rest *rest = arg;
	if (n < FILES || frames[ID].n != MEMORY_ID || frames[DEADLINE].n != 4) {
		metric_add(METRIC_rest_garbage, 1);
		return;
	}
	metric_add(METRIC_rest_calls, 1);
	enter(rest, frames, n);
	queue_pump(rest);
}

static void garbage(void *arg)
{
	(void)arg;
	metric_add(METRIC_rest_garbage, 1);
}

static int bind_tcp(struct rest *rest, struct why *why)
{
	const struct config *config = rest->role->config;
	if (config->zmq_port == 0 || strcmp(config->zmq_call_tcp, "off") == 0)
		return 0;
	if (!rest->guard)
		log_warn("call_tcp",
			 "port=%d note=\"every user of this host may speak as the bot; "
			 "zmq.call_tcp = off: "
			 "ipc only\"",
			 (int)config->zmq_port + DOOR_CALL);
	return doors_bind_tcp(rest->door, DOOR_CALL, config, why);
}

int door_open(struct rest *rest, struct why *why)
{
	rest->door =
		zsock_new(rest->loop, &(struct zsock_options){.kind = ZSOCK_ROUTER,
							      .max_message = REST_CALL_BYTES,
							      .send_high = 10000,
							      .receive_high = 1000,
							      .linger_ms = 500,
							      .curve = guard_curve(rest->guard),
							      .domain = "call",
							      .fn = message,
							      .arg = rest,
							      .on_garbage = garbage});
	int rc = doors_bind_ipc(rest->door, DOOR_CALL, rest->role->run_dir, why);
	return rc < 0 ? rc : bind_tcp(rest, why);
}
