#include "bot/dispatch.h"

#include "base/log.h"
#include "bot/capture.h"
#include "bot/emoji.h"
#include "bot/limit.h"
#include "bot/register.h"
#include "net/loop.h"

enum { TELL_CUT_US = 60 * 1000000 };

/* One event on its way. */
struct way {
	struct dispatch *dispatch;
	const struct module *module;
	struct tt_client *client;
	struct json_at d;
	struct decoded decoded;
	decode_fn *decoded_by;
	bool is_exit;
};

static void say_failure(const tt_failure *failure)
{
	const tt_event *event = failure->event;
	log_error("handler_error",
		  "handler=%s at=%s:%d event=%.*s epoch=%llu pos=%llu status=%d reason=%s",
		  failure->handler, failure->file, failure->line, TT_STR(event->name),
		  (unsigned long long)event->epoch, (unsigned long long)event->pos,
		  failure->result.status, log_quote(private_str(failure->reason)));
}

static tt_result ask_module(struct way *way, const struct tt_route *on_error,
			    const tt_failure *failure)
{
	const struct tt_route *route = way->client->route;
	way->client->route = on_error; /* in whose function we are */
	tt_result result = on_error->run(way->client, failure, &(struct tt_captures){0});
	way->client->route = route;
	return result;
}

/* What an on_error() returned. True: that is the end of it. */
static bool take_answer(struct way *way, tt_failure *failure, tt_result result)
{
	if (result.outcome == TT_PASS)
		return false;
	if (result.outcome == TT_EXIT)
		way->is_exit = true;
	if (!tt_failed(result))
		return true;
	failure->result = result;
	failure->reason = result.text;
	return false;
}

/* Innermost first. */
static void tell_failure(struct way *way, const struct tt_route *route, tt_failure *failure)
{
	const struct module *all = way->dispatch->registry->module, *at = way->module;
	tt_error_handler *first = route->with.on_error, *last = way->dispatch->on_error;
	if (first && take_answer(way, failure, first(way->client, failure)))
		return;
	for (; at; at = at->parent >= 0 ? &all[at->parent] : NULL)
		if (at->on_error &&
		    take_answer(way, failure, ask_module(way, at->on_error, failure)))
			return;
	if (last && take_answer(way, failure, last(way->client, failure)))
		return;
	say_failure(failure);
}

static void failed(struct way *way, const struct tt_route *route,
		   const struct tt_captures *captures, tt_result result)
{
	tt_str texts[PATTERN_GROUPS];
	for (unsigned i = 0; i < captures->n; i++)
		texts[i] = public_str(captures->group[i]);
	atomic_fetch_add_explicit(&way->dispatch->errors, 1, memory_order_relaxed);
	tell_failure(way, route,
		     &(tt_failure){.event = &way->client->event,
				   .module = way->client->module,
				   .handler = route->handler,
				   .file = route->file,
				   .line = route->line,
				   .reason = result.text,
				   .result = result,
				   .captures = texts,
				   .n_captures = captures->n,
				   .channel_id = way->decoded.channel_id,
				   .message_id = way->decoded.reply_to});
}

/* A capture was not of its type: true if the user was told, false if the next route may try. */
static bool tell_usage(struct way *way, const struct tt_route *route,
		       const struct tt_captures *captures)
{
	if (!route->with.usage || !way->decoded.channel_id)
		return false;
	tt_result told =
		tt_create_message(way->client, way->decoded.channel_id,
				  .content = route->with.usage, .reply_to = way->decoded.reply_to);
	if (tt_failed(told))
		failed(way, route, captures, told);
	return true;
}

/* True: the module is done with this event. */
static bool take_result(struct way *way, const struct tt_route *route,
			const struct tt_captures *captures, tt_result result)
{
	if (result.outcome == TT_PASS)
		return false;
	if (result.outcome == TT_UNCONVERTED)
		return tell_usage(way, route, captures);
	if (result.outcome == TT_EXIT)
		way->is_exit = true;
	atomic_fetch_add_explicit(&way->dispatch->handled, 1, memory_order_relaxed);
	if (tt_failed(result))
		failed(way, route, captures, result);
	return true;
}

/* What a pattern does not say. */
static bool is_for(const struct decoded *decoded, const struct tt_with *with)
{
	if (decoded->is_by_bot && !with->from_bots)
		return false;
	return !with->emoji ||
	       emoji_matches(with->emoji, private_str(decoded->emoji.name), decoded->emoji.id);
}

static bool run_route(struct way *way, const struct tt_route *route, const struct str *groups)
{
	if (!is_for(&way->decoded, &route->with))
		return false;
	struct tt_captures captures = {groups, route->n_captures};
	way->client->route = route;
	client_enter(way->client);
	limit_begin(way->client->limit, route, &way->client->event);
	const void *payload =
		route->is_raw ? (const void *)&way->client->event : (const void *)&way->decoded.as;
	tt_result result = route->run(way->client, payload, &captures);
	bool is_done = take_result(way, route, &captures, result);
	limit_end(way->client->limit);
	client_enter(NULL);
	way->client->route = NULL;
	return is_done;
}

/* A match that ran into PCRE2's limits; the text comes from anybody, so not a line each. */
static void say_cut(struct way *way, const struct tt_route *route)
{
	uint64_t now = loop_now_us();
	uint64_t told = atomic_load(&way->dispatch->told_cut_us);
	uint64_t count = atomic_fetch_add(&way->dispatch->cut, 1) + 1;
	if (told && now - told < TELL_CUT_US)
		return;
	atomic_store(&way->dispatch->told_cut_us, now);
	log_warn("pattern_limit", "handler=%s at=%s:%d count=%llu", route->handler, route->file,
		 route->line, (unsigned long long)count);
}

/* True: the module is done with this event. */
static bool run_routes(struct way *way, const struct event_routes *routes)
{
	struct route_search *search = way->client->search;
	struct str groups[PATTERN_GROUPS];
	if (way->decoded_by != routes->decode)
		routes->decode(
			&way->decoded, way->d,
			atomic_load_explicit(&way->dispatch->own_user_id, memory_order_relaxed));
	way->decoded_by = routes->decode;
	route_begin(search, routes->patterns, way->decoded.subject);
	for (;;) {
		int i = route_next(search, groups);
		int cut = route_cut(search);
		if (cut != ROUTE_NONE)
			say_cut(way, routes->route[cut]);
		if (i == ROUTE_NONE)
			return false;
		if (run_route(way, routes->route[i], groups))
			return true;
	}
}

/* The declared routes first, then those of tt_register(). */
static void run_module(struct way *way, const struct module *module)
{
	struct str event = private_str(way->client->event.name);
	struct registered_view *view = registered_take(module->registered);
	const struct event_routes *routes = module_routes(module, event);
	size_t at = 0;
	way->module = module;
	way->client->module = module->bot->name;
	way->client->calls = 0;
	if (!routes)
		routes = registered_next(view, event, &at);
	while (routes && !run_routes(way, routes))
		routes = registered_next(view, event, &at);
	registered_drop(&view);
}

static void describe(tt_event *event, const struct wire_header *h, struct json_at d, unsigned flags)
{
	struct str name = {0};
	uint64_t guild_id = 0, channel_id = 0;
	(void)wire_topic_split(h->topic, &name, &guild_id, &channel_id);
	*event = (tt_event){
		.name = public_str(name),
		.epoch = h->epoch,
		.pos = h->pos,
		.shard = h->shard,
		.session = h->session,
		.s = h->s,
		.flags = flags,
		.received_us = h->received,
		.guild_id = guild_id,
		.channel_id = channel_id,
		.json = public_json(d),
	};
}

bool dispatch_event(struct dispatch *dispatch, struct tt_client *client,
		    const struct wire_header *h, struct str payload, unsigned flags)
{
	struct way way = {.dispatch = dispatch, .client = client};
	struct why why;
	if (json_parse(client->parser, payload, &way.d, &why) < 0) {
		atomic_fetch_add(&dispatch->unreadable, 1);
		log_error("event_unreadable", "epoch=%llu pos=%llu topic=%.*s reason=%s",
			  (unsigned long long)h->epoch, (unsigned long long)h->pos,
			  STR_FMT(h->topic), log_quote(str_c(why.text)));
		return false;
	}
	describe(&client->event, h, way.d, flags);
	for (size_t m = 0; m < dispatch->registry->n; m++) {
		const struct module *module = &dispatch->registry->module[m];
		if (registry_is_on(dispatch->registry, module))
			run_module(&way, module);
	}
	client_reset(client);
	return way.is_exit;
}
