/* proto/journal.h: the ring between the gateway and its readers; the record is the event and the resume cursor.
 *
 *     writer (gateway):   journal_open_write -> journal_append ... -> journal_close
 *     reader (bus, live): journal_open_read  -> journal_read ...   -> journal_close
 *
 * One writer, any number of readers that take no lock and cost it nothing. The data is mapped twice
 * in a row, so a record is always contiguous. Offsets are logical: they only grow. Layout, commit
 * rule and recovery: docs/journal.md.
 * Memory:  nothing outside journal.c holds a pointer into the mapping: journal_read copies.
 * Threads: a struct journal belongs to one thread; writer and readers may be anywhere.
 */
#ifndef PROTO_JOURNAL_H
#define PROTO_JOURNAL_H

#include "base/mapped.h"
#include "proto/wire.h"

struct journal {
	struct mapped file;
	uint64_t size; /* data bytes, a power of two */
	uint64_t epoch;
	uint64_t last_pos;    /* writer: of the newest record; 0: none in this epoch */
	uint64_t incarnation; /* writer: openings for writing, this one included */
	uint32_t shards;      /* slots held, at least those asked for */
	bool is_new;          /* writer: a new epoch began at open; why says the reason */
	struct {
		uint16_t type;
		uint32_t shard, session;
	} found; /* writer: the newest record, as it was opened; type 0: none, or of no number */
	bool are_slots_good; /* writer, while it opens one whose records are damaged */
	struct why reason;
};

struct journal_options {
	const char *dir; /* holds journal and bell */
	uint64_t size;   /* power of two, at least 64 KiB and 8 x max_event */
	uint64_t max_event;
	uint32_t shards;
	uint64_t now_ms; /* since 1970: the epoch, if a new one begins; made larger than the old */
	uint8_t id[16];  /* of the sessions file; another id in the journal: a new epoch */
	uint8_t boot_id[16]; /* of this boot of the host */
};

/* Makes dir if it is missing. -EWOULDBLOCK: another writer holds it. -EINVAL: the size is none. A
 * damaged, missing, resized or foreign journal becomes a new epoch, the old file kept as
 * journal.bad. */
TT_CHECK int journal_open_write(struct journal *j, const struct journal_options *options,
				struct why *why);
/* -ENOENT: no journal yet. -EBADMSG: a file that is none. */
TT_CHECK int journal_open_read(struct journal *j, const char *dir, struct why *why);
/* Gives the name journal.bad to the journal there. -ENOENT: there is none. */
TT_CHECK int journal_put_aside(const char *dir, struct why *why);
/* Writer: with is_clean the file is marked as closed in order. */
void journal_close(struct journal *j, bool is_clean);

/* Commits one event. Takes type, shard, received, session, s, guild_id, flags and topic from h, and
 * fills in epoch, pos, crc. Afterwards the shard's slot holds session << 32 | s (where s is not 0).
 * -EMSGSIZE: larger than a quarter of the ring; nothing was written. Never blocks. */
TT_CHECK int journal_append(struct journal *j, struct wire_header *h, struct str payload);

/* The low 16 bits of the session << 32 | s of a shard, as of the newest record; 0: there was none, or
 * the slot is damaged. */
uint64_t journal_slot(const struct journal *j, uint32_t shard);
/* Sets it without an event: a new session begins (s 0). */
void journal_slot_set(struct journal *j, uint32_t shard, uint64_t value);

struct journal_cursor {
	uint64_t offset; /* logical, of the record to read next */
	uint64_t pos;    /* that record's position */
};

enum journal_got {
	JOURNAL_NOTHING, /* at the head */
	JOURNAL_RECORD,
	JOURNAL_OVERTAKEN, /* the writer took it back: the cursor stands at the tail now */
	JOURNAL_DAMAGED, /* bytes that no writer wrote, and no end to them: it has to begin anew */
};

/* A damaged record comes as TUTTI_SKIPPED, made up in its place, as long as one behind it is whole.
 * Copies the record at the cursor behind out->n as it stands in an E (u32, u32, header and topic,
 * payload) and moves the cursor on. header and payload, where not NULL, describe the copy; they
 * point into out. */
TT_CHECK enum journal_got journal_read(struct journal *j, struct journal_cursor *at,
				       struct buf *out, struct wire_header *h, struct str *payload);

/* The oldest record, and the place behind the newest. An empty journal: both the same. pos 0: the
 * bytes there are damaged, as journal_read() will say. */
struct journal_cursor journal_tail(struct journal *j);
struct journal_cursor journal_head(struct journal *j);

/* True where the file at dir is another than the one mapped: read this one to its end, then open
 * again. */
bool journal_is_replaced(const struct journal *j, const char *dir);

#endif
