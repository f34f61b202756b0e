/* sandbox/rest_impl.h: what the files rest*.c share. A handler reads the call, fills out (JSON) and
 * returns the HTTP status. */
#ifndef SANDBOX_REST_IMPL_H
#define SANDBOX_REST_IMPL_H

#include "sandbox/app_command.h"
#include "sandbox/interaction.h"
#include "sandbox/limits.h"
#include "sandbox/people.h"
#include "sandbox/rest.h"

enum { REST_PARAMS = 4, REST_PLANS = 64, REST_BODY = 26 << 20 };

struct fake_rest {
	struct sandbox *sandbox;
	struct json *json; /* bodies */
	struct rest_plan plans[REST_PLANS];
	size_t n_plans;
	struct rest_call *waiting; /* for their delay */
	struct app_commands commands;
};

struct rest_call {
	struct fake_rest *rest;
	struct sandbox *sandbox;
	struct httpd_request *request;
	const struct route *route; /* NULL: unknown */
	struct str method, path, query;
	struct buf held;   /* path, query and body: the request may go before the answer */
	struct buf params; /* decoded, what param points into */
	struct str param[REST_PARAMS];
	struct json_at body;
	struct str raw;       /* the body as it came */
	struct str body_text; /* the JSON of it: of a multipart body its payload_json */
	struct buf files;     /* JSON objects of the attachments, between commas */
	size_t n_files;
	uint64_t now_us;
	struct rest_plan plan;
	const struct world_webhook *as;    /* who posts, instead of the bot; or NULL */
	uint64_t post_id;                  /* of the message: a forum post's; 0: a new one */
	const struct interaction *answers; /* what the message that is posted answers; or NULL */
	bool is_dropped;
	bool is_global;     /* of a 429 */
	double retry_after; /* of a 429, seconds */
	int status;
	struct buf out;
	struct limits_state limit;
	bool is_counted; /* limit is set */
	struct rest_call *next;
	struct loop_timer *timer;
};

typedef int route_fn(struct rest_call *call);
struct route {
	struct str method, path; /* "/channels/{}/messages" */
	route_fn *fn;
	struct str bucket; /* empty: no limit of its own */
	unsigned limit, window_ms;
	enum { ROUTE_PLAIN, ROUTE_OPEN, ROUTE_INTERACTION } kind; /* OPEN: without a token */
	uint64_t needs; /* permissions of the bot in the channel or guild of the path */
};
/* Fills call->param. NULL: no such route. */
const struct route *route_find(struct rest_call *call);

/* {"code":..,"message":..} */
int rest_error(struct rest_call *call, int status, unsigned code, const char *message);
/* 400, 50035 with the error tree of one field: "embeds.0.title". */
int rest_form_error(struct rest_call *call, const char *field, const char *code,
		    const char *message);

/* The channel or guild that the path begins with; NULL: it begins otherwise, or there is none. */
struct world_channel *rest_channel(const struct rest_call *call);
const struct world_guild *rest_guild(const struct rest_call *call);
/* 404 where the path begins so and there is none; 0: there is. */
int rest_no_channel(struct rest_call *call);
int rest_no_guild(struct rest_call *call);

/* rest_may.c: 0, or 403 with 50001 or 50013 where the bot lacks one of these permissions in the
 * channel, or (NULL) in the guild. */
int rest_may(struct rest_call *call, const struct world_channel *c, uint64_t needs);
/* The same of what the path names, as its route says. */
int rest_may_route(struct rest_call *call);
/* 0, or 50013: what is above the bot it may not touch. */
int rest_outranks(struct rest_call *call, unsigned rank);

uint64_t rest_param_id(const struct rest_call *call, size_t i); /* 0: no id */
/* ?limit=, 1 to max; 0, or 400. */
int rest_limit(struct rest_call *call, uint64_t standard, uint64_t max, uint64_t *out);
/* rest_thread.c: minutes as Discord allows them. */
bool rest_is_archive_time(uint64_t minutes);
/* The value of a key of the query; empty where absent. */
struct str rest_query(const struct rest_call *call, const char *key);

/* rest_body.c: reads the body by its content type; 0, or the status of the error. */
int rest_read_body(struct rest_call *call);

/* rest_plan.c */
bool plan_take(struct fake_rest *rest, struct str method, struct str path, struct rest_plan *out);
/* Puts the programmed status in place of the answer. */
void plan_answer(struct rest_call *call);

/* Every handler that routes.def names. */
#define ROUTE(METHOD, path, handler, ...) int route_##handler(struct rest_call *call);
#include "sandbox/routes.def"
#undef ROUTE

/* rest_message.c */
/* Checks a message's body and posts it in channel_id; the message's JSON into out. */
int rest_post(struct rest_call *call, struct json_at body, uint64_t channel_id, uint64_t webhook_id,
	      struct world_message **message);
/* rest_poll.c: the poll of a message's body, the caller's; NULL: it has none. 0, or an error's status. */
int rest_read_poll(struct rest_call *call, struct json_at body, struct world_poll **out);
int rest_edit(struct rest_call *call, struct json_at body, struct world_message *m);
/* 0, or the status of what is wrong with a message's body. m: that it edits, or NULL. */
int rest_check_message(struct rest_call *call, struct json_at body, const struct world_message *m);
/* rest_tag.c: the tags of a forum and whether a post needs one, from the body; of other channels nothing. 0, or an
 * error's status. */
int rest_fill_forum(struct rest_call *call, struct world_channel *c);
struct rest_tags {
	uint64_t ids[WORLD_POST_TAGS];
	size_t n;
};
/* The tags that the body gives a post; had: of one that is there, or NULL. 0, or an error's status. */
int rest_read_applied(struct rest_call *call, const struct world_channel *forum,
		      const struct world_thread *had, struct rest_tags *out);
/* rest_thread.c: a post of a forum, and its first message, whose JSON is out; 0, or an error's status. */
int rest_forum_post(struct rest_call *call, const struct world_channel *forum, struct str name,
		    struct json_at message, struct world_message **m);

/* rest_webhook.c: what the routes of interactions are where the id is a webhook's. */
int webhook_execute(struct rest_call *call);
int webhook_message(struct rest_call *call);
int webhook_edit(struct rest_call *call);
int webhook_delete(struct rest_call *call);

#endif
