#include "sandbox/report.h"

#include "base/json.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* Nobody reads any more: no reason to end, the bots are still served. */
static void put(struct str text)
{
	while (text.n) {
		ssize_t n = write(STDOUT_FILENO, text.p, text.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		text = str_of(text.p + n, text.n - (size_t)n);
	}
}

struct buf *report_begin(struct report *r, const char *what)
{
	if (!r->is_json && !r->fn)
		return NULL;
	r->line.n = 0;
	buf_addf(&r->line, "{\"what\":\"%s\"", what);
	return &r->line;
}

void report_end(struct report *r)
{
	buf_addc(&r->line, '}');
	if (r->fn)
		r->fn(r->arg, buf_str(&r->line));
	buf_addc(&r->line, '\n');
	if (r->is_json)
		put(buf_str(&r->line));
}

/* Control characters of a message must not reach the terminal. */
static void add_plain(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		buf_addc(out, (unsigned char)text.p[i] < ' ' || text.p[i] == 127 ? ' ' : text.p[i]);
}

static void line_start(struct report *r)
{
	r->line.n = 0;
	if (r->has_prompt)
		buf_adds(&r->line, STR("\r\033[K"));
	r->has_prompt = false;
}

static void line_end(struct report *r)
{
	buf_addc(&r->line, '\n');
	put(buf_str(&r->line));
	report_prompt(r);
}

void report_talk(struct report *r, struct str name, struct str text)
{
	if (r->is_json)
		return;
	line_start(r);
	if (r->is_terminal) {
		char clock[16];
		time_t now = time(NULL);
		struct tm tm;
		localtime_r(&now, &tm);
		strftime(clock, sizeof clock, "%H:%M:%S", &tm);
		buf_addf(&r->line, "\033[2m%s\033[0m \033[1m%.*s\033[0m  ", clock, STR_FMT(name));
	} else {
		buf_addf(&r->line, "%.*s: ", STR_FMT(name));
	}
	add_plain(&r->line, text);
	line_end(r);
}

void report_note(struct report *r, const char *fmt, ...)
{
	va_list args;
	if (r->is_json || !r->is_terminal)
		return;
	line_start(r);
	buf_adds(&r->line, STR("\033[2m         * "));
	va_start(args, fmt);
	buf_addv(&r->line, fmt, args);
	va_end(args);
	buf_adds(&r->line, STR("\033[0m"));
	line_end(r);
}

void report_text(struct report *r, const char *what, struct str text)
{
	struct buf *o = report_begin(r, what);
	if (o) {
		buf_adds(o, STR(",\"text\":"));
		json_add_str(o, text);
		report_end(r);
	}
	if (r->is_json)
		return;
	line_start(r);
	buf_adds(&r->line, text);
	line_end(r);
}

void report_members(struct report *r, const char *what, struct str members)
{
	struct buf *o = report_begin(r, what);
	if (o) {
		buf_addc(o, ',');
		buf_adds(o, members);
		report_end(r);
	}
	if (r->is_json)
		return;
	line_start(r);
	buf_addf(&r->line, "{%.*s}", STR_FMT(members));
	line_end(r);
}

void report_prompt(struct report *r)
{
	if (!r->is_terminal || r->is_json)
		return;
	line_start(r);
	buf_addf(&r->line, "#%s> ", r->channel);
	put(buf_str(&r->line));
	r->has_prompt = true;
}
