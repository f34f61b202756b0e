/* proto/session.h: one shard's connection to Discord's gateway as a table (session.def).
 *
 *     session_init(&s, &options, &resume);                 // resume: from the sessions file, or
 * NULL session_feed(&s, now, &(struct session_input){.kind = SESSION_START}); while
 * (session_next(&s, &action)) switch (action.kind) ...     // after every feed, at once
 *     loop_timer_in(timer, session_due_us(&s) - now);      // then: session_feed(SESSION_TIMER)
 *
 * Pure: what happened and now go in, what is to be done comes out. Every rule of the connection is
 * here or in the table: heartbeats with jitter and their ACKs, op 1, 7, 9, close codes, resume,
 * identify slots, deadlines, back-off, send limits. The picture: docs/session.md.
 *
 * What the caller keeps:
 *  - All actions are carried out in order before the next feed; action texts die then.
 *  - After SESSION_CLOSE the connection is gone for the machine: send the close frame, close the
 *    socket without waiting for an answer, feed nothing more of it.
 *  - Before feeding a due SESSION_TIMER, read what is readable: an ACK may be waiting in the
 * socket. (The machine also gives a late ACK SESSION_GRACE_US.)
 *  - SESSION_ASK_SLOT: feed SESSION_SLOT when an identify may be sent (5 s per key, quota). A shard
 *    whose state is not SESSION_WAITING any more needs it no longer: ask session_wants_slot()
 * first.
 *  - After SESSION_NEW and before the SESSION_PUBLISH behind it: write the session down.
 *  - The token is passed to session_write() when bytes are needed; the machine never has it.
 *
 * Memory: a struct session is one allocation of the caller, about 4 KiB, with no pointers to free.
 */
#ifndef PROTO_SESSION_H
#define PROTO_SESSION_H

#include "proto/envelope.h"

enum {
	SESSION_SEND_MAX = 4096,  /* bytes of one payload */
	SESSION_SENDS = 120,      /* per SESSION_WINDOW_US and connection */
	SESSION_PRESENCES = 5,    /* op 3 per 20 s */
	SESSION_ACTIONS = 16,     /* at most out of one feed */
	SESSION_POISON_TRIES = 3, /* a payload that breaks us at the same s: then it is skipped */
	SESSION_READIES = 2,      /* of a connection: the one that is due, and one that is not */
	SESSION_STRAYS = 3,       /* events in a row whose s is not above the last: then a resume */
	SESSION_RESUME_TRIES = 6, /* resumes sent without one event back: then a new session */
	SESSION_CLOSE_KEEP = 4000,   /* our close code: the session stays */
	SESSION_CLOSE_LOGOUT = 1000, /* our close code: the bot goes offline at once */
	SESSION_GRACE_US = 100 * 1000
};
/* A second more than Discord's minute: what leaves evenly may arrive in a heap. */
#define SESSION_WINDOW_US          61000000u
#define SESSION_NEVER              UINT64_MAX
/* Of a Retry-After that is obeyed. */
#define SESSION_RETRY_AFTER_MAX_US 3600000000u

#define STATE(NAME, text) SESSION_##NAME,
enum session_state {
#include "proto/session.def"
	SESSION_STATES
};

/* What happens, seen by the table. The caller feeds enum session_input_kind; the machine tells
 * which of these it is. */
#define EVENT(NAME, text) ON_##NAME,
enum session_event {
#include "proto/session.def"
	SESSION_EVENTS
};

enum session_input_kind {
	SESSION_START,     /* connect */
	SESSION_CONNECTED, /* TCP, TLS and the WebSocket handshake are done */
	SESSION_FAILED,    /* they are not; .code: HTTP status of a refused upgrade, else 0;
			    * .retry_after_us: as it asks for; 0: it does not */
	SESSION_PAYLOAD,   /* .envelope: one event; .ready; .too_large: only its front was read */
	SESSION_BROKEN, /* bytes that are no frame, do not inflate; .is_stream: nothing after them
			 * can be read. Also a payload that is no JSON (is_stream false) */
	SESSION_CLOSED, /* by the peer or the network; .code: close code, 0 where none came */
	SESSION_TIMER,  /* session_due_us() has come; early or late is fine */
	SESSION_SLOT,   /* an identify may be sent */
	SESSION_DEAF,   /* it is silent beyond its habit, and did not answer (silence.h) */
	SESSION_STOP    /* .is_logout: the Discord session shall end with it */
};

struct session_input {
	enum session_input_kind kind;
	unsigned code;
	bool is_stream, is_logout;
	bool is_event;      /* BROKEN: it may have been an event, and s has to pass it in the end */
	uint64_t too_large; /* bytes of an event that is not whole, 0: it is */
	uint64_t retry_after_us;
	const struct envelope *envelope;
	const struct envelope_ready *ready; /* of a READY; NULL: it could not be read */
};

enum session_action_kind {
	SESSION_CONNECT, /* .text: the URL, with query; "" where it is too long: feed SESSION_FAILED
			  */
	SESSION_SEND,    /* .op: session_write() yields the bytes; for sends of bots .text is the
			    payload */
	SESSION_CLOSE,   /* .code */
	SESSION_ASK_SLOT,
	SESSION_ASK_URL, /* the base URL leads to no Hello: GET /gateway/bot, session_set_url() in
			    time for a later attempt; nothing waits for it */
	SESSION_PUBLISH, /* the envelope just fed; .is_replayed, .too_large */
	SESSION_IS_NEW,  /* READY: s->resume holds the new session; number is one higher */
	SESSION_IS_LOST, /* session .number is over: forget it on disk, publish TUTTI_SESSION_LOST
			  */
	SESSION_IS_LIVE, /* READY or RESUMED was published; .number: events replayed */
	SESSION_SKIPPED, /* .number: the s of an event that could not be read three times */
	SESSION_FATAL,   /* .code, .text: the remedy. The machine is dead */
	SESSION_NOTE     /* .note, .code, .number, .text: for the log and the counters */
};

/* Things worth a line or a counter. NOTE(NAME, text) */
#define NOTE(NAME, text) NOTE_##NAME,
enum session_note {
#include "proto/session.def"
	SESSION_NOTES
};

struct session_action {
	enum session_action_kind kind;
	int op;
	unsigned code;
	enum session_note note;
	bool is_replayed;
	uint64_t too_large, number;
	struct str text;
};

/* The resume state: with the token all that a restart needs. */
struct session_resume {
	char id[128];    /* "": no session */
	char url[512];   /* resume_gateway_url; "": use the base URL */
	uint32_t number; /* counts this shard's sessions, the first is 1 */
	uint32_t s;      /* the last that was published */
};

struct session_times {                           /* microseconds */
	uint64_t connect, hello, ready, resumed; /* deadlines */
	uint64_t settle;                         /* LIVE for so long: the back-off starts anew */
	uint64_t backoff_first, backoff_step, backoff_max;
};
extern const struct session_times session_times; /* those for Discord */

/* Where a resume_gateway_url may lead. */
enum session_hosts {
	SESSION_HOSTS_DISCORD,  /* wss, port 443, below .discord.gg */
	SESSION_HOSTS_LOOPBACK, /* 127.0.0.0/8, ::1, localhost */
	SESSION_HOSTS_ANY       /* wss to anywhere */
};

struct session_options {
	uint32_t shard, shards;
	uint32_t intents;
	uint32_t large_threshold; /* 50..250; 0: Discord's default */
	struct str presence;      /* JSON of an update-presence object; "": none */
	struct str properties;    /* JSON of an object; "": our own */
	struct str url;           /* of GET /gateway/bot; may be changed by session_set_url() */
	struct str query;         /* "v=10&encoding=json&compress=zlib-stream" */
	enum session_hosts hosts;
	uint64_t seed;                     /* of the jitter */
	const struct session_times *times; /* NULL: session_times */
};

struct session_window { /* of sends: when each of the last ones went out */
	uint64_t at[SESSION_SENDS];
	unsigned n, next;
};

struct session {
	struct session_options options; /* its texts are the caller's, for as long as the session */
	enum session_state state;
	struct session_resume resume;

	uint64_t interval_us;                                /* of heartbeats */
	uint64_t beat_at, grace_at, deadline_at, settled_at; /* SESSION_NEVER: not set */
	uint64_t beat_sent_at, latency_us;                   /* last beat; time to its ACK */
	uint64_t beat_due_at, beat_late_us; /* the last by the clock; how much later it went out */
	bool is_ack_due;
	bool is_on_base_url; /* the resume URL failed: until live again the base URL */
	bool is_base_tried;  /* by this attempt, and no Hello has come over it */
	unsigned attempt;    /* of the back-off */
	/* bounds for the next back-off: op 9, 4008, Retry-After */
	uint64_t wait_min_us, wait_max_us;
	unsigned resumes; /* sent without an event since */
	unsigned poison;  /* times the payload after poison_s broke us */
	uint32_t poison_s;
	unsigned readies;  /* of this connection */
	unsigned strays;   /* events in a row, while live, whose s could not be taken */
	bool is_astray;    /* for that it was resumed, and none was taken since */
	uint64_t replayed; /* events since the last RESUME */
	uint64_t random;

	struct session_window sends;
	uint64_t presences[SESSION_PRESENCES];
	unsigned presence_next;

	struct session_action actions[SESSION_ACTIONS];
	unsigned n_actions, next_action;
	char url[1024]; /* of SESSION_CONNECT */
};

void session_init(struct session *s, const struct session_options *options,
		  const struct session_resume *resume);
void session_feed(struct session *s, uint64_t now_us, const struct session_input *input);
bool session_next(struct session *s, struct session_action *out);
/* When to feed SESSION_TIMER; SESSION_NEVER: not at all. */
uint64_t session_due_us(const struct session *s);
bool session_wants_slot(const struct session *s);

/* Appends the payload of a SESSION_SEND. */
void session_write(const struct session *s, const struct session_action *send, struct str token,
		   struct buf *out);

/* A send of a bot: op 3, 4, 8, 31 or 43, payload the whole {"op":..,"d":..}. 0: a SESSION_SEND
 * waits for session_next(); -ENOTCONN: not live; -EAGAIN: the limit, *wait_us; -EMSGSIZE: above
 * 4096 bytes; -EINVAL: not an op for bots. */
TT_CHECK int session_send(struct session *s, uint64_t now_us, int op, struct str payload,
			  uint64_t *wait_us);
/* What it would return. */
TT_CHECK int session_may_send(const struct session *s, uint64_t now_us, int op, struct str payload,
			      uint64_t *wait_us);

/* The base URL anew, from GET /gateway/bot. */
void session_set_url(struct session *s, struct str url);
/* Whether a URL from Discord may be connected to. */
bool session_url_is_allowed(struct str url, enum session_hosts hosts);

struct str session_state_name(enum session_state state);
struct str session_event_name(enum session_event event);
struct str session_note_text(enum session_note note);

#endif
