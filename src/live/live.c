/* The live role: every event to whoever subscribes, best effort. A process of its own, since libzmq
 * goes through all subscriptions once for every subscriber that leaves, in the thread that owns the
 * door: nobody who needs every event shares it. */
#include "base/bytes.h"
#include "base/log.h"
#include "base/metric.h"
#include "net/doors.h"
#include "net/follow.h"
#include "net/guard.h"
#include "net/role.h"
#include "net/zsock.h"
#include "proto/discord.h"

#include <errno.h>

enum {
	LIVE_MESSAGE = 4 << 10, /* bytes inbound: a subscription */
	LIVE_SEND = 2000,       /* messages queued per subscriber, then its are dropped */
	LIVE_RECEIVE = 1000,
	READ_RECORDS = 512, /* in one go: then others have their turn */
	READ_BYTES = 4 << 20,
	MARK_US = 1000000,
	AGAIN_US = 20000, /* until the address that was let go is free */
};

struct live {
	struct role *role;
	struct guard *guard; /* NULL: no CURVE */
	struct zsock *door;
	struct loop_timer *mark, *again;
	size_t subscriptions; /* without one the journal is not read */

	struct follow follow;
	struct loop_hook *hook;
	struct journal_cursor at; /* the record to publish next */
	struct buf record;
};

/* Whatever lies before it is nobody's any more. */
static void go_to_head(struct live *l)
{
	l->at = journal_head(&l->follow.journal);
	if (l->at.pos == 0)
		follow_damaged(&l->follow, 0);
}

static void opened(void *arg)
{
	go_to_head(arg);
}

static void publish(struct live *l, struct str topic, struct str header, struct str payload)
{
	zsock_send(l->door, (struct str[]){topic, header, payload}, 3);
	metric_add(METRIC_live_sent, 1);
}

static enum journal_got publish_next(struct live *l)
{
	struct wire_header h;
	struct str payload;
	l->record.n = 0;
	enum journal_got got = journal_read(&l->follow.journal, &l->at, &l->record, &h, &payload);
	if (got == JOURNAL_RECORD)
		publish(l, h.topic, str_of(l->record.p + 8, WIRE_HEADER + h.topic.n), payload);
	return got;
}

/* True if there may be more. */
static bool publish_some(struct live *l)
{
	enum journal_got got = JOURNAL_RECORD;
	uint64_t bytes = 0;
	if (!follow_has_journal(&l->follow))
		return false;
	for (size_t i = 0; got == JOURNAL_RECORD && i < READ_RECORDS && bytes < READ_BYTES; i++) {
		got = publish_next(l);
		bytes += l->record.n;
	}
	if (got == JOURNAL_OVERTAKEN) {
		metric_add(METRIC_live_overtaken, 1);
		go_to_head(l);
	} else if (got == JOURNAL_DAMAGED) {
		follow_damaged(&l->follow, l->at.pos);
	}
	return got == JOURNAL_RECORD || got == JOURNAL_OVERTAKEN;
}

static bool turn(void *arg)
{
	struct live *l = arg;
	bool is_wanted = l->subscriptions > 0;
	if (is_wanted && publish_some(l))
		return true;
	if (l->follow.state == FOLLOW_ENDING) {
		follow_next(&l->follow);
		return is_wanted;
	}
	return is_wanted && follow_sleep(&l->follow, l->at);
}

static void send_mark(struct live *l)
{
	struct buf json = {0}, header = {0};
	struct str topic = STR("TUTTI_MARK.0.0.");
	uint64_t head = l->at.pos - 1;
	buf_addf(&json, "{\"head\":%llu,\"tail\":%llu}", (unsigned long long)head,
		 (unsigned long long)journal_tail(&l->follow.journal).pos);
	wire_header_put((uint8_t *)buf_room(&header, WIRE_HEADER),
			&(struct wire_header){.version = WIRE_VERSION,
					      .flags = WIRE_MADE_HERE,
					      .type = EVENT_TUTTI_MARK,
					      .epoch = l->follow.journal.epoch,
					      .pos = head,
					      .received = loop_wall_us(),
					      .crc = crc32c(0, json.p, json.n)});
	header.n = WIRE_HEADER;
	buf_adds(&header, topic);
	publish(l, topic, buf_str(&header), buf_str(&json));
	buf_done(&json);
	buf_done(&header);
}

static void mark(void *arg)
{
	struct live *l = arg;
	if (l->subscriptions == 0)
		return;
	if (l->follow.state == FOLLOW_READING)
		send_mark(l);
	loop_timer_in(l->mark, MARK_US);
}

/* From here on somebody listens. */
static void begin(struct live *l)
{
	follow_look(&l->follow);
	if (follow_has_journal(&l->follow))
		go_to_head(l);
	loop_timer_in(l->mark, MARK_US);
	loop_again(l->role->loop); /* turn() may have had its pass already */
}

/* libzmq says only the first of equal subscriptions and the last of their ends, also for those of a
 * subscriber that went. */
static void came(void *arg, const struct str *frames, size_t n)
{
	struct live *l = arg;
	char what = n == 1 && frames[0].n ? frames[0].p[0] : -1;
	if (what == 1 && l->subscriptions++ == 0)
		begin(l);
	else if (what == 0 && l->subscriptions)
		l->subscriptions--;
	else if (what != 1)
		metric_add(METRIC_live_garbage, 1);
	metric_set(METRIC_live_subscriptions, l->subscriptions);
}

static void too_many_frames(void *arg)
{
	(void)arg;
	metric_add(METRIC_live_garbage, 1);
}

static void endpoint_of(const struct live *l, char out[static DOORS_ENDPOINT])
{
	const struct config *config = l->role->config;
	doors_tcp(out, config->zmq_bind, (unsigned)config->zmq_port, DOOR_LIVE);
}

/* The old listener may still be on its way out. */
static void bind_again(void *arg)
{
	struct live *l = arg;
	char endpoint[DOORS_ENDPOINT];
	struct why why = {0};
	endpoint_of(l, endpoint);
	if (doors_bind_tcp(l->door, DOOR_LIVE, l->role->config, &why) < 0)
		loop_timer_in(l->again, AGAIN_US);
	else
		log_info("live_door_open_again", "endpoint=%s", endpoint);
}

/* Everybody who came in by TCP has to come in again. */
static void guard_changed(void *arg)
{
	struct live *l = arg;
	char endpoint[DOORS_ENDPOINT];
	endpoint_of(l, endpoint);
	zsock_unbind(l->door, endpoint);
	loop_timer_in(l->again, AGAIN_US);
}

static void on_reload(struct role *role)
{
	guard_reload(((struct live *)role->data)->guard);
}

static int start(struct live *l, struct why *why)
{
	struct loop *loop = l->role->loop;
	if (guard_new(&l->guard, loop, l->role->config, guard_changed, l, why) < 0)
		return -EINVAL; /* keys and rights are configuration */
	l->again = loop_timer_new(loop, bind_again, l);
	l->mark = loop_timer_new(loop, mark, l);
	l->door = zsock_new(loop, &(struct zsock_options){.kind = ZSOCK_XPUB,
							  .max_message = LIVE_MESSAGE,
							  .send_high = LIVE_SEND,
							  .receive_high = LIVE_RECEIVE,
							  .fn = came,
							  .arg = l,
							  .curve = guard_curve(l->guard),
							  .domain = "live",
							  .on_garbage = too_many_frames});
	int rc = doors_bind(l->door, DOOR_LIVE, l->role->run_dir, l->role->config, why);
	if (rc < 0)
		return rc;
	l->hook = loop_hook_new(loop, turn, l);
	return follow_start(&l->follow,
			    &(struct follow_options){.loop = loop,
						     .dir = l->role->journal_dir,
						     .reader = BELL_LIVE,
						     .opened = opened,
						     .arg = l},
			    why);
}

/* Without zsock_end(): it waits until libzmq has gone through all subscriptions for each subscriber,
 * seconds for thousands, and nothing that is queued here is worth it. */
static void stop(struct live *l)
{
	follow_stop(&l->follow);
	loop_hook_free(&l->hook);
	zsock_free(&l->door);
	loop_timer_free(&l->mark);
	loop_timer_free(&l->again);
	guard_free(&l->guard);
	buf_done(&l->record);
}

int live_main(struct role *role)
{
	struct live l = {.role = role};
	struct why why = {0};
	int rc = start(&l, &why);
	if (rc == 0) {
		role->data = &l;
		role->on_reload = l.guard ? on_reload : NULL;
		role_ready(role);
		loop_run(role->loop);
		role->on_reload = NULL;
	} else {
		log_error("live_cannot_start", "reason=%s", log_quote(str_c(why.text)));
	}
	stop(&l);
	return rc < 0 ? role_status(rc) : 0;
}
