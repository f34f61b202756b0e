#include "sandbox/rest_impl.h"

#define READ (MAY(VIEW_CHANNEL) | MAY(READ_MESSAGE_HISTORY))
#define SEND (MAY(VIEW_CHANNEL) | MAY(SEND_MESSAGES))
static const struct route routes[] = {
#define ROUTE(METHOD, path, handler, bucket, limit, window_ms, kind, needs)                      \
	{STR_INIT(#METHOD), STR_INIT(path), route_##handler, STR_INIT(bucket), limit, window_ms, \
	 ROUTE_##kind,      needs},
#include "sandbox/routes.def"
#undef ROUTE
};
#undef READ
#undef SEND

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 32);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decodes s behind what out holds. */
static struct str decoded(struct buf *out, struct str s)
{
	size_t start = out->n;
	for (size_t i = 0; i < s.n; i++) {
		bool is_code = s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 &&
			       hex(s.p[i + 2]) >= 0;
		if (is_code) {
			buf_addc(out, (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2])));
			i += 2;
		} else {
			buf_addc(out, s.p[i]);
		}
	}
	return str_of(out->p + start, out->n - start);
}

static bool fits(struct rest_call *call, const struct route *route)
{
	struct str want = route->path, have = call->path;
	size_t n = 0;
	if (!str_eq(route->method, call->method))
		return false;
	while (want.n || have.n) {
		struct str w = str_cut(&want, '/'), h = str_cut(&have, '/');
		bool is_param = str_eq(w, STR("{}"));
		if (is_param && h.n)
			call->param[n++] = h;
		else if (!str_eq(w, h))
			return false;
	}
	for (; n < REST_PARAMS; n++)
		call->param[n] = STR("");
	return true;
}

const struct route *route_find(struct rest_call *call)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (!fits(call, &routes[i]))
			continue;
		buf_room(&call->params, call->path.n + 1); /* so that it does not move */
		for (size_t k = 0; k < REST_PARAMS; k++)
			call->param[k] = decoded(&call->params, call->param[k]);
		return &routes[i];
	}
	return NULL;
}
