#include "bot/call.h"

#include "base/bytes.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	MAX_ANSWER = 64 * 1024 * 1024,
	FIRST_REPEAT_US = 1000 * 1000,
	LAST_REPEAT_US = 8 * 1000 * 1000,
	GRACE_US = 2 * 1000 * 1000, /* tuttid answers at the deadline; this much later we do */
	FULL_US = 50 * 1000,
	REFUSED_FIRST_US = 1000 * 1000, /* after a refused handshake; doubled up to the most */
	REFUSED_MOST_US = 8 * 1000 * 1000,
	LINGER_MS = 100,
};

struct caller_door {
	struct zsock *sock;
	uint64_t again_us, pause_us; /* no new socket before; 0: no handshake was refused */
	char endpoint[DOORS_ENDPOINT];
	bool is_dead; /* refused: libzmq never connects this socket again */
};

struct caller {
	struct loop *loop;
	struct caller_door door[DOOR_CALL + 1]; /* made at the first call */
	struct json *json;
	struct loop_fd *watch;
	struct loop_timer *timer;
	struct str bot;
	const struct doors *doors;
	const struct zsock_curve *curve;
	int fd;
	pthread_mutex_t lock;
	struct call *asked, **asked_end; /* under the lock: not seen by the main thread yet */
	struct call *open;               /* the main thread's: sent, without an answer */
	bool is_closed;                  /* under the lock */
};

/* Main thread: the worker goes on. */
static void answer(struct caller *caller, struct call *call, int status, struct str body)
{
	pthread_mutex_lock(&caller->lock);
	call->status = status;
	buf_adds(&call->body, body);
	call->is_done = true;
	pthread_cond_signal(&call->done);
	pthread_mutex_unlock(&caller->lock);
}

static struct call **find(struct caller *caller, struct str id)
{
	struct call **at = &caller->open;
	while (*at && (id.n != CALL_ID || memcmp((*at)->id, id.p, CALL_ID) != 0))
		at = &(*at)->next;
	return at;
}

static uint64_t due_at(const struct call *call)
{
	uint64_t end = call->deadline_us + GRACE_US;
	return call->repeat_us < end ? call->repeat_us : end;
}

static void set_timer(struct caller *caller, uint64_t now)
{
	uint64_t due = UINT64_MAX;
	for (const struct call *call = caller->open; call; call = call->next)
		due = due_at(call) < due ? due_at(call) : due;
	if (due == UINT64_MAX)
		loop_timer_stop(caller->timer);
	else
		loop_timer_in(caller->timer, due > now ? due - now : 0);
}

/* Id, status, JSON. */
static void came(void *arg, const struct str *frames, size_t n)
{
	struct caller *caller = arg;
	struct call **at = find(caller, n >= 3 ? frames[0] : (struct str){0});
	if (!*at || frames[1].n != 2)
		return; /* a second answer to a repeated call, or nothing of ours */
	struct call *call = *at;
	*at = call->next;
	caller->door[call->door].pause_us = 0;
	answer(caller, call, get_le16(frames[1].p), frames[2]);
}

/* Where the limit of sends is used up the gateway keeps nothing back: whoever has time asks again. */
static bool wait_for_room(struct caller *caller, struct call *call, const struct str *frames)
{
	struct json_at body;
	uint64_t now = loop_now_us();
	if (get_le16(frames[1].p) != TT_CALL_LATE ||
	    json_parse(caller->json, frames[2], &body, NULL) < 0)
		return false;
	uint64_t wait_us = json_u64(json_get(body, "wait_ms")) * 1000;
	if (wait_us == 0 || now + wait_us > call->deadline_us)
		return false;
	call->repeat_us = now + wait_us;
	set_timer(caller, now);
	return true;
}

/* S, and an answer. */
static void op_came(void *arg, const struct str *frames, size_t n)
{
	struct caller *caller = arg;
	if (n < 4 || !str_eq(frames[0], STR("S")) || frames[2].n != 2)
		return;
	struct call **at = find(caller, frames[1]);
	if (*at && !wait_for_room(caller, *at, frames + 1))
		came(caller, frames + 1, n - 1);
}

static void refused(struct caller_door *door, const char *reason)
{
	uint64_t pause_us = door->pause_us ? door->pause_us * 2 : REFUSED_FIRST_US;
	door->pause_us = pause_us < REFUSED_MOST_US ? pause_us : REFUSED_MOST_US;
	door->again_us = loop_now_us() + door->pause_us;
	door->is_dead = true;
	log_error("key_refused", "endpoint=%s reason=%s again_in_s=%llu", door->endpoint,
		  log_quote(str_c(reason)), (unsigned long long)door->pause_us / 1000000);
}

static void calls_refused(void *arg, const char *reason)
{
	refused(&((struct caller *)arg)->door[DOOR_CALL], reason);
}

static void ops_refused(void *arg, const char *reason)
{
	refused(&((struct caller *)arg)->door[DOOR_EVENTS], reason);
}

/* The socket may be dead still: until again_us. */
static void connect_door(struct caller *caller, enum door which)
{
	struct caller_door *door = &caller->door[which];
	char endpoint[sizeof door->endpoint];
	struct why why;
	doors_endpoint(endpoint, caller->doors, which);
	if (door->sock && strcmp(endpoint, door->endpoint) == 0 &&
	    !(door->is_dead && loop_now_us() >= door->again_us))
		return;
	memcpy(door->endpoint, endpoint, sizeof endpoint);
	door->is_dead = false;
	zsock_free(&door->sock);
	door->sock =
		zsock_new(caller->loop,
			  &(struct zsock_options){.kind = ZSOCK_DEALER,
						  .max_message = MAX_ANSWER,
						  .send_high = 1000,
						  .receive_high = 1000,
						  .linger_ms = LINGER_MS,
						  .curve = caller->curve,
						  .fn = which == DOOR_CALL ? came : op_came,
						  .on_refused = which == DOOR_CALL ? calls_refused
										   : ops_refused,
						  .arg = caller});
	if (zsock_connect(door->sock, endpoint, &why) < 0)
		log_error("connect_failed", "endpoint=%s reason=%s", endpoint,
			  log_quote(str_c(why.text)));
}

/* The next time this call needs a look; it may be sent again under the same id. */
static void send_call(struct caller *caller, struct call *call, uint64_t now)
{
	enum { FIXED = 6 };
	uint8_t deadline[4];
	size_t skip = call->door == DOOR_CALL; /* the Q */
	struct str frames[FIXED + CALL_FILES] = {STR("Q"),
						 caller->bot,
						 str_of((char *)call->id, CALL_ID),
						 str_of((char *)deadline, 4),
						 skip ? STR("REST") : STR("GATEWAY"),
						 call->json};
	uint64_t left_ms = call->deadline_us > now ? (call->deadline_us - now + 999) / 1000 : 1;
	put_le32(deadline, (uint32_t)left_ms);
	memcpy(frames + FIXED, call->file, call->n_files * sizeof *frames);
	connect_door(caller, call->door);
	const struct caller_door *door = &caller->door[call->door];
	if (door->is_dead) {
		call->repeat_us = door->again_us;
		return;
	}
	if (zsock_send(door->sock, frames + skip, FIXED + call->n_files - skip) < 0) {
		call->repeat_us = now + FULL_US;
		return;
	}
	call->repeat_us = call->may_repeat ? now + call->wait_us : UINT64_MAX;
	call->wait_us = call->wait_us * 2 < LAST_REPEAT_US ? call->wait_us * 2 : LAST_REPEAT_US;
}

static void on_time(void *arg)
{
	struct caller *caller = arg;
	uint64_t now = loop_now_us();
	for (enum door door = DOOR_EVENTS; door <= DOOR_CALL; door++)
		if (caller->door[door].sock)
			connect_door(caller, door); /* tuttid may have come, and its file */
	for (struct call **at = &caller->open, *call; (call = *at);) {
		if (now >= call->deadline_us + GRACE_US) {
			*at = call->next;
			answer(caller, call, TT_CALL_UNKNOWN,
			       STR("{\"message\":\"no answer from tuttid before the deadline\"}"));
			continue;
		}
		if (now >= call->repeat_us)
			send_call(caller, call, now);
		at = &call->next;
	}
	set_timer(caller, now);
}

static struct call *take_asked(struct caller *caller)
{
	pthread_mutex_lock(&caller->lock);
	struct call *list = caller->asked;
	caller->asked = NULL;
	caller->asked_end = &caller->asked;
	pthread_mutex_unlock(&caller->lock);
	return list;
}

static void on_asked(void *arg, int what)
{
	struct caller *caller = arg;
	uint64_t count, now = loop_now_us();
	(void)what;
	ssize_t n = read(caller->fd, &count, sizeof count);
	BUG_ON(n < 0 && errno != EAGAIN);
	for (struct call *call = take_asked(caller), *next; call; call = next) {
		next = call->next;
		call->next = caller->open;
		caller->open = call;
		call->deadline_us = now + (uint64_t)call->deadline_ms * 1000;
		call->wait_us = FIRST_REPEAT_US;
		send_call(caller, call, now);
	}
	set_timer(caller, now);
}

struct caller *caller_new(struct loop *loop, struct str bot, const struct doors *doors,
			  const struct zsock_curve *curve)
{
	struct caller *caller = mem_zero(sizeof *caller);
	caller->loop = loop;
	caller->bot = bot;
	caller->doors = doors;
	caller->json = json_new();
	caller->curve = curve;
	caller->asked_end = &caller->asked;
	caller->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	BUG_ON(caller->fd < 0);
	pthread_mutex_init(&caller->lock, NULL);
	caller->watch = loop_fd_new(loop, caller->fd, LOOP_READ, on_asked, caller);
	caller->timer = loop_timer_new(loop, on_time, caller);
	return caller;
}

void caller_ask(struct caller *caller, struct call *call)
{
	uint64_t one = 1;
	call->next = NULL;
	call->is_done = false;
	pthread_cond_init(&call->done, NULL);
	pthread_mutex_lock(&caller->lock);
	if (caller->is_closed) {
		call->status = TT_CALL_LATE;
		call->is_done = true;
	} else {
		*caller->asked_end = call;
		caller->asked_end = &call->next;
		ssize_t n = write(caller->fd, &one, sizeof one);
		BUG_ON(n != sizeof one);
	}
	while (!call->is_done)
		pthread_cond_wait(&call->done, &caller->lock);
	pthread_mutex_unlock(&caller->lock);
	pthread_cond_destroy(&call->done);
}

static void give_up(struct caller *caller, struct call *list)
{
	for (struct call *next; list; list = next) {
		next = list->next;
		answer(caller, list, TT_CALL_UNKNOWN, STR("{\"message\":\"this bot ends\"}"));
	}
}

void caller_free(struct caller **out)
{
	struct caller *caller = *out;
	if (!caller)
		return;
	pthread_mutex_lock(&caller->lock);
	caller->is_closed = true;
	pthread_mutex_unlock(&caller->lock);
	give_up(caller, take_asked(caller));
	give_up(caller, caller->open);
	for (enum door door = DOOR_LIVE; door <= DOOR_CALL; door++)
		zsock_free(&caller->door[door].sock);
	json_free(caller->json);
	loop_fd_free(&caller->watch);
	loop_timer_free(&caller->timer);
	close(caller->fd);
	pthread_mutex_destroy(&caller->lock);
	free(caller);
	*out = NULL;
}
