/* The live door: every event to whoever subscribes, best effort. */
#include "bus/bus.h"

#include "base/bytes.h"
#include "base/log.h"
#include "base/metric.h"
#include "proto/discord.h"

enum {
	LIVE_MESSAGE = 4 << 10, /* bytes inbound: a subscription */
	LIVE_SEND = 2000,       /* messages queued per subscriber, then its are dropped */
	LIVE_RECEIVE = 1000,
	MARK_US = 1000000,
	AGAIN_US = 20000, /* until the address that was let go is free */
};

void live_publish(struct bus *b, const struct window_record *r)
{
	struct str header, payload;
	if (b->subscriptions == 0)
		return;
	window_split(window_bytes(r), &header, &payload);
	struct str topic = str_of(header.p + WIRE_HEADER, header.n - WIRE_HEADER);
	zsock_send(b->live, (struct str[]){topic, header, payload}, 3);
	metric_add(METRIC_bus_live_sent, 1);
}

static void send_mark(struct bus *b)
{
	struct buf json = {0}, header = {0};
	struct str topic = STR("TUTTI_MARK.0.0.");
	buf_addf(&json, "{\"head\":%llu,\"tail\":%llu}", (unsigned long long)source_head(b),
		 (unsigned long long)source_tail(b));
	wire_header_put((uint8_t *)buf_room(&header, WIRE_HEADER),
			&(struct wire_header){.version = WIRE_VERSION,
					      .flags = WIRE_MADE_HERE,
					      .type = EVENT_TUTTI_MARK,
					      .epoch = b->journal.epoch,
					      .pos = source_head(b),
					      .received = loop_wall_us(),
					      .crc = crc32c(0, json.p, json.n)});
	header.n = WIRE_HEADER;
	buf_adds(&header, topic);
	zsock_send(b->live, (struct str[]){topic, buf_str(&header), buf_str(&json)}, 3);
	metric_add(METRIC_bus_live_sent, 1);
	buf_done(&json);
	buf_done(&header);
}

static void mark(void *arg)
{
	struct bus *b = arg;
	if (b->subscriptions == 0)
		return;
	if (b->source == SOURCE_LIVE)
		send_mark(b);
	loop_timer_in(b->mark, MARK_US);
}

/* libzmq says only the first of equal subscriptions and the last of their ends, also for those of a
 * subscriber that went. */
static void came(void *arg, const struct str *frames, size_t n)
{
	struct bus *b = arg;
	char what = n == 1 && frames[0].n ? frames[0].p[0] : -1;
	if (what == 1 && b->subscriptions++ == 0)
		loop_timer_in(b->mark, MARK_US);
	else if (what == 0 && b->subscriptions)
		b->subscriptions--;
	else if (what != 1)
		metric_add(METRIC_bus_garbage, 1);
}

static void too_many_frames(void *arg)
{
	(void)arg;
	metric_add(METRIC_bus_garbage, 1);
}

/* The old listener may still be on its way out. */
static void bind_again(void *arg)
{
	struct bus *b = arg;
	char endpoint[DOORS_ENDPOINT];
	struct why why = {0};
	bus_tcp(b, endpoint, DOOR_LIVE);
	if (zsock_bind(b->live, endpoint, &why) < 0)
		loop_timer_in(b->live_again, AGAIN_US);
	else
		log_info("live_door_open_again", "endpoint=%s", endpoint);
}

void live_cut(struct bus *b)
{
	char endpoint[DOORS_ENDPOINT];
	if (!b->role->config->zmq_port)
		return;
	bus_tcp(b, endpoint, DOOR_LIVE);
	zsock_unbind(b->live, endpoint);
	loop_timer_in(b->live_again, AGAIN_US);
}

void live_start(struct bus *b)
{
	b->live_again = loop_timer_new(b->loop, bind_again, b);
	b->mark = loop_timer_new(b->loop, mark, b);
	b->live = zsock_new(b->loop, &(struct zsock_options){.kind = ZSOCK_XPUB,
							     .max_message = LIVE_MESSAGE,
							     .send_high = LIVE_SEND,
							     .receive_high = LIVE_RECEIVE,
							     .fn = came,
							     .arg = b,
							     .curve = guard_curve(b->guard),
							     .domain = "live",
							     .on_garbage = too_many_frames});
}

void live_stop(struct bus *b)
{
	zsock_free(&b->live);
	loop_timer_free(&b->mark);
	loop_timer_free(&b->live_again);
}
