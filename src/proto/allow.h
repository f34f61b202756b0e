/* proto/allow.h: who may connect from afar, and what each key may read and call: the allow list.
 *
 *     # name  public key                                rights
 *     echo    Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLZb&z<  read=MESSAGE_CREATE call=basic
 *
 *     const struct allow_key *key = allow_find(&allow, z85);       // NULL: nobody we know
 *     if (!key || !allow_may_call(key, STR("POST"), path)) ...
 *
 * A line that begins with # says nothing. Rights: read=*|none|EVENT,... guilds=ID,... shards=N,...
 * call=basic|none|*|METHOD:/route,... gateway=none|*|PRESENCE_UPDATE,... ; what is not there is read=*,
 * call=basic and gateway=none, which is what an ordinary bot needs. INTERACTION_CREATE carries tokens,
 * and is read only by who may answer it.
 * Pure. Memory: an allow list owns its text and its keys, until allow_done().
 */
#ifndef PROTO_ALLOW_H
#define PROTO_ALLOW_H

#include "base/why.h"

enum {
	ALLOW_KEY = 40, /* Z85 of 32 bytes */
	ALLOW_KEYS = 4096,
	ALLOW_WORDS = 256, /* in one right */
};

struct allow_rule {
	struct str method, route; /* method "*": any */
};

struct allow_key {
	struct str key, name;
	bool reads_all, calls_all, may_answer;
	struct str *events; /* unless reads_all */
	uint64_t *guilds;   /* n_guilds 0: all, and what belongs to none */
	uint64_t *shards;   /* n_shards 0: all */
	struct allow_rule *rules;
	uint64_t ops; /* gateway ops, a bit each */
	size_t n_events, n_guilds, n_shards, n_rules;
};

struct allow {
	char *text;
	struct allow_key *list; /* sorted by key */
	size_t n;
};

/* -EINVAL: "name:line: " and what is wrong. */
TT_CHECK int allow_read(struct allow *out, struct str text, const char *name, struct why *why);
void allow_done(struct allow *allow);

/* key: 40 characters. NULL: not in the list. */
const struct allow_key *allow_find(const struct allow *allow, struct str key);

/* event: its name. Nothing at all: a key that must not even open. */
bool allow_reads_nothing(const struct allow_key *key);
bool allow_reads_everything(const struct allow_key *key);
bool allow_may_read(const struct allow_key *key, struct str event, uint64_t guild_id,
		    uint32_t shard);
/* path: as it will be sent, parameters filled in, without a query. */
bool allow_may_call(const struct allow_key *key, struct str method, struct str path);

/* A gateway op about a guild; guild_id 0: about none, as a presence. */
bool allow_may_send(const struct allow_key *key, int op, uint64_t guild_id, uint32_t shard);

/* The 40 characters of 32 bytes (rfc.zeromq.org/spec/32). */
void allow_z85(char out[static ALLOW_KEY], const uint8_t bytes[static 32]);

#endif
