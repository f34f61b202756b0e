/* A method, a route, and name=value lines (before an empty line parameters, behind it the query):
 * what is not refused is a path and nothing but a path. The same bytes as rate limit headers: every
 * number stays within its bounds. */
#include "fuzz.h"
#include "proto/endpoint.h"
#include "proto/limiter.h"

static void check_path(struct str path)
{
	struct str query = path, rest = str_cut(&query, '?');
	BUG_ON(path.n > ENDPOINT_PATH_MAX || rest.n < 2 || rest.p[0] != '/');
	for (size_t i = 0; i < path.n; i++)
		BUG_ON(path.p[i] <= ' ' || path.p[i] == 127 || strchr("\\#\"<>{}|^`", path.p[i]));
	BUG_ON(str_find(query, '?') < query.n || str_find(query, '/') < query.n);
	str_cut(&rest, '/');
	while (rest.n) {
		struct str segment = str_cut(&rest, '/');
		BUG_ON(segment.n == 0 || str_eq(segment, STR(".")) || str_eq(segment, STR("..")));
	}
}

static size_t read_pairs(struct endpoint_pair *out, size_t most, struct str *rest)
{
	size_t n = 0;
	while (rest->n && n < most) {
		struct str line = str_cut(rest, '\n');
		if (line.n == 0)
			break;
		struct str name = str_cut(&line, '=');
		out[n++] = (struct endpoint_pair){name, line};
	}
	return n;
}

static void make(struct str bytes)
{
	struct endpoint_pair params[ENDPOINT_PARAMS], query[ENDPOINT_QUERY];
	struct endpoint_ask ask = {.params = params, .query = query};
	struct endpoint e = {0};
	struct why why = {0};
	ask.method = str_cut(&bytes, '\n');
	ask.route = str_cut(&bytes, '\n');
	ask.n_params = read_pairs(params, ENDPOINT_PARAMS, &bytes);
	ask.n_query = read_pairs(query, ENDPOINT_QUERY, &bytes);
	if (endpoint_make(&e, &ask, &why) == 0)
		check_path(buf_str(&e.path));
	else
		BUG_ON(why.text[0] == 0);
	endpoint_done(&e);
}

static void hear(struct str bytes)
{
	struct limiter_answer out;
	struct limiter_heard in = {.status = bytes.n % 2 ? 429 : 200, .is_json = bytes.n % 3};
	in.limit = str_cut(&bytes, '\n');
	in.remaining = str_cut(&bytes, '\n');
	in.reset_after = str_cut(&bytes, '\n');
	in.retry_after = str_cut(&bytes, '\n');
	in.scope = str_cut(&bytes, '\n');
	in.bucket = bytes;
	if (!str_to_f64(in.retry_after, &in.body_retry_after))
		in.body_retry_after = -1;
	limiter_hear(&out, &in);
	BUG_ON(out.said.limit < 1 || out.said.remaining < 0 || out.said.remaining > out.said.limit);
	BUG_ON(out.said.reset_after_us > LIMITER_RESET_MOST_US);
	BUG_ON(out.retry_after_us > 86401ull * 1000 * 1000);
	BUG_ON((out.scope == SCOPE_NONE) != (in.status != 429));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	make(str_of((const char *)data, size));
	hear(str_of((const char *)data, size));
	return 0;
}
