#include "sandbox/rest_impl.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

enum { JSON_MAX = 256 << 10, LIST_MAX = 2 << 20, FILENAME_MAX_BYTES = 260 };

static bool has_prefix(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s.n >= n && strncasecmp(s.p, prefix, n) == 0;
}

/* The value behind name=, without quotes: of a header's parameter. */
static struct str parameter(struct str header, const char *name)
{
	while (header.n) {
		struct str value = str_trim(str_cut(&header, ';'));
		if (!str_eq(str_cut(&value, '='), str_c(name)))
			continue;
		if (value.n >= 2 && value.p[0] == '"')
			value = str_of(value.p + 1, value.n - 2);
		return value;
	}
	return STR("");
}

static size_t find(struct str s, struct str what)
{
	const char *at = s.n && what.n ? memmem(s.p, s.n, what.p, what.n) : NULL;
	return at ? (size_t)(at - s.p) : s.n;
}

static struct str header_of(struct str head, const char *name)
{
	while (head.n) {
		struct str value = str_cut(&head, '\n');
		struct str key = str_cut(&value, ':');
		if (key.n == strlen(name) && strncasecmp(key.p, name, key.n) == 0)
			return str_trim(value);
	}
	return STR("");
}

/* Discord keeps the file and shows it as an attachment. */
static void add_file(struct rest_call *call, struct str filename, struct str type, size_t bytes)
{
	struct buf *o = &call->files;
	buf_addf(o, "%s{\"id\":\"%zu\",\"filename\":", call->n_files ? "," : "", call->n_files);
	json_add_str(o, filename);
	buf_adds(o, STR(",\"content_type\":"));
	json_add_str(o, type.n ? type : STR("application/octet-stream"));
	buf_addf(o,
		 ",\"size\":%zu,\"url\":\"http://127.0.0.1/attachments/%zu\",\"proxy_url\":"
		 "\"http://127.0.0.1/attachments/%zu\"}",
		 bytes, call->n_files, call->n_files);
	call->n_files++;
}

static void part(struct rest_call *call, struct str text)
{
	size_t head_n = find(text, STR("\r\n\r\n"));
	if (head_n == text.n)
		return;
	struct str head = str_of(text.p, head_n);
	struct str bytes = str_of(text.p + head_n + 4, text.n - head_n - 4);
	struct str disposition = header_of(head, "Content-Disposition");
	struct str name = parameter(disposition, "name");
	struct str filename = parameter(disposition, "filename");
	if (str_eq(name, STR("payload_json")))
		call->body_text = bytes;
	else if (filename.n && filename.n <= FILENAME_MAX_BYTES && call->n_files < 10)
		add_file(call, filename, header_of(head, "Content-Type"), bytes.n);
}

static void read_multipart(struct rest_call *call, struct str type)
{
	struct buf mark = {0};
	struct str rest = call->raw;
	buf_addf(&mark, "--%.*s", STR_FMT(parameter(type, "boundary")));
	while (mark.n > 2) {
		size_t at = find(rest, buf_str(&mark));
		if (at == rest.n)
			break;
		rest = str_of(rest.p + at + mark.n, rest.n - at - mark.n);
		struct str text = str_of(rest.p, find(rest, buf_str(&mark)));
		if (text.n < 4 || text.n == rest.n)
			continue; /* the last mark, or an end that is missing */
		part(call, str_of(text.p + 2, text.n - 4)); /* without the line breaks */
	}
	buf_done(&mark);
}

int rest_read_body(struct rest_call *call)
{
	struct str type = httpd_header(call->request, "Content-Type");
	if (call->raw.n == 0)
		return 0;
	if (has_prefix(type, "multipart/form-data"))
		read_multipart(call, type);
	else if (has_prefix(type, "application/json"))
		call->body_text = call->raw;
	else
		return rest_form_error(call, "_", "CONTENT_TYPE_INVALID",
				       "Expected \"Content-Type\" header to be one of "
				       "{'application/json', 'multipart/form-data'}.");
	if (call->body_text.n == 0)
		return 0;
	/* Commands come a hundred at a time. */
	bool is_list = call->route && str_ends(call->route->path, STR("/commands"));
	if (call->body_text.n > (is_list ? LIST_MAX : JSON_MAX))
		return rest_error(call, 413, 40005, "Request entity too large");
	if (json_parse(call->rest->json, call->body_text, &call->body, NULL) < 0)
		return rest_error(call, 400, 50109, "The request body contains invalid JSON.");
	return 0;
}
