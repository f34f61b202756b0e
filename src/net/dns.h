/* net/dns.h: host names to addresses, without ever blocking the loop.
 *
 *     query = dns_ask(dns, "gateway.discord.gg", 443, have_addresses, conn);
 *
 * /etc/hosts is honoured, literal addresses (IPv6 without brackets) need no network. The system's
 * resolv.conf is read again whenever nothing is being asked: it changes while we live for months.
 * Memory:  an answer lives until its callback returns.
 * Errors:  every question is answered exactly once, from the loop and never from within dns_ask(),
 *          unless it is cancelled. There is no deadline here: whoever asks has one.
 */
#ifndef NET_DNS_H
#define NET_DNS_H

#include "net/loop.h"

#include <sys/socket.h>

enum { DNS_ADDRESSES = 16 }; /* more than these are not tried */

struct dns;
struct dns_query;

struct dns_address {
	struct sockaddr_storage at;
	socklen_t size;
};

struct dns_answer {
	struct dns_address address[DNS_ADDRESSES]; /* families take turns, as RFC 8305 wants */
	unsigned n;                                /* 0: not found */
	const char *text;                          /* what went wrong, where n is 0 */
};
typedef void dns_fn(void *arg, const struct dns_answer *answer);

struct dns *dns_new(struct loop *loop);
/* Cancel what is asked before. */
void dns_free(struct dns **dns);

struct dns_query *dns_ask(struct dns *dns, const char *host, unsigned port, dns_fn *fn, void *arg);
/* fn is not called any more. *query is nulled; so should fn do with its own copy. */
void dns_cancel(struct dns_query **query);

#endif
