/* bus/peer.h: one connection on the events door: what it may be sent next. Pure.
 *
 *     while (peer_has_credit(p, limit) && ... next record ...)
 *             if (filter_wants(&p->filter, &what)) peer_sent(p, bytes, next);
 *             else peer_skipped(p, next);
 *
 * Credit: an event goes while fewer than `window` are unfinished and their bytes are below the
 * limit, or when nothing at all is unfinished: so one event of any size always goes, alone.
 * Memory: O(window), until peer_free().
 */
#ifndef BUS_PEER_H
#define BUS_PEER_H

#include "bus/filter.h"
#include "proto/journal.h"

enum {
	PEER_MARK_POSITIONS = 4096, /* skipped, after which an M goes */
	PEER_MARK_US = 1000000, /* without a word from us, after which an M goes: the heartbeat */
	PEER_FORGET_US = 15000000, /* without a word from the peer */
	PEER_LEAVE_US = 1000000,   /* given to one that was asked to make room */
	PEER_BYTES = 1 << 20,      /* unfinished, where memory is not short */
	PEER_BYTES_MIN = 64 << 10, /* ... and with thousands of connections */
};

enum peer_state {
	PEER_WAITING, /* opened before there is a journal */
	PEER_HELD,    /* until another process of its identity has left */
	PEER_SERVED,
	PEER_LEAVING, /* was asked to make room: gets nothing more */
	PEER_GONE,    /* to be freed */
};

struct known_bot;

struct peer {
	struct peer *hash_next;  /* peers.c's */
	struct str id;           /* ZeroMQ's identity of the connection */
	struct str bot;          /* name; with part and parts the bot's identity */
	char key[ALLOW_KEY];     /* that its connection proved; rights: filter.rights */
	struct known_bot *known; /* what else is known of the bot; NULL until it is served */
	struct filter filter;
	enum peer_state state;
	enum wire_from from; /* as asked, until it is served */
	bool or_tail;
	uint64_t asked_epoch, asked_pos;
	uint64_t process, attempt; /* 0: not said */

	struct journal_cursor at; /* the record to look at next */
	uint64_t told;            /* the bot knows that up to here nothing is missing */
	uint64_t commit;          /* everything up to it is finished */
	bool is_gap_due;          /* another epoch was told, and it has committed nothing since */
	uint64_t old_to;          /* events up to here are flagged WIRE_OLD */
	uint64_t seen_to;         /* ... and up to here WIRE_REDELIVERED */

	unsigned window;
	uint64_t sent, done;         /* events */
	uint64_t dead;               /* of these, set aside after three crashes */
	uint64_t bytes;              /* of the unfinished */
	uint32_t *sizes, sizes_mask; /* of each unfinished event: a ring */

	uint64_t heard_us, spoke_us; /* last word from and to it */
	uint64_t leave_us;           /* PEER_LEAVING, PEER_HELD: patience ends */
};

struct peer *peer_new(struct str id, const struct wire_open *open, uint64_t now_us);
void peer_free(struct peer **peer);

/* The same bot and part. */
bool peer_is_same_bot(const struct peer *p, const struct peer *other);

/* Delivery starts at the record `at`; head and seen_to decide the flags. Up to finished the bot has
 * said so: what a gap between it and `at` tells is committed when the bot does. */
void peer_start(struct peer *p, struct journal_cursor at, uint64_t finished, uint64_t head,
		uint64_t seen_to);

/* Bytes that each of n connections may have unfinished, out of what all may have. */
uint64_t peer_limit(size_t n, uint64_t all);
bool peer_has_credit(const struct peer *p, uint64_t limit);
/* The flags that an event at pos carries for this connection beside its own. */
uint8_t peer_flags(const struct peer *p, uint64_t pos);

/* The record at p->at goes to the peer, or does not concern it; next is the one after it. */
void peer_sent(struct peer *p, size_t bytes, struct journal_cursor next);
void peer_skipped(struct peer *p, struct journal_cursor next);
/* Delivery goes on at `to`, told by a G. How many positions lie between. */
uint64_t peer_jumped(struct peer *p, struct journal_cursor to);
/* What was sent has left, in one message. */
void peer_spoke(struct peer *p, uint64_t now_us);

/* The peer's A; done beyond what was sent counts as all of it, and neither number goes back.
 * True if the peer can be sent more than before. */
bool peer_ack(struct peer *p, uint64_t done, uint64_t commit);

/* An M is due for what was skipped. */
bool peer_owes_mark(const struct peer *p);
/* The newest position an M may name. */
uint64_t peer_mark(const struct peer *p);
/* When the next thing that only time brings is due; what it is: peer_is_forgotten() and so on. */
uint64_t peer_due_us(const struct peer *p);
bool peer_is_silent(const struct peer *p, uint64_t now_us);    /* we are: an M is due */
bool peer_is_forgotten(const struct peer *p, uint64_t now_us); /* the peer is: drop it */
/* For late_us until now nobody listened to it: not counted as its silence, and a mark's time is left
 * for what it said meanwhile to be read. */
void peer_unheard(struct peer *p, uint64_t now_us, uint64_t late_us);

/* What an O means for the one that is connected under the same identity. */
enum peer_takeover {
	TAKE_NOT,  /* the newcomer is an older connection of the same process: drop it */
	TAKE_OWN,  /* the old one is: drop it, without a word; serve the newcomer */
	TAKE_NOW,  /* serve the newcomer; the old one gets X 409 */
	TAKE_SOON, /* ask the old one with C, hold the newcomer */
};
enum peer_takeover peer_takeover(const struct peer *old, const struct peer *newcomer);

#endif
