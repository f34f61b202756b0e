#include "bot/registry.h"

#include "bot/emoji.h"
#include "bot/register.h"
#include "proto/discord.h"

#include <errno.h>
#include <stdlib.h>

enum { EVENT_NAME_MAX = 80 }; /* the ids of a topic take the rest of its 128 bytes */

/* file NULL: nowhere. */
static void fault(struct registry *registry, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void fault(struct registry *registry, const char *file, int line, const char *fmt, ...)
{
	va_list args;
	if (file)
		buf_addf(&registry->faults, "%s:%d: ", file, line);
	buf_adds(&registry->faults, STR("error: "));
	va_start(args, fmt);
	buf_addv(&registry->faults, fmt, args);
	va_end(args);
	buf_addc(&registry->faults, '\n');
}

static int by_place(const void *a, const void *b)
{
	const struct tt_route *x = *(const struct tt_route *const *)a;
	const struct tt_route *y = *(const struct tt_route *const *)b;
	int file = strcmp(x->file, y->file);
	if (file || x->line != y->line)
		return file ? file : x->line > y->line ? 1 : -1;
	return (x->nth > y->nth) - (x->nth < y->nth);
}

/* True if name is one of the words in "echo, add". */
static bool is_listed(const char *list, const char *name)
{
	struct str rest = str_c(list);
	while (rest.n > 0)
		if (str_eq(str_trim(str_cut(&rest, ',')), str_c(name)))
			return true;
	return false;
}

static bool has_handler(const struct module *module, struct str name)
{
	for (size_t i = 0; i < module->n; i++)
		if (str_eq(str_c(module->route[i]->handler), name))
			return true;
	return false;
}

/* The list of export_bot() and the annotations say the same. */
static void check_list(struct registry *registry, const struct module *module)
{
	const tt_bot *bot = module->bot;
	for (size_t i = 0; i < module->n; i++) {
		const struct tt_route *route = module->route[i];
		if (!is_listed(bot->listed, route->handler))
			fault(registry, route->file, route->line,
			      "%s is annotated, but export_bot(%s, ...) does not list it",
			      route->handler, bot->name);
	}
	for (struct str rest = str_c(bot->listed); rest.n > 0;) {
		struct str name = str_trim(str_cut(&rest, ','));
		if (!has_handler(module, name))
			fault(registry, bot->file, bot->line,
			      "export_bot(%s, ...) lists %.*s, which has no annotation line",
			      bot->name, STR_FMT(name));
	}
}

/* The file with export_bot() names the part, so a linker takes it from an archive, too. */
static bool is_part_named(const tt_bot *bot, const char *part)
{
	for (const struct tt_route *const *at = bot->first; at && at < bot->last; at++)
		if (*at && (*at)->parts && str_eq(str_c((*at)->file), str_c(bot->file)) &&
		    is_listed((*at)->parts, part))
			return true;
	return false;
}

static void check_parts(struct registry *registry, const tt_bot *bot)
{
	for (const struct tt_route *const *at = bot->first; at && at < bot->last; at++)
		if (*at && (*at)->part && !is_part_named(bot, (*at)->part))
			fault(registry, (*at)->file, (*at)->line,
			      "%s is a part of %s, but %s, where export_bot(%s, ...) stands, has "
			      "no bot_parts(%s): from a static archive it would not be linked",
			      (*at)->part, bot->name, bot->file, bot->name, (*at)->part);
}

static void collect(struct registry *registry, struct module *module)
{
	const tt_bot *bot = module->bot;
	struct str event;
	size_t room = bot->first ? (size_t)(bot->last - bot->first) : 0;
	bool may_be_empty = !bot->first || registered_event(module->registered, 0, &event);
	module->route = mem_new(room * sizeof(struct tt_route *) + 1);
	for (const struct tt_route *const *at = bot->first; at && at < bot->last; at++) {
		if (*at && (*at)->abi != TT_ABI)
			fault(registry, bot->file, bot->line,
			      "%s was compiled for another version of tutti", bot->name);
		else if (*at && ((*at)->event || (*at)->module)) /* else it makes the section */
			module->route[module->n++] = *at;
	}
	qsort(module->route, module->n, sizeof(struct tt_route *), by_place);
	if (bot->listed)
		check_list(registry, module);
	check_parts(registry, bot);
	if (module->n == 0 && !may_be_empty)
		fault(registry, bot->file, bot->line,
		      "%s has no route: no annotation line was compiled with #define BOT %s",
		      bot->name, bot->name);
}

static decode_fn *decode_of(const char *event)
{
	decode_fn *decode = decode_for(str_c(event));
	return decode ? decode : decode_nothing;
}

static struct event_routes *routes_for(struct module *module, const char *event)
{
	for (size_t i = 0; i < module->events; i++)
		if (str_eq(module->event[i].event, str_c(event)))
			return &module->event[i];
	struct event_routes *routes = &module->event[module->events++];
	*routes = (struct event_routes){
		.event = str_c(event),
		.decode = decode_of(event),
		.route = mem_new(module->n * sizeof(struct tt_route *)),
		.patterns = route_set_new(),
	};
	return routes;
}

/* Names the table of events does not have are Discord's newest, or typing errors. */
static void warn_unknown(struct registry *registry, const struct tt_route *route)
{
	struct str near = event_nearest(str_c(route->event));
	buf_addf(&registry->warnings,
		 "%s:%d: warning: %s is not in Discord's list of events as tutti knows it%s%.*s\n",
		 route->file, route->line, route->event, near.n ? "; did you mean " : "",
		 STR_FMT(near));
}

static void check_event(struct registry *registry, const struct tt_route *route)
{
	struct str name = str_c(route->event);
	size_t good = strspn(route->event, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
	if (name.n == 0 || good != name.n || name.n > EVENT_NAME_MAX)
		fault(registry, route->file, route->line,
		      "\"%s\" is no name of an event: 1 to %d capitals, digits and _", route->event,
		      EVENT_NAME_MAX);
	else if (!event_by_name(name) && !decode_for(name))
		warn_unknown(registry, route);
}

static int check_emojis(const struct tt_route *route, struct why *why)
{
	struct why bad;
	if (!str_starts(str_c(route->event), STR("MESSAGE_REACTION_")))
		return why_set(why, -EINVAL, "%s has no emoji, only a reaction has", route->event);
	if (emoji_check(route->with.emoji, &bad) < 0)
		return why_set(why, -EINVAL, "%s in the emojis of %s", bad.text, route->handler);
	return 0;
}

int route_check(const struct tt_route *route, unsigned groups, struct why *why)
{
	if (groups != route->n_captures)
		return why_set(why, -EINVAL,
			       "the pattern \"%s\" has %u group%s, but %s takes %u capture%s",
			       route->with.pattern ? route->with.pattern : "", groups,
			       groups == 1 ? "" : "s", route->handler, route->n_captures,
			       route->n_captures == 1 ? "" : "s");
	return route->with.emoji ? check_emojis(route, why) : 0;
}

/* No event: kept apart. */
static void add_on_error(struct registry *registry, struct module *module,
			 const struct tt_route *route)
{
	if (module->on_error)
		fault(registry, route->file, route->line,
		      "a second on_error() in %s; the first is %s in line %d", module->bot->name,
		      module->on_error->handler, module->on_error->line);
	module->on_error = route;
}

static bool is_twin(const struct tt_route *a, const struct tt_route *b)
{
	return !a->with.emoji && !b->with.emoji && a->with.from_bots == b->with.from_bots &&
	       str_eq(str_c(a->with.pattern), str_c(b->with.pattern)) &&
	       str_eq(str_c(a->types), str_c(b->types));
}

/* It may be meant so, where the first passes some on. */
static void warn_twin(struct registry *registry, const struct event_routes *routes,
		      const struct tt_route *route)
{
	for (size_t i = 0; i < routes->n && !route->is_raw && route->with.pattern; i++) {
		const struct tt_route *first = routes->route[i];
		if (first->is_raw || !first->with.pattern || !is_twin(first, route))
			continue;
		buf_addf(&registry->warnings,
			 "%s:%d: warning: the pattern \"%s\" of %s is also that of %s, %s:%d: what "
			 "that one takes does not come here\n",
			 route->file, route->line, route->with.pattern, route->handler,
			 first->handler, first->file, first->line);
		return;
	}
}

static void add_route(struct registry *registry, struct module *module,
		      const struct tt_route *route)
{
	if (!route->is_raw && str_eq(str_c(route->event), STR("TUTTI_ERROR"))) {
		add_on_error(registry, module, route);
		return;
	}
	struct event_routes *routes = routes_for(module, route->event);
	const char *pattern = route->is_raw ? NULL : route->with.pattern;
	struct why why;
	int index = route_set_add(routes->patterns, str_c(pattern), &why);
	if (index < 0) {
		fault(registry, route->file, route->line, "%s in the pattern \"%s\" of %s",
		      why.text, pattern, route->handler);
		return;
	}
	if (route_check(route, route_set_groups(routes->patterns, (size_t)index), &why) < 0)
		fault(registry, route->file, route->line, "%s", why.text);
	check_event(registry, route);
	warn_twin(registry, routes, route);
	routes->route[routes->n++] = route;
}

static int index_of(const struct registry *registry, const tt_bot *bot)
{
	for (size_t i = 0; i < registry->n; i++)
		if (registry->module[i].bot == bot)
			return (int)i;
	return -1;
}

/* The route is a use_module() in module number user. */
static void add_used(struct registry *registry, int user, const struct tt_route *route);

static void add_module(struct registry *registry, const tt_bot *bot, int parent)
{
	int self = (int)registry->n++;
	registry->module = mem_grow(registry->module, registry->n * sizeof *registry->module);
	struct module *module = &registry->module[self];
	*module = (struct module){.bot = bot, .registered = registered_of(bot), .parent = parent};
	if (bot->abi != TT_ABI) {
		fault(registry, NULL, 0, "a module was compiled for another version of tutti");
		return;
	}
	registered_faults(module->registered, &registry->faults);
	collect(registry, module);
	module->event = mem_zero((module->n + 1) * sizeof *module->event);
	for (size_t i = 0; i < module->n; i++)
		if (!module->route[i]->module)
			add_route(registry, module, module->route[i]);
	for (size_t i = 0; i < module->events; i++)
		route_set_seal(module->event[i].patterns);
	for (size_t i = 0; i < registry->module[self].n; i++)
		add_used(registry, self, registry->module[self].route[i]);
}

static void add_used(struct registry *registry, int user, const struct tt_route *route)
{
	if (!route->module)
		return;
	for (int at = user; at >= 0; at = registry->module[at].parent)
		if (registry->module[at].bot == route->module) {
			fault(registry, route->file, route->line, "%s uses itself%s",
			      route->handler, at == user ? "" : " through others");
			return;
		}
	if (index_of(registry, route->module) < 0)
		add_module(registry, route->module, user);
}

void registry_init(struct registry *registry, const tt_bot *const *bots)
{
	*registry = (struct registry){0};
	for (; bots && *bots; bots++)
		if (index_of(registry, *bots) < 0)
			add_module(registry, *bots, -1);
	registered_faults(registered_of(NULL), &registry->faults); /* tt_register(NULL, ...) */
	if (registry->n == 0)
		fault(registry, NULL, 0, "no module was given: serve(BOTS(&my_bot), ...)");
}

void registry_done(struct registry *registry)
{
	for (size_t m = 0; m < registry->n; m++) {
		struct module *module = &registry->module[m];
		for (size_t i = 0; i < module->events; i++) {
			free(module->event[i].route);
			route_set_free(&module->event[i].patterns);
		}
		free(module->event);
		free(module->route);
	}
	free(registry->module);
	buf_done(&registry->faults);
	buf_done(&registry->warnings);
}

size_t registry_routes(const struct registry *registry)
{
	size_t n = 0;
	for (size_t m = 0; m < registry->n; m++)
		for (size_t i = 0; i < registry->module[m].n; i++)
			n += !registry->module[m].route[i]->module;
	return n;
}

static bool is_off(const tt_bot *bot)
{
	return bot->is_off && __atomic_load_n(bot->is_off, __ATOMIC_ACQUIRE);
}

bool registry_is_on(const struct registry *registry, const struct module *module)
{
	while (!is_off(module->bot)) {
		if (module->parent < 0)
			return true;
		module = &registry->module[module->parent];
	}
	return false;
}

void tt_enable(const tt_bot *module, bool is_on)
{
	if (module && module->is_off)
		__atomic_store_n(module->is_off, !is_on, __ATOMIC_RELEASE);
}

bool tt_is_enabled(const tt_bot *module)
{
	return module && !is_off(module);
}

const struct event_routes *module_routes(const struct module *module, struct str event)
{
	for (size_t i = 0; i < module->events; i++)
		if (str_eq(module->event[i].event, event))
			return &module->event[i];
	return NULL;
}

bool registry_wants(const struct registry *registry, struct str event)
{
	for (size_t m = 0; m < registry->n; m++)
		if (module_routes(&registry->module[m], event) ||
		    registered_wants(registry->module[m].registered, event))
			return true;
	return false;
}

/* The events of all modules in a row, some of them more than once. */
static bool event_at(const struct registry *registry, size_t place, struct str *event)
{
	for (size_t m = 0; m < registry->n; m++) {
		const struct module *module = &registry->module[m];
		if (place < module->events) {
			*event = module->event[place].event;
			return true;
		}
		place -= module->events;
		for (size_t i = 0; registered_event(module->registered, i, event); i++)
			if (place-- == 0)
				return true;
	}
	return false;
}

bool registry_next_event(const struct registry *registry, size_t *at, struct str *event)
{
	struct str before;
	while (event_at(registry, (*at)++, event)) {
		bool is_new = true;
		for (size_t i = 0; i + 1 < *at && event_at(registry, i, &before); i++)
			is_new &= !str_eq(before, *event);
		if (is_new)
			return true;
	}
	return false;
}

/* The pattern, then the emojis. */
static void print_trigger(struct buf *out, const struct tt_route *route)
{
	const struct tt_with *with = &route->with;
	struct buf text = {0};
	buf_adds(&text, route->is_raw ? STR("") : str_c(with->pattern));
	for (const char *const *e = with->emoji; e && *e; e++)
		buf_addf(&text, "%s%s", text.n ? " " : "", *e);
	buf_addf(out, "%-24.*s ", STR_FMT(buf_str(&text)));
	buf_done(&text);
}

static void print_route(struct buf *out, const struct tt_route *r)
{
	buf_addf(out, "  %-20s ", r->module ? "use_module" : r->event);
	print_trigger(out, r);
	buf_addf(out, "%-16s %-12s %s:%d%s%s%s\n", *r->types ? r->types + 1 : "-", r->handler,
		 r->file, r->line, r->with.from_bots ? "  from bots too" : "",
		 r->with.help ? "  " : "", r->with.help ? r->with.help : "");
}

static void print_registered(struct buf *out, struct registered *registered)
{
	struct registered_view *view = registered_take(registered);
	struct str event;
	for (size_t i = 0; registered_event(registered, i, &event); i++) {
		const struct event_routes *routes;
		for (size_t at = 0; (routes = registered_next(view, event, &at));)
			for (size_t n = 0; n < routes->n; n++)
				print_route(out, routes->route[n]);
	}
	registered_drop(&view);
}

void registry_print(const struct registry *registry, struct buf *out)
{
	for (size_t m = 0; m < registry->n; m++) {
		const struct module *module = &registry->module[m];
		buf_addf(out, "%s: %s", module->bot->name, module->bot->about);
		if (module->parent >= 0)
			buf_addf(out, " (used by %s)", registry->module[module->parent].bot->name);
		buf_addc(out, '\n');
		for (size_t i = 0; i < module->n; i++)
			print_route(out, module->route[i]);
		print_registered(out, module->registered);
	}
}
