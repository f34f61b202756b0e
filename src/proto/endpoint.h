/* proto/endpoint.h: a bot's (method, route, parameters, query) made into a path, or refused.
 *
 *     struct endpoint_ask ask = {STR("GET"), STR("/channels/{channel_id}"), params, 1, NULL, 0};
 *     struct endpoint e = {0};
 *     if (endpoint_make(&e, &ask, &why) < 0) ...      // a sentence for the bot's author
 *     use(buf_str(&e.path));                          // "/channels/7"
 *     endpoint_done(&e);
 *
 * Never a URL from a bot: a route begins with '/', its segments are words or one {parameter} each,
 * and what parameters hold is checked by their names and percent-encoded. A route may be one that
 * api/endpoints.def does not list (Discord's API grows); the facts of those it lists are used.
 * Memory:  a struct endpoint owns its two buffers and may be made again; info is static.
 * Threads: none of it is shared. Errors: -EINVAL and a sentence.
 */
#ifndef PROTO_ENDPOINT_H
#define PROTO_ENDPOINT_H

#include "base/why.h"

enum {
	ENDPOINT_PATH_MAX = 4096, /* bytes of path and query */
	ENDPOINT_SEGMENTS = 16,
	ENDPOINT_PARAMS = 16,
	ENDPOINT_QUERY = 128 /* pairs */
};

enum endpoint_auth { ENDPOINT_BOT, ENDPOINT_ANY, ENDPOINT_OAUTH };
enum endpoint_major { ENDPOINT_NONE, ENDPOINT_CHANNEL, ENDPOINT_GUILD, ENDPOINT_WEBHOOK };
enum endpoint_lane { LANE_GLOBAL, LANE_INTERACTION, LANE_WEBHOOK };

/* A row of api/endpoints.def. */
struct endpoint_info {
	struct str method, route, name;
	enum endpoint_auth auth;
	struct str file; /* "", "files[n]", or the form field that holds the file */
	enum endpoint_major major;
	enum endpoint_lane lane;
};

struct endpoint_pair {
	struct str name, value;
};

struct endpoint_ask {
	struct str method, route;
	const struct endpoint_pair *params;
	size_t n_params;
	const struct endpoint_pair *query; /* arrays: the name repeated */
	size_t n_query;
};

struct endpoint {
	const struct endpoint_info *info; /* NULL: not in the table */
	struct buf path;                  /* with "?query" where there is one */
	struct buf shown;                 /* for people: no query, tokens as *** */
	uint64_t route;                   /* the same for every call of one method and route */
	uint64_t major;                   /* of the major parameter's value; 0: none */
	bool is_interaction;              /* outside the global limit */
	bool has_own_token;               /* the path holds the credential: a 401 is about that */
};

/* On failure nothing in *out is to be used. */
TT_CHECK int endpoint_make(struct endpoint *out, const struct endpoint_ask *ask, struct why *why);
void endpoint_done(struct endpoint *e);

/* The row for a method and route whatever its parameters are called; NULL where there is none. */
const struct endpoint_info *endpoint_find(struct str method, struct str route);
size_t endpoint_all(const struct endpoint_info **out);

/* Appends text with all but letters, digits and -._~ as %XX. */
void endpoint_escape(struct buf *out, struct str text);

#endif
