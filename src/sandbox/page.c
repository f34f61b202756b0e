#include "sandbox/page.h"

#include "sandbox/command.h"
#include "sandbox/page_files.h"
#include "sandbox/page_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The page loads its own files and nothing else; what a message says can run nothing. */
static const char policy[] = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src "
			     "'self'; img-src 'self'; "
			     "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct page_reader {
	struct page *page;
	struct httpd_stream *stream; /* NULL: a free place */
};

struct page_past {
	char *text; /* owned; NULL: a free place */
	size_t n;
};

struct page {
	struct sandbox *sandbox;
	struct page_reader readers[PAGE_READERS];
	struct page_past past[PAGE_PAST]; /* a ring: number i lies at i % PAGE_PAST */
	uint64_t oldest, next;
	size_t past_bytes;
	struct buf line; /* being written */
};

static void on_report(void *arg, struct str object);

struct page *page_new(struct sandbox *sandbox)
{
	struct page *page = mem_zero(sizeof *page);
	page->sandbox = sandbox;
	/* Programs that read --json make floods and open no page: nothing is kept for one. */
	if (!sandbox->options.is_json) {
		sandbox->report.fn = on_report;
		sandbox->report.arg = page;
	}
	return page;
}

static void past_drop(struct page *page)
{
	struct page_past *p = &page->past[page->oldest++ % PAGE_PAST];
	page->past_bytes -= p->n;
	free(p->text);
	*p = (struct page_past){0};
}

void page_free(struct page **page)
{
	struct page *p = *page;
	if (!p)
		return;
	p->sandbox->report.fn = NULL;
	for (size_t i = 0; i < PAGE_READERS; i++)
		httpd_stream_close(&p->readers[i].stream, false);
	while (p->oldest < p->next)
		past_drop(p);
	buf_done(&p->line);
	free(p);
	*page = NULL;
}

/* An event of the stream is "event: KIND", "data: JSON" and an empty line; a line break inside JSON
 * can only be white space. */
static void write_event(struct buf *out, const char *kind, struct str json)
{
	buf_addf(out, "event: %s\ndata: ", kind);
	for (size_t i = 0; i < json.n; i++)
		buf_addc(out, json.p[i] == '\n' || json.p[i] == '\r' ? ' ' : json.p[i]);
	buf_adds(out, STR("\n\n"));
}

static void reader_write(struct page_reader *reader, struct str text)
{
	if (!reader->stream)
		return;
	if (httpd_stream_waiting(reader->stream) > PAGE_WAITING)
		httpd_stream_close(&reader->stream, false);
	else
		httpd_stream_write(reader->stream, text);
}

static void tell(struct page *page, const char *kind, struct str json)
{
	page->line.n = 0;
	write_event(&page->line, kind, json);
	for (size_t i = 0; i < PAGE_READERS; i++)
		reader_write(&page->readers[i], buf_str(&page->line));
}

static void keep(struct page *page, const char *kind, struct str json)
{
	struct buf text = {0};
	if (page->next - page->oldest == PAGE_PAST)
		past_drop(page);
	buf_addf(&text, "{\"kind\":\"%s\",\"data\":%.*s}", kind, STR_FMT(json));
	page->past[page->next++ % PAGE_PAST] = (struct page_past){text.p, text.n};
	page->past_bytes += text.n;
	while (page->past_bytes > PAGE_PAST_BYTES)
		past_drop(page);
}

static bool is_heard(const struct page *page)
{
	return page->sandbox->report.fn;
}

static void on_report(void *arg, struct str object)
{
	struct str rest = object, name;
	struct buf large = {0};
	if (object.n > PAGE_EVENT) { /* {"what":"NAME",.. */
		for (int i = 0; i < 3; i++)
			str_cut(&rest, '"');
		name = str_cut(&rest, '"');
		buf_addf(&large, "{\"what\":\"%.*s\",\"bytes\":%zu}", STR_FMT(name), object.n);
		object = buf_str(&large);
	}
	keep(arg, "happening", object);
	tell(arg, "happening", object);
	buf_done(&large);
}

void page_event(struct page *page, struct str t, struct str d, struct str why)
{
	struct buf text = {0};
	if (!page || !is_heard(page))
		return;
	buf_adds(&text, STR("{\"t\":"));
	json_add_str(&text, t);
	if (why.n) {
		buf_adds(&text, STR(",\"why\":"));
		json_add_str(&text, why);
	}
	buf_addf(&text, ",\"d\":%.*s}", STR_FMT(d));
	if (text.n > PAGE_EVENT) {
		text.n = 0;
		buf_adds(&text, STR("{\"t\":"));
		json_add_str(&text, t);
		buf_addf(&text, ",\"bytes\":%zu}", d.n);
	}
	keep(page, "event", buf_str(&text));
	tell(page, "event", buf_str(&text));
	buf_done(&text);
}

void page_world(struct page *page)
{
	struct buf text = {0};
	if (!page || !is_heard(page))
		return;
	page_show_world(&text, page->sandbox);
	tell(page, "world", buf_str(&text));
	buf_done(&text);
}

static void on_reader(void *arg, char *bytes, size_t n)
{
	struct page_reader *reader = arg;
	(void)n;
	if (!bytes)
		httpd_stream_close(&reader->stream, false);
}

static void plain(struct httpd_request *r, int status, const char *text)
{
	httpd_answer(r, status, STR("text/plain; charset=utf-8"), str_c(text));
}

static void serve_live(struct page *page, struct httpd_request *r)
{
	struct page_reader *reader = page->readers;
	struct buf text = {0}, world = {0};
	while (reader < page->readers + PAGE_READERS && reader->stream)
		reader++;
	if (reader == page->readers + PAGE_READERS) {
		plain(r, 503, "too many pages are open");
		return;
	}
	reader->page = page;
	if (!httpd_stream_answer(r, STR("text/event-stream"), &reader->stream, on_reader, reader))
		return;
	page->sandbox->report.fn = on_report;
	page->sandbox->report.arg = page;
	page_show_world(&world, page->sandbox);
	buf_adds(&text, STR("retry: 1000\n"));
	write_event(&text, "world", buf_str(&world));
	for (uint64_t i = page->oldest; i < page->next; i++) {
		const struct page_past *p = &page->past[i % PAGE_PAST];
		write_event(&text, "past", str_of(p->text, p->n));
	}
	httpd_stream_write(reader->stream, buf_str(&text));
	buf_done(&text);
	buf_done(&world);
}

static uint64_t query_id(struct httpd_request *r, struct str key)
{
	uint64_t id = 0;
	struct str query = httpd_query(r);
	while (query.n) {
		struct str value = str_cut(&query, '&');
		if (str_eq(str_cut(&value, '='), key))
			return str_to_u64(value, &id) ? id : 0;
	}
	return 0;
}

static void serve_messages(struct page *page, struct httpd_request *r)
{
	struct buf text = {0};
	page_show_messages(&text, page->sandbox, query_id(r, STR("channel")),
			   query_id(r, STR("before")), query_id(r, STR("pins")));
	httpd_answer(r, 200, STR("application/json"), buf_str(&text));
	buf_done(&text);
}

static void answer_done(struct httpd_request *r, const struct command_by *by)
{
	struct buf text = {0};
	buf_adds(&text, STR("{\"text\":"));
	json_add_str(&text, buf_str(&by->text));
	buf_addf(&text, ",\"id\":\"%" PRIu64 "\",\"channel\":", by->id);
	if (by->goes_to)
		buf_addf(&text, "\"%" PRIu64 "\"}", by->goes_to);
	else
		buf_adds(&text, STR("null}"));
	httpd_answer(r, 200, STR("application/json"), buf_str(&text));
	buf_done(&text);
}

static void serve_do(struct page *page, struct httpd_request *r)
{
	struct why why = {0};
	struct buf line = {0}; /* the request may go while the line is obeyed */
	struct command_by by = {.channel_id = query_id(r, STR("channel")),
				.user_id = query_id(r, STR("user"))};
	if (!world_channel(page->sandbox->world, by.channel_id))
		by.channel_id = page->sandbox->channel_id;
	if (!world_user(page->sandbox->world, by.user_id))
		by.user_id = WORLD_ADA;
	buf_adds(&line, httpd_body(r));
	if (command_obey(page->sandbox, str_trim(buf_str(&line)), &by, &why) < 0)
		plain(r, 400, why.text);
	else
		answer_done(r, &by);
	buf_done(&line);
	buf_done(&by.text);
}

static void serve_file(struct page *page, struct httpd_request *r)
{
	struct str name = httpd_path(r);
	(void)page;
	name = str_eq(name, STR("/")) ? STR("index.html") : str_of(name.p + 6, name.n - 6);
	for (size_t i = 0; i < n_page_files; i++)
		if (str_eq(page_files[i].name, name)) {
			httpd_answer(r, 200, page_files[i].type, page_files[i].text);
			return;
		}
	plain(r, 404, "no such file of the page");
}

/* "127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT": a browser that followed another name to here
 * says that name. */
static bool is_of_this_machine(const struct page *page, struct str host)
{
	static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};
	char wanted[64];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(wanted, sizeof wanted, "%s:%u", names[i], httpd_port(page->sandbox->door));
		if (str_eq(host, str_c(wanted)))
			return true;
	}
	return false;
}

/* A browser says with each POST from where it comes. */
static bool is_of_this_page(const struct page *page, struct httpd_request *r)
{
	char wanted[96];
	snprintf(wanted, sizeof wanted, "%s://%.*s", page->sandbox->options.cert ? "https" : "http",
		 STR_FMT(httpd_header(r, "Host")));
	struct str site = httpd_header(r, "Sec-Fetch-Site");
	return str_eq(httpd_header(r, "Origin"), str_c(wanted)) &&
	       (site.n == 0 || str_eq(site, STR("same-origin")));
}

static const struct {
	struct str method, path; /* the first that fits; the last takes any path */
	void (*fn)(struct page *page, struct httpd_request *r);
} doors[] = {
	{STR_INIT("GET"), STR_INIT("/page/live"), serve_live},
	{STR_INIT("GET"), STR_INIT("/page/messages"), serve_messages},
	{STR_INIT("POST"), STR_INIT("/page/do"), serve_do},
	{STR_INIT("GET"), STR_INIT(""), serve_file},
};

bool page_request(struct page *page, struct httpd_request *r)
{
	struct str path = httpd_path(r), method = httpd_method(r);
	bool is_ours = str_eq(path, STR("/")) || str_starts(path, STR("/page/"));
	if (!is_ours || httpd_header(r, "Upgrade").n)
		return false;
	httpd_add_header(r, "Content-Security-Policy", policy);
	httpd_add_header(r, "X-Content-Type-Options", "nosniff");
	httpd_add_header(r, "Cross-Origin-Resource-Policy", "same-origin");
	httpd_add_header(r, "Referrer-Policy", "no-referrer");
	httpd_add_header(r, "Cache-Control", "no-store");
	if (!is_of_this_machine(page, httpd_header(r, "Host"))) {
		plain(r, 403, "only by a name of this machine");
		return true;
	}
	if (!str_eq(method, STR("GET")) && !is_of_this_page(page, r)) {
		plain(r, 403, "only from this page");
		return true;
	}
	for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
		if (str_eq(method, doors[i].method) &&
		    (doors[i].path.n == 0 || str_eq(path, doors[i].path))) {
			doors[i].fn(page, r);
			return true;
		}
	plain(r, 405, "not so");
	return true;
}
