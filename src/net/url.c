#include "net/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

static const struct {
	struct str name;
	unsigned port;
	bool is_tls;
} schemes[] = {
	{STR_INIT("wss"), 443, true},
	{STR_INIT("ws"), 80, false},
	{STR_INIT("https"), 443, true},
	{STR_INIT("http"), 80, false},
};

static bool take_scheme(struct url *out, struct str *rest)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		struct str name = schemes[i].name;
		if (!str_starts(*rest, name) || rest->n < name.n + 3 ||
		    memcmp(rest->p + name.n, "://", 3) != 0)
			continue;
		*out = (struct url){
			.scheme = name, .is_tls = schemes[i].is_tls, .port = schemes[i].port};
		*rest = str_of(rest->p + name.n + 3, rest->n - name.n - 3);
		return true;
	}
	return false;
}

static bool is_clean(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~' || strchr("\"#<>\\^`{|}", text.p[i]))
			return false;
	return text.n > 0 && text.n <= URL_MAX;
}

static bool take_host(struct url *out, struct str host, const char *allowed)
{
	if (host.n == 0 || host.n >= sizeof out->host)
		return false;
	for (size_t i = 0; i < host.n; i++) {
		char c = (char)tolower((unsigned char)host.p[i]);
		if (!isalnum((unsigned char)c) && !strchr(allowed, c))
			return false;
		out->host[i] = c;
	}
	return true;
}

static bool take_port(struct url *out, struct str port)
{
	uint64_t n;
	if (port.n == 0)
		return true;
	if (port.p[0] != ':' || !str_to_u64(str_of(port.p + 1, port.n - 1), &n) || n < 1 ||
	    n > 65535)
		return false;
	out->port = (unsigned)n;
	return true;
}

bool url_split_authority(struct url *out, struct str text)
{
	struct in6_addr six;
	size_t end;
	if (text.n && text.p[0] == '[') {
		end = str_find(text, ']');
		return end < text.n && take_host(out, str_of(text.p + 1, end - 1), ":.") &&
		       inet_pton(AF_INET6, out->host, &six) == 1 &&
		       take_port(out, str_of(text.p + end + 1, text.n - end - 1));
	}
	end = str_find(text, ':');
	return take_host(out, str_of(text.p, end), ".-") &&
	       take_port(out, str_of(text.p + end, text.n - end));
}

static size_t authority_end(struct str text)
{
	size_t slash = str_find(text, '/'), query = str_find(text, '?');
	return slash < query ? slash : query;
}

int url_split(struct url *out, struct str text, struct why *why)
{
	struct str rest = text;
	if (!is_clean(text))
		return why_set(why, -EINVAL, "not a URL of at most %d clean bytes", URL_MAX);
	if (!take_scheme(out, &rest))
		return why_set(why, -EINVAL, "%.*s does not begin with wss, ws, https or http",
			       STR_FMT(text));
	size_t end = authority_end(rest);
	if (!url_split_authority(out, str_of(rest.p, end)))
		return why_set(why, -EINVAL, "%.*s: no plain host and port", STR_FMT(text));
	out->target = str_of(rest.p + end, rest.n - end);
	return 0;
}

struct str url_base(const char *text)
{
	struct str base = str_c(text);
	while (str_ends(base, STR("/")))
		base.n--;
	return base;
}

void url_authority(char out[static URL_AUTHORITY], const char *host, unsigned port)
{
	bool is_six = strchr(host, ':') != NULL;
	snprintf(out, URL_AUTHORITY, is_six ? "[%s]:%u" : "%s:%u", host, port);
}

bool url_is_loopback_address(const char *address)
{
	struct in_addr four;
	struct in6_addr six;
	if (inet_pton(AF_INET, address, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool url_is_loopback(const struct url *url)
{
	return url_is_loopback_address(url->host) || strcmp(url->host, "localhost") == 0;
}
