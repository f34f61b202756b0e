#include "bot/client.h"

#include <stdlib.h>

enum {
	ANSWERS_KEEP = 2, /* parsers kept from event to event */
	OUTSIDE = 16      /* texts that live outside handlers, per thread */
};

static _Thread_local struct tt_client *here;

void client_init(struct tt_client *client)
{
	*client = (struct tt_client){.parser = json_new(), .search = route_search_new()};
}

void client_reset(struct tt_client *client)
{
	arena_reset(&client->arena);
	while (client->answers_made > ANSWERS_KEEP)
		json_free(client->answer[--client->answers_made]);
	client->answers = 0;
	client->route = NULL;
	client->module = NULL;
	client->event = (tt_event){0};
}

void client_done(struct tt_client *client)
{
	client_reset(client);
	while (client->answers_made > 0)
		json_free(client->answer[--client->answers_made]);
	free(client->answer);
	json_free(client->parser);
	route_search_free(&client->search);
	arena_done(&client->arena);
}

struct json *client_parser(struct tt_client *client)
{
	if (client->answers == client->answers_made) {
		if (client->answers_made == client->answers_cap) {
			client->answers_cap = client->answers_cap ? 2 * client->answers_cap : 4;
			client->answer = mem_grow(client->answer,
						  client->answers_cap * sizeof(struct json *));
		}
		client->answer[client->answers_made++] = json_new();
	}
	return client->answer[client->answers++];
}

void client_enter(struct tt_client *client)
{
	here = client;
}

struct tt_client *client_here(void)
{
	return here;
}

const tt_event *tt_event_of(const tt_client *client)
{
	static const tt_event none;
	return client ? &client->event : &none;
}

void *tt_arg(const tt_client *client)
{
	return client && client->route ? client->route->with.arg : NULL;
}

/* The event's arena; outside of handlers one of a few of the thread, used in turn. */
static struct arena *arena_here(void)
{
	static _Thread_local struct arena outside[OUTSIDE];
	static _Thread_local unsigned turn;
	if (here)
		return &here->arena;
	struct arena *arena = &outside[turn++ % OUTSIDE];
	arena_reset(arena);
	return arena;
}

const char *tt_fmt(const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	struct str text = arena_vfmt(arena_here(), fmt, args);
	va_end(args);
	return text.p;
}

const char *tt_quote(tt_str text)
{
	struct buf quoted = {0};
	json_add_str(&quoted, private_str(text));
	struct str copy = arena_str(arena_here(), buf_str(&quoted));
	buf_done(&quoted);
	return copy.p;
}
