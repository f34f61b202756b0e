/* A gateway without Discord: writes a journal as it is told, line by line on stdin.
 *
 *     journal_writer DIR SIZE [EPOCH]
 *
 *     add COUNT EVENT GUILD CHANNEL BYTES         answers "at POS EPOCH"
 *     pace RATE COUNT EVENT GUILD CHANNEL BYTES   the same, RATE a second, one bell per event
 *     ready APPLICATION USER                      a READY as the gateway writes it
 *     new                                         another journal in its place
 *     quit                                        closed in order
 *
 * A payload is {"n":POS,"us":MICROSECONDS SINCE 1970,"pad":"aaa..."} of BYTES bytes (at least what
 * the numbers take).
 */
#include "proto/bell.h"
#include "proto/discord.h"
#include "proto/journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct writer {
	struct journal journal;
	struct bells bells;
	struct journal_options options;
	struct buf payload;
	uint32_t s;
};

static uint64_t now_us(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void die(const struct why *why)
{
	fprintf(stderr, "journal_writer: %s\n", why->text);
	exit(1);
}

static void append(struct writer *w, struct str event, uint64_t guild, uint64_t channel,
		   struct str payload)
{
	char topic[WIRE_TOPIC_MAX];
	const struct event_info *info = event_by_name(event);
	bool is_own = info && info->is_own;
	struct wire_header h = {.type = info ? info->number : 0,
				.flags = is_own ? WIRE_MADE_HERE : 0,
				.received = now_us(CLOCK_REALTIME),
				.session = 1,
				.s = is_own ? 0 : ++w->s,
				.guild_id = guild};
	h.topic = str_of(topic, wire_topic(topic, event, guild, channel));
	if (journal_append(&w->journal, &h, payload) < 0)
		die(&(struct why){.text = "event too large"});
}

struct plan {
	uint64_t rate, count, guild, channel, bytes;
	char event[64];
};

static void add_one(struct writer *w, const struct plan *plan)
{
	struct buf *b = &w->payload;
	b->n = 0;
	buf_addf(b, "{\"n\":%" PRIu64 ",\"us\":%" PRIu64 ",\"pad\":\"", w->journal.last_pos + 1,
		 now_us(CLOCK_REALTIME));
	size_t pad = plan->bytes > b->n + 2 ? plan->bytes - b->n - 2 : 0;
	memset(buf_room(b, pad), 'a', pad);
	b->n += pad;
	buf_adds(b, STR("\"}"));
	append(w, str_c(plan->event), plan->guild, plan->channel, buf_str(b));
}

/* Sleeps to each due time; what is late is made up for at once. */
static void add(struct writer *w, const struct plan *plan)
{
	uint64_t start = now_us(CLOCK_MONOTONIC);
	for (uint64_t i = 0; i < plan->count; i++) {
		uint64_t due = plan->rate ? start + i * 1000000 / plan->rate : 0;
		uint64_t now = now_us(CLOCK_MONOTONIC);
		if (due > now)
			usleep((useconds_t)(due - now));
		add_one(w, plan);
		if (plan->rate || i % 256 == 255)
			bells_ring(&w->bells);
	}
	bells_ring(&w->bells);
}

static void open_journal(struct writer *w)
{
	struct why why;
	if (journal_open_write(&w->journal, &w->options, &why) < 0)
		die(&why);
	bells_ring(&w->bells);
}

static void replace_journal(struct writer *w)
{
	char path[4096];
	journal_close(&w->journal, true);
	snprintf(path, sizeof path, "%s/journal", w->options.dir);
	unlink(path);
	w->options.now_ms++;
	open_journal(w);
}

/* False: not understood. */
static bool obey(struct writer *w, const char *line)
{
	struct plan plan = {0};
	uint64_t application, user;
	if (sscanf(line, "add %" SCNu64 " %63s %" SCNu64 " %" SCNu64 " %" SCNu64, &plan.count,
		   plan.event, &plan.guild, &plan.channel, &plan.bytes) == 5 ||
	    sscanf(line, "pace %" SCNu64 " %" SCNu64 " %63s %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &plan.rate, &plan.count, plan.event, &plan.guild, &plan.channel,
		   &plan.bytes) == 6) {
		add(w, &plan);
	} else if (sscanf(line, "ready %" SCNu64 " %" SCNu64, &application, &user) == 2) {
		w->payload.n = 0;
		buf_addf(&w->payload,
			 "{\"v\":10,\"user\":{\"id\":\"%" PRIu64
			 "\"},\"application\":{\"id\":\"%" PRIu64 "\"}}",
			 user, application);
		append(w, STR("READY"), 0, 0, buf_str(&w->payload));
		bells_ring(&w->bells);
	} else if (!strcmp(line, "new\n")) {
		replace_journal(w);
	} else {
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct writer w = {0};
	struct why why;
	uint64_t size, epoch = 1;
	char *line = NULL;
	size_t cap = 0;
	if (argc < 3 || !str_to_u64(str_c(argv[2]), &size) ||
	    (argc > 3 && !str_to_u64(str_c(argv[3]), &epoch))) {
		fprintf(stderr, "usage: journal_writer DIR SIZE [EPOCH]\n");
		return 64;
	}
	w.options = (struct journal_options){
		.dir = argv[1], .size = size, .max_event = size / 8, .shards = 1, .now_ms = epoch};
	if (bells_open(&w.bells, argv[1], &why) < 0)
		die(&why);
	open_journal(&w);
	while (getline(&line, &cap, stdin) > 0 && strcmp(line, "quit\n") != 0) {
		if (obey(&w, line))
			printf("at %" PRIu64 " %" PRIu64 "\n", w.journal.last_pos, w.journal.epoch);
		else
			printf("not understood\n");
		fflush(stdout);
	}
	journal_close(&w.journal, true);
	bells_close(&w.bells);
	buf_done(&w.payload);
	free(line);
	return 0;
}
