/* Who is served: two processes of one identity, and where delivery starts. */
#include "bus/bus.h"

#include "base/log.h"
#include "base/metric.h"
#include "proto/discord.h"

static struct start_ask ask_of(const struct peer *p, const struct known_bot *known)
{
	return (struct start_ask){.from = p->from,
				  .or_tail = p->or_tail,
				  .epoch = p->asked_epoch,
				  .pos = p->asked_pos,
				  .commit_epoch = known ? known->epoch : 0,
				  .commit_pos = known ? known->commit : 0};
}

/* NULL where the bot was never heard of, neither by this process nor by one before. */
static const struct known_bot *recall(struct bus *b, const struct peer *p)
{
	struct commit_id id = {p->bot, p->filter.part, p->filter.parts};
	struct known_bot *known = known_find(&b->known, id.bot, id.part, id.parts);
	uint64_t epoch, pos;
	if (known || !commits_get(&b->commits, id, &epoch, &pos))
		return known;
	known = known_get(&b->known, id.bot, id.part, id.parts);
	known_commit(known, epoch, pos);
	return known;
}

/* For bots of any language; libtutti says it at the bot, too. */
static void say_absent(struct bus *b, const struct peer *p)
{
	struct buf needed = {0};
	for (size_t i = 0; i < p->filter.n; i++) {
		struct str rest = p->filter.prefixes[i], event = str_cut(&rest, '.');
		if (event_is_brought(event, b->intents))
			continue;
		needed.n = 0;
		event_intents_say(&needed, event);
		pace_log(&b->said, loop_now_us(), LOG_WARN, "event_never_comes",
			 "bot=%.*s event=%.*s note=\"add %.*s to discord.intents\"",
			 STR_FMT(p->bot), STR_FMT(event), STR_FMT(buf_str(&needed)));
	}
	buf_done(&needed);
}

static void serve(struct bus *b, struct peer *p)
{
	const struct known_bot *known = recall(b, p);
	struct start_ask ask = ask_of(p, known);
	struct start_journal journal = {b->follow.journal.epoch, source_tail(b), source_head(b)};
	struct start start = start_at(&ask, &journal);
	uint64_t sent_to = known && known->epoch == journal.epoch ? known->sent_to : 0;
	struct journal_cursor at;
	bool is_there = window_seek(&b->window, &b->follow.journal, start.next, &at);
	bool is_epoch = start.has_gap && start.gap.is_epoch;
	peer_start(p, at, is_epoch ? 0 : start.pos, journal.head,
		   start_seen_to(&ask, known, sent_to, journal.head));
	p->is_gap_due = is_epoch; /* a kill before it is heard: it is told again */
	p->known = known_get(&b->known, p->bot, p->filter.part, p->filter.parts);
	p->known->connections++;
	pace_log(&b->said, loop_now_us(), LOG_INFO, "bot_open",
		 "bot=%.*s part=%u/%u from=%.*s pos=%llu", STR_FMT(p->bot), p->filter.part,
		 p->filter.parts, STR_FMT(wire_from_name(p->from)), (unsigned long long)start.pos);
	say_absent(b, p);
	metric_add(METRIC_bus_opens, 1);
	say_welcome(b, p, start.pos);
	if (start.has_gap)
		say_gap(b, p, &start.gap);
	/* the writer took more between the look at the tail and the search */
	if (!is_there && at.pos > start.next)
		say_gap(b, p,
			&(struct wire_gap){
				.from = start.next, .to = at.pos - 1, .epoch = journal.epoch});
	door_commit(b, p);
}

void takeover_end(struct bus *b, struct peer *old)
{
	say_refused(b, old->id, 409, "taken over by another process of this bot");
	log_info("bot_taken_over", "bot=%.*s part=%u/%u", STR_FMT(old->bot), old->filter.part,
		 old->filter.parts);
	metric_add(METRIC_bus_takeovers, 1);
	door_drop(b, old, NULL);
}

/* True if the newcomer must wait for this one. */
static bool make_room(struct bus *b, struct peer *old, const struct peer *newcomer, uint64_t now_us)
{
	enum peer_takeover how = peer_takeover(old, newcomer);
	if (how != TAKE_OWN && old->known)
		known_replace(old->known, old->process);
	if (how == TAKE_OWN)
		door_drop(b, old, "opened_again");
	else if (how == TAKE_NOW)
		takeover_end(b, old);
	if (how != TAKE_SOON)
		return false;
	if (old->state == PEER_SERVED) {
		old->state = PEER_LEAVING;
		old->leave_us = now_us + PEER_LEAVE_US;
		say_leave(b, old);
	}
	return old->state == PEER_LEAVING;
}

/* An O that was under way while its process gave up waiting and opened the next. */
static bool is_stale(struct bus *b, const struct peer *p)
{
	struct peer *old;
	for (size_t i = 0; (old = peers_next_same(&b->peers, p, &i));)
		if (peer_takeover(old, p) == TAKE_NOT)
			return true;
	return false;
}

/* It was cut off when another process took over: it is not to take over from that one. */
static bool is_replaced(struct bus *b, const struct peer *p)
{
	const struct known_bot *known =
		known_find(&b->known, p->bot, p->filter.part, p->filter.parts);
	return known && known_is_replaced(known, p->process);
}

void takeover_admit(struct bus *b, struct peer *p)
{
	struct peer *old;
	bool must_wait = false;
	if (is_replaced(b, p)) {
		say_refused(b, p->id, 409, "taken over by another process of this bot");
		door_drop(b, p, "replaced");
		return;
	}
	if (is_stale(b, p)) {
		say_unknown(b, p->id);
		door_drop(b, p, "stale");
		return;
	}
	for (size_t i = 0; (old = peers_next_same(&b->peers, p, &i));)
		must_wait |= make_room(b, old, p, loop_now_us());
	if (!must_wait) {
		serve(b, p);
		return;
	}
	p->state = PEER_HELD;
	p->leave_us = loop_now_us() + PEER_LEAVE_US;
	b->held++;
}

static bool is_alone(const struct bus *b, const struct peer *p)
{
	size_t i = 0;
	return !peers_next_same(&b->peers, p, &i);
}

void takeover_release(struct bus *b)
{
	for (size_t i = 0; b->held && i < b->peers.n; i++) {
		struct peer *p = b->peers.list[i];
		if (p->state == PEER_HELD && is_alone(b, p)) {
			b->held--;
			serve(b, p);
		}
	}
}
