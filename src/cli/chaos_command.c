#include "cli/chaos.h"

#include "sandbox/script.h"

#include <errno.h>
#include <string.h>

#define ARGS struct chaos *chaos, const struct script_line *line, struct why *why

static bool number(const struct script_line *line, const char *key, uint64_t most, uint64_t *out,
		   struct why *why)
{
	if (!script_u64(line, key, out, why))
		return false;
	if (*out <= most)
		return true;
	why_set(why, -EINVAL, "%s is above %llu", key, (unsigned long long)most);
	return false;
}

static void say_fault(struct chaos *chaos, const char *kind, const struct chaos_link *link,
		      unsigned conn)
{
	struct buf *o = report_begin(&chaos->report, "fault");
	buf_addf(o, ",\"kind\":\"%s\",\"link\":\"%s\"", kind, link->name);
	if (conn)
		buf_addf(o, ",\"conn\":%u", conn);
	report_end(&chaos->report);
}

static bool is_meant(const struct script_line *line, const struct chaos_link *link)
{
	struct str name = script_get(line, "link");
	return name.n == 0 || str_eq(name, str_c(link->name));
}

static int check_link(ARGS)
{
	struct str name = script_get(line, "link");
	if (name.n == 0 || chaos_link_find(chaos, name))
		return 0;
	return why_set(why, -ENOENT, "no link %.*s", STR_FMT(name));
}

/* What a fault does. */

static void cut(struct chaos_conn *conn)
{
	chaos_cut(conn, "chaos");
}

static void flip(struct chaos_link *link)
{
	link->ways.flip++;
}

static void refuse(struct chaos_link *link)
{
	link->ways.refuse++;
}

/* One of the two is there. */
static const struct fault {
	const char *name;
	void (*conn)(struct chaos_conn *conn);
	void (*link)(struct chaos_link *link);
} faults[] = {{"cut", cut, NULL},
	      {"half", chaos_half, NULL},
	      {"flip", NULL, flip},
	      {"refuse", NULL, refuse}};
enum { CUT, HALF, FAULTS = sizeof faults / sizeof *faults };

static void strike(struct chaos *chaos, const struct fault *fault, struct chaos_link *link,
		   struct chaos_conn *conn)
{
	say_fault(chaos, fault->name, link, conn ? conn->number : 0);
	if (conn)
		fault->conn(conn);
	else
		fault->link(link);
}

static int each_conn(ARGS, const struct fault *fault)
{
	uint64_t conn = 0;
	int error = check_link(chaos, line, why);
	if (error < 0)
		return error;
	if (!script_u64(line, "conn", &conn, why))
		return -EINVAL;
	for (struct chaos_link *link = chaos->links; link; link = link->next)
		for (struct chaos_conn *c = link->conns; c; c = c->next) {
			if (!is_meant(line, link) || c->is_dead || (conn && conn != c->number))
				continue;
			strike(chaos, fault, link, c);
		}
	return 0;
}

static int cmd_cut(ARGS)
{
	return each_conn(chaos, line, why, &faults[CUT]);
}

static int cmd_half(ARGS)
{
	return each_conn(chaos, line, why, &faults[HALF]);
}

/* Bytes that wait are looked at again: a delay may have gone. */
static void look_again(struct chaos_link *link)
{
	for (struct chaos_conn *c = link->conns; c; c = c->next)
		for (int i = 0; i < 2; i++)
			chaos_flow_step(&c->flow[i]);
}

/* Sets one or two numbers of every link that is meant. */
static int set(ARGS, const char *kind, const char *key, size_t at, const char *second, size_t at2)
{
	uint64_t value = 0, value2 = 0;
	int error = check_link(chaos, line, why);
	if (error < 0)
		return error;
	if (!script_has(line, key))
		return why_set(why, -EINVAL, "%s is missing", key);
	if (!number(line, key, UINT32_MAX, &value, why) ||
	    (second && !number(line, second, UINT32_MAX, &value2, why)))
		return -EINVAL;
	for (struct chaos_link *link = chaos->links; link; link = link->next) {
		if (!is_meant(line, link))
			continue;
		memcpy((char *)&link->ways + at, &value, sizeof value);
		if (second)
			memcpy((char *)&link->ways + at2, &value2, sizeof value2);
		say_fault(chaos, kind, link, 0);
		look_again(link);
	}
	return 0;
}

#define AT(field) offsetof(struct chaos_ways, field)

static int cmd_delay(ARGS)
{
	return set(chaos, line, why, "delay", "ms", AT(delay_ms), "jitter_ms", AT(jitter_ms));
}

static int cmd_slow(ARGS)
{
	return set(chaos, line, why, "slow", "bytes", AT(slow), NULL, 0);
}

static int cmd_split(ARGS)
{
	return set(chaos, line, why, "split", "bytes", AT(split), NULL, 0);
}

static int cmd_flip(ARGS)
{
	return set(chaos, line, why, "flip", "count", AT(flip), NULL, 0);
}

static int cmd_refuse(ARGS)
{
	return set(chaos, line, why, "refuse", "times", AT(refuse), NULL, 0);
}

static int cmd_way(ARGS)
{
	bool is_up = true, is_down = true;
	int error = check_link(chaos, line, why);
	if (error < 0)
		return error;
	if (!script_bool(line, "up", &is_up, why) || !script_bool(line, "down", &is_down, why))
		return -EINVAL;
	for (struct chaos_link *link = chaos->links; link; link = link->next)
		if (is_meant(line, link)) {
			link->ways.is_up = is_up;
			link->ways.is_down = is_down;
		}
	return 0;
}

static int cmd_calm(ARGS)
{
	int error = check_link(chaos, line, why);
	for (struct chaos_link *link = chaos->links; error == 0 && link; link = link->next) {
		if (!is_meant(line, link))
			continue;
		link->ways = (struct chaos_ways){.is_up = true, .is_down = true};
		say_fault(chaos, "calm", link, 0);
		look_again(link);
	}
	return error;
}

static int cmd_link(ARGS)
{
	uint64_t to = 0, port = 0;
	struct str name = script_get(line, "name");
	if (!number(line, "to", 65535, &to, why) || !number(line, "port", 65535, &port, why))
		return -EINVAL;
	if (name.n == 0 || name.n > 31 || to == 0)
		return why_set(why, -EINVAL,
			       "a link has a name of at most 31 letters, and to=PORT");
	for (size_t i = 0; i < name.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", name.p[i]))
			return why_set(why, -EINVAL, "a name has small letters, digits, - and _");
	if (chaos_link_find(chaos, name))
		return why_set(why, -EEXIST, "link %.*s is there", STR_FMT(name));
	struct chaos_link *link = chaos_link_new(chaos, name, (unsigned)port, (unsigned)to, why);
	if (!link)
		return -EIO;
	struct buf *o = report_begin(&chaos->report, "listening");
	buf_addf(o, ",\"link\":\"%s\",\"port\":%u,\"to\":%u", link->name, link->port, link->target);
	report_end(&chaos->report);
	return 0;
}

/* The storm: one fault each so often, the link and the connection by the seed. */

static void strike_any_conn(struct chaos *chaos, const struct fault *fault)
{
	uint64_t n = 0, chosen;
	for (struct chaos_link *link = chaos->links; link; link = link->next)
		for (struct chaos_conn *c = link->conns; c; c = c->next)
			n += !c->is_dead && !c->is_half;
	if (n == 0)
		return;
	chosen = chaos_random(chaos, n);
	for (struct chaos_link *link = chaos->links; link; link = link->next)
		for (struct chaos_conn *c = link->conns; c; c = c->next) {
			if (c->is_dead || c->is_half || chosen--)
				continue;
			strike(chaos, fault, link, c);
			return;
		}
}

static void strike_any_link(struct chaos *chaos, const struct fault *fault)
{
	uint64_t n = 0;
	for (struct chaos_link *link = chaos->links; link; link = link->next)
		n++;
	struct chaos_link *link = chaos->links;
	if (!link)
		return;
	for (uint64_t i = chaos_random(chaos, n); i && link->next; i--)
		link = link->next;
	strike(chaos, fault, link, NULL);
}

static bool is_in_storm(const struct chaos *chaos, const char *kind)
{
	struct str rest = buf_str(&chaos->storm_kinds);
	if (rest.n == 0)
		return true;
	while (rest.n)
		if (str_eq(str_cut(&rest, ','), str_c(kind)))
			return true;
	return false;
}

void chaos_storm_tick(void *arg)
{
	struct chaos *chaos = arg;
	size_t all[FAULTS], n = 0;
	for (size_t i = 0; i < FAULTS; i++)
		if (is_in_storm(chaos, faults[i].name))
			all[n++] = i;
	if (n) {
		const struct fault *fault = &faults[all[chaos_random(chaos, n)]];
		if (fault->conn)
			strike_any_conn(chaos, fault);
		else
			strike_any_link(chaos, fault);
	}
	/* between half and one and a half of the pause */
	loop_timer_in(chaos->storm,
		      (chaos->storm_ms / 2 + chaos_random(chaos, chaos->storm_ms + 1)) * 1000);
}

static int cmd_storm(ARGS)
{
	uint64_t ms = 0;
	struct str rest = script_get(line, "kinds");
	if (!number(line, "every_ms", UINT32_MAX, &ms, why))
		return -EINVAL;
	chaos->storm_kinds.n = 0;
	buf_adds(&chaos->storm_kinds, rest);
	while (rest.n) {
		struct str word = str_cut(&rest, ',');
		bool is_known = false;
		for (size_t i = 0; i < FAULTS; i++)
			is_known |= str_eq(word, str_c(faults[i].name));
		if (!is_known)
			return why_set(why, -EINVAL, "no kind of storm: %.*s", STR_FMT(word));
	}
	chaos->storm_ms = ms;
	loop_timer_stop(chaos->storm);
	if (ms)
		loop_timer_in(chaos->storm, ms * 1000);
	return 0;
}

static int cmd_state(ARGS)
{
	struct buf *o = report_begin(&chaos->report, "state");
	const char *comma = "";
	(void)line, (void)why;
	buf_adds(o, STR(",\"links\":["));
	for (struct chaos_link *link = chaos->links; link; link = link->next) {
		unsigned n = 0, half = 0;
		for (struct chaos_conn *c = link->conns; c; c = c->next) {
			n += !c->is_dead;
			half += !c->is_dead && c->is_half;
		}
		buf_addf(o, "%s{\"link\":\"%s\",\"port\":%u,\"conns\":%u,\"half\":%u}", comma,
			 link->name, link->port, n, half);
		comma = ",";
	}
	buf_addc(o, ']');
	report_end(&chaos->report);
	return 0;
}

static int cmd_help(ARGS);

static int cmd_quit(ARGS)
{
	(void)line, (void)why;
	loop_stop(chaos->loop);
	return 0;
}

static const struct {
	struct str verb;
	int (*fn)(ARGS);
	struct str usage, help;
} commands[] = {
#define COMMAND(verb, usage, help) {STR_INIT(#verb), cmd_##verb, STR_INIT(usage), STR_INIT(help)},
#include "cli/chaos_commands.def"
#undef COMMAND
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static int cmd_help(ARGS)
{
	struct buf text = {0};
	(void)line, (void)why;
	for (size_t i = 0; i < COMMANDS; i++)
		buf_addf(&text, "/%.*s %.*s: %.*s\n", STR_FMT(commands[i].verb),
			 STR_FMT(commands[i].usage), STR_FMT(commands[i].help));
	report_text(&chaos->report, "help", buf_str(&text));
	buf_done(&text);
	return 0;
}

static int obey(ARGS)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (str_eq(commands[i].verb, line->verb))
			return commands[i].fn(chaos, line, why);
	return why_set(why, -ENOENT, "no command /%.*s; /help lists them",
		       (int)(line->verb.n > 40 ? 40 : line->verb.n), line->verb.p);
}

void chaos_obey(struct chaos *chaos, struct str text)
{
	struct why why = {0};
	struct script_line line;
	if (text.n == 0)
		return;
	int error = script_parse(&line, text, chaos->json, &why);
	if (error == 0) {
		error = obey(chaos, &line, &why);
		script_done(&line);
	}
	if (error < 0)
		report_text(&chaos->report, "error", str_c(why.text));
}
