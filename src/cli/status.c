/* tutti status: what the roles count, out of the files they count in. Asks nobody. */
#include "base/json.h"
#include "base/metric.h"
#include "cli/arguments.h"
#include "cli/tool.h"

#include <errno.h>
#include <stdio.h>
#include <sysexits.h>
#include <time.h>

static const char *const roles[] = {
	"parent",
#define ROLE(name, wants_token, is_limited) #name,
#include "net/roles.def"
#undef ROLE
};
enum { ROLES = sizeof roles / sizeof *roles };

struct status {
	struct place place;
	struct metric_view view[ROLES];
	struct why why[ROLES];
	bool is_open[ROLES];
};

static bool is_of(const struct metric_info *metric, const char *role)
{
	struct str name = str_c(metric->name), prefix = str_c(role);
	return str_starts(name, prefix) && name.p[prefix.n] == '_';
}

static uint64_t value(const struct metric_view *view, size_t i)
{
	return atomic_load_explicit(&view->values[i], memory_order_relaxed);
}

/* 1234567 as 1,234,567. */
static const char *grouped(char out[static 32], uint64_t n)
{
	char digits[24];
	int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	char *w = out;
	for (int i = 0; i < count; i++) {
		if (i && (count - i) % 3 == 0)
			*w++ = ',';
		*w++ = digits[i];
	}
	*w = 0;
	return out;
}

/* "3d 4h", "4h 7m", "7m 12s", "12s". */
static const char *age(char out[static 32], uint64_t since_us)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t then = since_us / 1000000, s = (uint64_t)now.tv_sec;
	s = s > then ? s - then : 0;
	if (s >= 86400)
		snprintf(out, 32, "%llud %lluh", (unsigned long long)(s / 86400),
			 (unsigned long long)(s / 3600 % 24));
	else if (s >= 3600)
		snprintf(out, 32, "%lluh %llum", (unsigned long long)(s / 3600),
			 (unsigned long long)(s / 60 % 60));
	else if (s >= 60)
		snprintf(out, 32, "%llum %llus", (unsigned long long)(s / 60),
			 (unsigned long long)(s % 60));
	else
		snprintf(out, 32, "%llus", (unsigned long long)s);
	return out;
}

static void show_role(const struct status *s, size_t role)
{
	const struct metric_view *view = &s->view[role];
	char up[32];
	if (!s->is_open[role])
		printf("%-8s  %s\n", roles[role],
		       s->why[role].code == -ENOENT ? "-" : s->why[role].text);
	else if (view->is_alive)
		printf("%-8s  runs   pid %-8llu for %s\n", roles[role],
		       (unsigned long long)view->pid, age(up, view->started_us));
	else
		printf("%-8s  ended  pid %-8llu started %s ago\n", roles[role],
		       (unsigned long long)view->pid, age(up, view->started_us));
}

static void show_counters(const struct status *s, size_t role)
{
	size_t skip = strlen(roles[role]) + 1;
	bool has_title = false;
	char number[32];
	for (size_t i = 0; i < METRICS; i++) {
		uint64_t n = value(&s->view[role], i);
		if (!n || !is_of(&metric_table[i], roles[role]))
			continue;
		if (!has_title)
			printf("\n%s\n", roles[role]);
		has_title = true;
		printf("  %-18s %15s  %s\n", metric_table[i].name + skip, grouped(number, n),
		       metric_table[i].help);
	}
}

static void show(const struct status *s)
{
	printf("tutti %s  port %u  %s\n\n", TT_VERSION, s->place.port, s->place.run_dir);
	for (size_t i = 0; i < ROLES; i++)
		show_role(s, i);
	for (size_t i = 0; i < ROLES; i++)
		if (s->is_open[i])
			show_counters(s, i);
}

static void json_role(struct buf *out, const struct status *s, size_t role)
{
	const struct metric_view *view = &s->view[role];
	bool more = false;
	buf_addf(out,
		 "{\"role\":\"%s\",\"alive\":%s,\"pid\":%llu,\"started_us\":%llu,\"metrics\":{",
		 roles[role], view->is_alive ? "true" : "false", (unsigned long long)view->pid,
		 (unsigned long long)view->started_us);
	for (size_t i = 0; i < METRICS; i++) {
		if (!is_of(&metric_table[i], roles[role]))
			continue;
		buf_addf(out, "%s\"%s\":%llu", more ? "," : "", metric_table[i].name,
			 (unsigned long long)value(view, i));
		more = true;
	}
	buf_adds(out, STR("}}"));
}

static void show_json(const struct status *s)
{
	struct buf out = {0};
	bool more = false;
	buf_addf(&out, "{\"version\":\"%s\",\"port\":%u,\"run_dir\":", TT_VERSION, s->place.port);
	json_add_str(&out, str_c(s->place.run_dir));
	buf_adds(&out, STR(",\"roles\":["));
	for (size_t i = 0; i < ROLES; i++) {
		if (!s->is_open[i])
			continue;
		if (more)
			buf_addc(&out, ',');
		more = true;
		json_role(&out, s, i);
	}
	buf_adds(&out, STR("]}\n"));
	fwrite(out.p, 1, out.n, stdout);
	buf_done(&out);
}

static bool look(struct status *s)
{
	bool is_any_alive = false;
	for (size_t i = 0; i < ROLES; i++) {
		s->is_open[i] =
			metric_view_open(&s->view[i], s->place.run_dir, roles[i], &s->why[i]) == 0;
		is_any_alive |= s->is_open[i] && s->view[i].is_alive;
	}
	return is_any_alive;
}

int status_main(int argc, char **argv)
{
	static struct status s;
	struct arguments arguments;
	int status = arguments_read(&arguments, argc, argv);
	if (status)
		return status;
	if (arguments.help)
		return arguments_usage(
			"status",
			"Of the tuttid on this host, at --port, else zmq.port: it reads files. Of "
			"another, ask there.\n"
			"Ends with 0 where a role runs, else 75.\n");
	status = place_find(&s.place, &arguments);
	if (status)
		return status;
	bool is_any_alive = look(&s);
	if (arguments.json)
		show_json(&s);
	else
		show(&s);
	if (!is_any_alive)
		fprintf(stderr, "\nno role of tuttid runs here\n");
	for (size_t i = 0; i < ROLES; i++)
		if (s.is_open[i])
			metric_view_close(&s.view[i]);
	place_done(&s.place);
	return is_any_alive ? 0 : EX_TEMPFAIL;
}
