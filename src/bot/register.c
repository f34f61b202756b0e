#include "bot/register.h"

#include "base/log.h"
#include "bot/capture.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <tutti/register.h>
#include <unistd.h>

/* A block is more than twice as large as the next: so there are at most 14. */
enum { REGISTERED_MAX = 10000, BLOCKS_MAX = 16 };

enum kind { COMMAND, REACTION, KINDS };
static const char *const event_of[KINDS] = {"MESSAGE_CREATE", "MESSAGE_REACTION_ADD"};

/* One registration. Held by the list, and by every block that it is in. */
struct entry {
	struct tt_route route; /* run_* find the entry by it */
	union {
		tt_command_0 *command_0;
		tt_command_1 *command_1;
		tt_command_2 *command_2;
		tt_command_3 *command_3;
		tt_command_n *command_n;
		tt_reaction_0 *reaction_0;
		tt_reaction_1 *reaction_1;
	} fn;
	enum kind kind;
	uint64_t id;
	void (*done)(void *arg);
	struct pattern *pattern;
	struct arena texts; /* what the trigger said */
	_Atomic size_t refs;
	atomic_bool is_gone;
	struct entry *next;
};

/* Neighbours in the order of registration, compiled and sealed. Held by every view that it is in. */
struct block {
	_Atomic size_t refs;
	struct event_routes event[KINDS];
	struct entry **entry; /* all of them */
	size_t n;
};

struct registered_view {
	_Atomic size_t refs;
	struct block *block[BLOCKS_MAX];
	size_t n;
};

/* What tt_bot_new() makes. */
struct made_bot {
	tt_bot bot;
	unsigned is_off;
	struct arena texts;
};

struct registered {
	const tt_bot *bot;
	_Atomic size_t live[KINDS]; /* entries */
	pthread_mutex_t lock;       /* of what follows */
	struct entry *first, **end;
	struct registered_view *view; /* the last; NULL: none, or something of it is gone */
	size_t pending;               /* registered behind it, from here on: */
	struct entry *first_pending;
	struct buf faults;
	bool is_served; /* the faults were asked for: further ones are logged */
	struct registered *next;
};

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static struct registered *all;
static _Atomic uint64_t last_id;
static int changed_fd;

static const struct entry *entry_of(const tt_client *client)
{
	return (const struct entry *)client->route;
}

static void entry_drop(struct entry *entry)
{
	if (--entry->refs > 0)
		return;
	if (entry->done)
		entry->done(entry->route.with.arg);
	pattern_free(&entry->pattern);
	arena_done(&entry->texts);
	free(entry);
}

struct registered *registered_of(const tt_bot *bot)
{
	pthread_mutex_lock(&all_lock);
	struct registered *r = all;
	while (r && r->bot != bot)
		r = r->next;
	if (!r) {
		r = mem_zero(sizeof *r);
		r->bot = bot;
		r->end = &r->first;
		r->next = all;
		pthread_mutex_init(&r->lock, NULL);
		all = r;
	}
	pthread_mutex_unlock(&all_lock);
	return r;
}

/* Under the lock: the next event makes all anew. The caller drops the old view, unlocked. */
static struct registered_view *forget_view(struct registered *r)
{
	struct registered_view *old = r->view;
	r->view = NULL;
	r->pending = 0;
	return old;
}

static size_t count(const struct registered *r)
{
	return r->live[COMMAND] + r->live[REACTION];
}

static void block_add(struct block *block, struct entry *entry)
{
	struct event_routes *routes = &block->event[entry->kind];
	entry->refs++;
	block->entry[block->n++] = entry;
	(void)route_set_share(routes->patterns, entry->pattern, str_c(entry->route.with.pattern));
	routes->route[routes->n++] = &entry->route;
}

/* n entries of the list. */
static struct block *block_new(struct entry *first, size_t n)
{
	struct block *block = mem_zero(sizeof *block);
	block->refs = 1;
	block->entry = mem_new(n * sizeof(struct entry *) + 1);
	for (unsigned k = 0; k < KINDS; k++)
		block->event[k] = (struct event_routes){
			.event = str_c(event_of[k]),
			.decode = decode_for(str_c(event_of[k])),
			.route = mem_new(n * sizeof(struct tt_route *) + 1),
			.patterns = route_set_new(),
		};
	for (struct entry *entry = first; block->n < n; entry = entry->next)
		block_add(block, entry);
	for (unsigned k = 0; k < KINDS; k++)
		route_set_seal(block->event[k].patterns);
	return block;
}

static void block_drop(struct block *block)
{
	if (--block->refs > 0)
		return;
	for (unsigned k = 0; k < KINDS; k++) {
		free(block->event[k].route);
		route_set_free(&block->event[k].patterns);
	}
	for (size_t i = 0; i < block->n; i++)
		entry_drop(block->entry[i]);
	free(block->entry);
	free(block);
}

/* Of one registration or more. The blocks of the last view, and one for what came since, which takes in those before it that are not
 * far larger: so an entry is compiled again some twenty times at the most, however one and the next are
 * registered and seen in between. */
static struct registered_view *view_new(const struct registered *r)
{
	struct registered_view *view = mem_zero(sizeof *view);
	const struct registered_view *last = r->view;
	struct entry *first = last ? r->first_pending : r->first;
	size_t n = last ? r->pending : count(r);
	view->refs = 1; /* the list's */
	view->n = last ? last->n : 0;
	for (; view->n > 0 && last->block[view->n - 1]->n <= 2 * n; view->n--) {
		first = last->block[view->n - 1]->entry[0];
		n += last->block[view->n - 1]->n;
	}
	for (size_t i = 0; i < view->n; i++) {
		view->block[i] = last->block[i];
		view->block[i]->refs++;
	}
	BUG_ON(view->n == BLOCKS_MAX);
	view->block[view->n++] = block_new(first, n);
	return view;
}

struct registered_view *registered_take(struct registered *r)
{
	struct registered_view *old = NULL, *view = NULL;
	if (count(r) == 0) /* without the lock, for each event */
		return NULL;
	pthread_mutex_lock(&r->lock);
	if (count(r) > 0 && (!r->view || r->pending)) {
		view = view_new(r);
		old = forget_view(r);
		r->view = view;
	}
	view = r->view;
	if (view)
		view->refs++;
	pthread_mutex_unlock(&r->lock);
	registered_drop(&old);
	return view;
}

void registered_drop(struct registered_view **out)
{
	struct registered_view *view = *out;
	*out = NULL;
	if (!view || --view->refs > 0)
		return;
	for (size_t i = 0; i < view->n; i++)
		block_drop(view->block[i]);
	free(view);
}

const struct event_routes *registered_next(const struct registered_view *view, struct str event,
					   size_t *at)
{
	while (view && *at < view->n * KINDS) {
		const struct event_routes *routes = &view->block[*at / KINDS]->event[*at % KINDS];
		++*at;
		if (routes->n > 0 && str_eq(routes->event, event))
			return routes;
	}
	return NULL;
}

bool registered_event(struct registered *r, size_t i, struct str *event)
{
	for (unsigned k = 0; k < KINDS; k++) {
		if (r->live[k] > 0 && i-- == 0) {
			*event = str_c(event_of[k]);
			return true;
		}
	}
	return false;
}

bool registered_wants(struct registered *r, struct str event)
{
	for (unsigned k = 0; k < KINDS; k++)
		if (r->live[k] > 0 && str_eq(str_c(event_of[k]), event))
			return true;
	return false;
}

void registered_faults(struct registered *r, struct buf *out)
{
	pthread_mutex_lock(&r->lock);
	buf_adds(out, buf_str(&r->faults));
	r->is_served = true;
	pthread_mutex_unlock(&r->lock);
}

static void make_fd(void)
{
	changed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	BUG_ON(changed_fd < 0);
}

int registered_fd(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_fd);
	return changed_fd;
}

void registered_seen(void)
{
	uint64_t count;
	ssize_t n = read(registered_fd(), &count, sizeof count);
	BUG_ON(n < 0 && errno != EAGAIN);
}

static void tell(void)
{
	uint64_t one = 1;
	ssize_t n = write(registered_fd(), &one, sizeof one);
	(void)n; /* full: it is readable already */
}

static uint64_t refuse(struct registered *r, struct entry *entry, const struct why *why)
{
	const struct tt_route *route = &entry->route;
	pthread_mutex_lock(&r->lock);
	bool is_served = r->is_served;
	if (!is_served)
		buf_addf(&r->faults, "%s:%d: error: %s\n", route->file, route->line, why->text);
	pthread_mutex_unlock(&r->lock);
	if (is_served)
		log_error("not_registered", "handler=%s at=%s:%d reason=%s", route->handler,
			  route->file, route->line, log_quote(str_c(why->text)));
	entry->done = NULL; /* it was never taken */
	entry_drop(entry);
	return 0;
}

/* Under the lock; false: there are too many. */
static bool append(struct registered *r, struct entry *entry)
{
	if (count(r) >= REGISTERED_MAX)
		return false;
	*r->end = entry;
	r->end = &entry->next;
	if (r->view && r->pending++ == 0)
		r->first_pending = entry;
	r->live[entry->kind]++;
	return true;
}

/* Takes the entry. takes: texts that the handler is given; -1: as many as the pattern has. */
static uint64_t enter(const tt_bot *bot, struct entry *entry, int takes)
{
	struct registered *r = registered_of(bot);
	struct tt_route *route = &entry->route;
	struct why why, bad;
	if (!bot) {
		(void)why_set(&why, -EINVAL, "%s is registered with no bot: it is NULL",
			      route->handler);
		return refuse(r, entry, &why);
	}
	if (pattern_new(&entry->pattern, str_c(route->with.pattern), &bad) < 0) {
		(void)why_set(&why, bad.code, "%s in the pattern \"%s\" of %s", bad.text,
			      route->with.pattern, route->handler);
		return refuse(r, entry, &why);
	}
	unsigned groups = pattern_groups(entry->pattern);
	route->n_captures = takes < 0 ? groups : (unsigned)takes;
	if (route_check(route, groups, &why) < 0)
		return refuse(r, entry, &why);
	uint64_t id = entry->id = ++last_id;
	enum kind kind = entry->kind;
	pthread_mutex_lock(&r->lock);
	bool is_in = append(r, entry), is_new = is_in && r->live[kind] == 1;
	pthread_mutex_unlock(&r->lock);
	if (!is_in) {
		(void)why_set(&why, -ENOSPC, "%d handlers are registered already", REGISTERED_MAX);
		return refuse(r, entry, &why);
	}
	if (is_new)
		tell();
	return id;
}

static const char *copy(struct entry *entry, const char *text)
{
	return text ? arena_str(&entry->texts, str_c(text)).p : NULL;
}

static struct entry *entry_new(enum kind kind, tt_run *run, const char *name, const char *file,
			       int line)
{
	struct entry *entry = mem_zero(sizeof *entry);
	entry->refs = 1;
	entry->kind = kind;
	entry->route = (struct tt_route){
		.abi = TT_ABI,
		.line = line,
		.file = copy(entry, file),
		.event = event_of[kind],
		.handler = copy(entry, name),
		.types = "",
		.run = run,
	};
	return entry;
}

/* What both kinds of trigger say. */
#define SAID(on)                                                                         \
	.help = copy(entry, (on)->help), .from_bots = (on)->from_bots, .arg = (on)->arg, \
	.on_error = (on)->on_error, .limit_ms = (on)->limit_ms

static struct entry *command_new(const struct tt_command *on, tt_run *run, const char *name,
				 const char *file, int line)
{
	struct entry *entry = entry_new(COMMAND, run, name, file, line);
	entry->route.with = (struct tt_with){
		.pattern = copy(entry, on->pattern), .usage = copy(entry, on->usage), SAID(on)};
	entry->done = on->done;
	return entry;
}

/* A copy with a NULL behind it; NULL: any emoji. */
static const char *const *copy_emojis(struct entry *entry, const struct tt_reaction *on)
{
	enum { MOST = sizeof on->emoji / sizeof *on->emoji };
	if (!on->emoji[0])
		return NULL;
	const char **list = arena_alloc(&entry->texts, (MOST + 1) * sizeof *list);
	for (size_t i = 0; i <= MOST; i++)
		list[i] = i < MOST ? copy(entry, on->emoji[i]) : NULL;
	return list;
}

static struct entry *reaction_new(const struct tt_reaction *on, tt_run *run, const char *name,
				  const char *file, int line)
{
	struct entry *entry = entry_new(REACTION, run, name, file, line);
	entry->route.with = (struct tt_with){.emoji = copy_emojis(entry, on), SAID(on)};
	entry->done = on->done;
	return entry;
}

static tt_str text_at(const struct tt_captures *captures, unsigned i)
{
	tt_str text;
	(void)tt_take_str(captures, i, &text);
	return text;
}

static tt_str emoji_name(const tt_message_reaction_add *reaction)
{
	return reaction->emoji.name;
}

/* A kind of handler: how it is called, and the tt_register_ function that takes it. What is gone
 * meanwhile passes. */
#define KIND(trigger, kind, takes_, types_, Payload, ...)                                    \
	static tt_result run_##trigger##_##kind(tt_client *client, const void *payload_,     \
						const struct tt_captures *captures)          \
	{                                                                                    \
		const struct entry *entry = entry_of(client);                                \
		const Payload *payload = payload_;                                           \
		(void)captures;                                                              \
		return entry->is_gone ? tt_pass() : entry->fn.trigger##_##kind(__VA_ARGS__); \
	}                                                                                    \
	uint64_t tt_register_##trigger##_##kind(const tt_bot *bot, struct tt_##trigger on,   \
						tt_##trigger##_##kind *fn, const char *name, \
						const char *file, int line)                  \
	{                                                                                    \
		struct entry *entry =                                                        \
			trigger##_new(&on, run_##trigger##_##kind, name, file, line);        \
		entry->fn.trigger##_##kind = fn;                                             \
		entry->route.types = types_;                                                 \
		return enter(bot, entry, takes_);                                            \
	}
#define TEXT(i) text_at(captures, i)
KIND(command, 0, 0, "", tt_message, client, payload)
KIND(command, 1, 1, " str", tt_message, client, payload, TEXT(0))
KIND(command, 2, 2, " str str", tt_message, client, payload, TEXT(0), TEXT(1))
KIND(command, 3, 3, " str str str", tt_message, client, payload, TEXT(0), TEXT(1), TEXT(2))
KIND(command, n, -1, " captures", tt_message, client, payload, captures)
KIND(reaction, 0, 0, "", tt_message_reaction_add, client, payload)
KIND(reaction, 1, 0, " emoji", tt_message_reaction_add, client, payload, emoji_name(payload))

/* Under the lock; NULL: not there. */
static struct entry *take_out(struct registered *r, uint64_t id)
{
	struct entry **at = &r->first;
	while (*at && (*at)->id != id)
		at = &(*at)->next;
	struct entry *entry = *at;
	if (!entry)
		return NULL;
	*at = entry->next;
	if (r->end == &entry->next)
		r->end = at;
	r->live[entry->kind]--;
	entry->is_gone = true;
	return entry;
}

bool tt_unregister(const tt_bot *bot, uint64_t registration)
{
	struct registered *r = registered_of(bot);
	struct registered_view *old = NULL;
	pthread_mutex_lock(&r->lock);
	struct entry *entry = take_out(r, registration);
	if (entry)
		old = forget_view(r);
	pthread_mutex_unlock(&r->lock);
	registered_drop(&old);
	if (entry)
		entry_drop(entry);
	return entry != NULL;
}

void tt_reset(const tt_bot *bot)
{
	struct registered *r = registered_of(bot);
	pthread_mutex_lock(&r->lock);
	struct entry *list = r->first;
	for (struct entry *entry = list; entry; entry = entry->next)
		entry->is_gone = true;
	r->first = NULL;
	r->end = &r->first;
	r->live[COMMAND] = r->live[REACTION] = 0;
	struct registered_view *old = forget_view(r);
	pthread_mutex_unlock(&r->lock);
	registered_drop(&old);
	for (struct entry *next; list; list = next) {
		next = list->next;
		entry_drop(list);
	}
}

/* As C has it, which is what export_bot() takes. */
static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool is_digit = c >= '0' && c <= '9';
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
		if (!is_letter && !(is_digit && i > 0) && !((unsigned char)c & 0x80))
			return false;
	}
	return name.n > 0;
}

tt_bot *tt_bot_new_at(const char *name, const char *about, const char *file, int line)
{
	struct made_bot *made = mem_zero(sizeof *made);
	made->bot = (tt_bot){.abi = TT_ABI,
			     .line = line,
			     .file = arena_str(&made->texts, str_c(file)).p,
			     .name = arena_str(&made->texts, str_c(name)).p,
			     .about = arena_str(&made->texts, str_c(about)).p,
			     .is_off = &made->is_off};
	if (!is_name(str_c(name)))
		buf_addf(&registered_of(&made->bot)->faults,
			 "%s:%d: error: \"%s\" is no name of a module: letters, digits and _, no "
			 "digit first\n",
			 made->bot.file, line, name ? name : "");
	return &made->bot;
}

static void forget(const tt_bot *bot)
{
	pthread_mutex_lock(&all_lock);
	struct registered **at = &all;
	while (*at && (*at)->bot != bot)
		at = &(*at)->next;
	struct registered *r = *at;
	if (r)
		*at = r->next;
	pthread_mutex_unlock(&all_lock);
	if (!r)
		return;
	buf_done(&r->faults);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void tt_bot_free(tt_bot *bot)
{
	if (!bot)
		return;
	tt_reset(bot);
	forget(bot);
	struct made_bot *made = (struct made_bot *)bot;
	arena_done(&made->texts);
	free(made);
}
