/* proto/wire.h: what travels between tuttid and bots (docs/wire.md), packed and unpacked.
 *
 * Pure: bytes in, bytes out. Every length is checked before it is believed: the bytes may come from
 * anyone. Integers are little-endian.
 */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include "base/why.h"
#include "proto/crc32c.h"

enum {
	WIRE_VERSION = 1,
	WIRE_HEADER = 56,         /* bytes before the topic */
	WIRE_TOPIC_MAX = 128,     /* bytes */
	WIRE_TOPICS_MAX = 512,    /* in one O */
	WIRE_WINDOW_MAX = 4096,   /* events */
	WIRE_WINDOW = 512,        /* events, where O names none */
	WIRE_BATCH_EVENTS = 64,   /* in one E */
	WIRE_BATCH_BYTES = 65536, /* after which an E is closed */
	WIRE_BOT_MAX = 64,        /* bytes of a bot's name */
	WIRE_PARTS_MAX = 4096,    /* n of part [i, n] */
};

enum wire_flag {
	WIRE_REDELIVERED = 1,     /* a process of this bot may have seen it */
	WIRE_OLD = 2,             /* older than this connection: from the journal */
	WIRE_MADE_HERE = 4,       /* by tuttid, not by Discord */
	WIRE_DISCORD_REPLAYED = 8 /* after RESUME */
};

struct wire_header {
	uint8_t version, flags;
	uint16_t type; /* enum event_number, 0: see topic */
	uint32_t shard;
	uint64_t epoch; /* of the journal */
	uint64_t pos;
	uint64_t received; /* microseconds since 1970 at the gateway */
	uint32_t session;  /* counts the shard's IDENTIFYs */
	uint32_t s;        /* Discord's sequence, 0 in events made here */
	uint64_t guild_id; /* 0: direct message */
	uint32_t crc;      /* CRC-32C of the payload */
	struct str topic;  /* borrowed */
};

/* Writes WIRE_HEADER bytes; the topic goes behind them by itself. */
void wire_header_put(uint8_t out[static WIRE_HEADER], const struct wire_header *h);
/* Header and topic of one frame; -EBADMSG where too short, of another version, or topic too long.
 */
TT_CHECK int wire_header_get(struct wire_header *h, struct str frame);

/* "EVENT.<guild>.<channel>." Returns its length; 0 where the name is empty, too long, or has a dot
 * or a byte below '!'. */
size_t wire_topic(char out[static WIRE_TOPIC_MAX], struct str event, uint64_t guild_id,
		  uint64_t channel_id);
/* The parts again: false if it is not a topic. channel is 0 where absent. */
bool wire_topic_split(struct str topic, struct str *event, uint64_t *guild_id,
		      uint64_t *channel_id);

/* One record at the front of an E's frame: u32 header length, u32 payload length, header, payload.
 * 1 and the record cut off *rest; 0 at the end; -EBADMSG. */
TT_CHECK int wire_record_next(struct str *rest, struct wire_header *h, struct str *payload);
/* Appends one; the header's length is told by h's topic. */
void wire_record_add(struct buf *out, const struct wire_header *h, struct str payload);
/* Bytes that a record takes in an E. */
static inline size_t wire_record_size(size_t header, size_t payload)
{
	return 8 + header + payload;
}

/* Which of n parts an event belongs to: (id >> 22) % n, id = guild, else channel, else 0. */
unsigned wire_part(uint64_t guild_id, uint64_t channel_id, unsigned n);

/* A bot's name: 1 to WIRE_BOT_MAX of A-Z a-z 0-9 . _ - */
bool wire_is_bot(struct str name);

/* What a bot asks for with O. Borrowed from the JSON parser that read it. A from of "cursor"
 * without an epoch is read as "head", and so is no from at all unless there is an epoch. */
struct wire_open {
	struct str bot; /* 1 to 64 letters, digits, "._-" */
	uint64_t epoch, pos;
	uint64_t process, attempt; /* of whom, and its how manieth O; 0: not said */
	unsigned window;           /* clamped to 1..WIRE_WINDOW_MAX */
	unsigned part, parts;      /* part i of n */
	enum wire_from { WIRE_FROM_CURSOR, WIRE_FROM_HEAD, WIRE_FROM_TAIL, WIRE_FROM_COMMIT } from;
	bool or_tail; /* where a commit is asked for and there is none: the tail, not the head */
	struct str topics[WIRE_TOPICS_MAX]; /* prefixes */
	size_t n_topics;                    /* 0: everything */
};
/* "cursor", "head", "tail", "commit". */
struct str wire_from_name(enum wire_from from);
bool wire_from_by_name(struct str name, enum wire_from *out);
struct json;
/* code: 400 malformed or 426 version, for X, with the sentence in why. 0 when read. */
TT_CHECK int wire_open_read(struct wire_open *open, struct json *json, struct str text, int *code,
			    struct why *why);
void wire_open_write(struct buf *out, const struct wire_open *open);

/* What the bus answers with W. */
struct wire_welcome {
	uint64_t epoch, pos, head, tail;
	uint64_t commit; /* that the bus knows of this identity in this epoch; 0: none */
	unsigned window, shards;
	uint64_t application_id, user_id; /* 0 until READY was seen */
	uint32_t intents;
	struct str gateway; /* a name for people */
};
TT_CHECK int wire_welcome_read(struct wire_welcome *welcome, struct json *json, struct str text,
			       struct why *why);
void wire_welcome_write(struct buf *out, const struct wire_welcome *welcome);

/* What the bus says with G: from..to are gone. */
struct wire_gap {
	uint64_t from, to, epoch;
	bool is_epoch; /* why: "epoch", else "horizon" */
};
TT_CHECK int wire_gap_read(struct wire_gap *gap, struct json *json, struct str text,
			   struct why *why);
void wire_gap_write(struct buf *out, const struct wire_gap *gap);

/* Statuses of a call that are not Discord's. */
enum {
	STATUS_UNKNOWN = 0,  /* the request may have been obeyed */
	STATUS_TOO_LATE = 1, /* it was not, and the deadline has passed or is out of reach */
	STATUS_REFUSED = 2,  /* bad route, parameter or body; or Discord refuses the token */
	STATUS_NO_RIGHT = 3,
	STATUS_FULL = 4,
	STATUS_OTHER_BODY = 5,
};

#endif
