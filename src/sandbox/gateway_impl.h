/* sandbox/gateway_impl.h: what gateway.c, identify.c, ops.c and steer.c share. */
#ifndef SANDBOX_GATEWAY_IMPL_H
#define SANDBOX_GATEWAY_IMPL_H

#include "proto/frame.h"
#include "sandbox/gateway.h"
#include "sandbox/session.h"

enum {
	CONNS = 2048,
	MESSAGE_MAX = 1 << 16,   /* bytes from a client; above 4096 is refused with 4002 */
	WAITING_MAX = 128 << 20, /* bytes unsent: the connection is given up */
	IDENTIFY_KEYS = RULES_KEYS,
	MEMBER_GUILDS = 64 /* whose last request is remembered */
};

struct fake_conn {
	struct fake_gateway *gw;
	struct fake_conn *next;
	unsigned number;
	struct httpd_stream *stream; /* NULL: closed; freed at the next sweep */
	struct frame_reader reader;
	struct deflate *deflate;
	struct fake_session *session; /* NULL: not identified */
	struct rules_conn rules;
	char query[128];
	bool is_resume_door, is_closing, is_frozen, is_deaf;
	int64_t told_shard;            /* of the URL's path; FAULT_ANY: it has none */
	uint64_t sent_us[RULES_SENDS]; /* when the last payloads came, a ring */
	uint64_t n_sent;
	uint64_t n_events; /* compressed, for the splitting */
	struct loop_timer *timer;
};

struct fake_gateway {
	struct sandbox *sandbox;
	struct fake_conn *conns;
	struct fake_sessions sessions;
	struct json *json; /* payloads */
	struct buf frame, packed;
	struct loop_timer *sweep;
	unsigned n_conns, numbers;
	unsigned most_shards; /* that a client said it has */
	unsigned identifies_left;
	bool has_told_none;  /* that none is left, in the last answer to GET /gateway/bot */
	uint64_t lost;       /* dispatches that reach nobody from now on */
	bool closes_expired; /* 4009 instead of op 9 */
	struct fake_greeting greeting;
	struct faults faults;
	struct {
		uint64_t guild_id, at_us;
	} members_us[MEMBER_GUILDS]; /* when all members were asked for */
	unsigned n_members;
	uint64_t identify_us[IDENTIFY_KEYS];
	char noted[128]; /* why the last message was not heard; empty: it was */
	uint64_t skipped_us;
	uint64_t resume_tried_us; /* when somebody last came to the resume door */
};

/* The gateway's clock: the loop's, and what /skip has let go by. */
uint64_t gateway_now_us(const struct fake_gateway *gw);

/* send.c: what was written to gw->frame goes out. */
void conn_flush(struct fake_conn *c);
/* {"op":op,"d":d} with t and s null, reported. */
void conn_send(struct fake_conn *c, int op, struct str d);
/* One payload of its session. */
void conn_send_event(struct fake_conn *c, struct str t, uint64_t seq, uint64_t id,
		     struct str payload);
/* A dispatch to this session alone, sent where it is connected. */
void fake_session_send(struct fake_gateway *gw, struct fake_session *s, struct str t, struct str d,
		       uint64_t id);
/* A close frame, then the closing handshake; what kind of code it is decides on the session. */
void conn_close(struct fake_conn *c, unsigned code, struct str reason);
/* The same, for what the client alone has done: it breaks a rule. */
void conn_refuse(struct fake_conn *c, unsigned code, const char *reason);

/* Gives its session back; is_over: the session ends. */
void conn_leave(struct fake_conn *c, bool is_over);
/* Ends the connection, with what waits to be sent or by a reset; it is freed later. */
void conn_end(struct fake_conn *c, bool with_flush);
/* Nothing more, and FIN without a close frame; reported. */
void conn_fall_silent(struct fake_conn *c);
/* A reset, reported. */
void conn_drop(struct fake_conn *c);

/* Bytes that are no part of the compressed stream; without compression, half a JSON object. */
void conn_garble(struct fake_conn *c);
/* The first half of a payload, as the first frame of a message that never ends. */
void conn_send_half(struct fake_conn *c, struct str payload);

/* What is planned for the connection at this point, carried out; false: nothing. */
bool conn_meets(struct fake_conn *c, enum fault_at at, int64_t shard);
void conn_suffers(struct fake_conn *c, const struct fault *fault, int64_t shard);

/* A past event of its session, with its old sequence. */
void conn_send_past(struct fake_conn *c, uint64_t seq);

/* identify.c: op 2 and 6 */
void op_identify(struct fake_conn *c, struct json_at d);
void op_resume(struct fake_conn *c, struct json_at d);
/* ops.c: what an identified client may send */
void op_presence(struct fake_conn *c, struct json_at d);
void op_voice(struct fake_conn *c, struct json_at d);
void op_members(struct fake_conn *c, struct json_at d);
void op_sounds(struct fake_conn *c, struct json_at d);
void op_channels(struct fake_conn *c, struct json_at d);

#endif
