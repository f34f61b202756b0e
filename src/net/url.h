/* net/url.h: the absolute URLs we are given: ws, wss, http, https; taken apart and judged.
 *
 * URLs come from Discord and from the configuration: they are input. Only what we need is allowed:
 * no user, no fragment, no blank, nothing beyond ASCII, a host of letters, digits, dots and dashes
 * or a literal address.
 */
#ifndef NET_URL_H
#define NET_URL_H

#include "base/why.h"

enum { URL_MAX = 512, URL_HOST_MAX = 254, URL_AUTHORITY = URL_HOST_MAX + 10 };

struct url {
	struct str scheme;       /* "wss", lower case; borrowed as target is */
	bool is_tls;             /* wss, https */
	char host[URL_HOST_MAX]; /* lower case, IPv6 without brackets */
	unsigned port;           /* the scheme's where none was written */
	struct str target;       /* path and query, as written; may be empty */
};

TT_CHECK int url_split(struct url *out, struct str text, struct why *why);
/* "host", "host:1", "[::1]:1": sets host, and port where one is written. */
bool url_split_authority(struct url *out, struct str text);

/* The other way round: host without brackets. */
void url_authority(char out[static URL_AUTHORITY], const char *host, unsigned port);

/* An API's URL without the slashes at its end: paths go behind it. */
struct str url_base(const char *text);

/* True for localhost, 127.0.0.0/8 and ::1. A name may still lead elsewhere: who connects in plain
 * text judges the address too. */
bool url_is_loopback(const struct url *url);
/* Of an address, not a name. */
bool url_is_loopback_address(const char *address);

#endif
