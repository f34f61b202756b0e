#include "net/dns.h"

#include "base/why.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

struct dns {
	struct loop *loop;
	struct evdns_base *base;
	unsigned asked; /* questions that evdns still holds */
};

struct dns_query {
	struct dns *dns;
	struct evdns_getaddrinfo_request *request; /* NULL once evdns has answered */
	struct loop_timer *tell; /* evdns may answer at once; we answer from the loop */
	struct dns_answer answer;
	dns_fn *fn; /* NULL: cancelled */
	void *arg;
};

struct dns *dns_new(struct loop *loop)
{
	struct dns *dns = mem_zero(sizeof *dns);
	dns->loop = loop;
	return dns;
}

void dns_free(struct dns **dns)
{
	if (!*dns)
		return;
	if ((*dns)->base)
		evdns_base_free((*dns)->base, 0);
	free(*dns);
	*dns = NULL;
}

/* A host without resolv.conf still has /etc/hosts, so no failure here is one. */
static void read_system(struct dns *dns)
{
	if (dns->asked)
		return;
	if (dns->base)
		evdns_base_free(dns->base, 0);
	/* without the flag, idle name servers would keep events in the loop */
	dns->base = evdns_base_new(loop_base(dns->loop), EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	BUG_ON(!dns->base);
	evdns_base_set_option(dns->base, "timeout:", "2");
	evdns_base_set_option(dns->base, "randomize-case:", "0");
	evdns_base_resolv_conf_parse(dns->base, DNS_OPTIONS_ALL, "/etc/resolv.conf");
	evdns_base_load_hosts(dns->base, "/etc/hosts");
}

static bool take(struct dns_answer *out, const struct evutil_addrinfo *from)
{
	struct dns_address *to = &out->address[out->n];
	if (out->n == DNS_ADDRESSES || from->ai_addrlen > sizeof to->at)
		return false;
	memcpy(&to->at, from->ai_addr, from->ai_addrlen);
	to->size = from->ai_addrlen;
	out->n++;
	return true;
}

static const struct evutil_addrinfo *next_of(const struct evutil_addrinfo *at, int family)
{
	while (at && at->ai_family != family)
		at = at->ai_next;
	return at;
}

/* IPv6 first, then in turn. */
static void interleave(struct dns_answer *out, const struct evutil_addrinfo *list)
{
	const struct evutil_addrinfo *six = next_of(list, AF_INET6), *four = next_of(list, AF_INET);
	while (six || four) {
		if (six && take(out, six))
			six = next_of(six->ai_next, AF_INET6);
		else
			six = NULL;
		if (four && take(out, four))
			four = next_of(four->ai_next, AF_INET);
		else
			four = NULL;
	}
}

static void query_free(struct dns_query *query)
{
	loop_timer_free(&query->tell);
	free(query);
}

static void resolved(int error, struct evutil_addrinfo *list, void *arg)
{
	struct dns_query *query = arg;
	query->dns->asked--;
	query->request = NULL;
	if (list) {
		interleave(&query->answer, list);
		evutil_freeaddrinfo(list);
	}
	if (!query->answer.n)
		query->answer.text = error ? evutil_gai_strerror(error) : "no address";
	if (query->fn)
		loop_timer_in(query->tell, 0);
	else
		query_free(query);
}

static void tell(void *arg)
{
	struct dns_query *query = arg;
	query->fn(query->arg, &query->answer);
	query_free(query);
}

struct dns_query *dns_ask(struct dns *dns, const char *host, unsigned port, dns_fn *fn, void *arg)
{
	struct evutil_addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
	struct dns_query *query = mem_zero(sizeof *query);
	char service[16];
	snprintf(service, sizeof service, "%u", port);
	read_system(dns);
	*query = (struct dns_query){.dns = dns, .fn = fn, .arg = arg};
	query->tell = loop_timer_new(dns->loop, tell, query);
	dns->asked++;
	/* where it answers at once it has called resolved() already and returns NULL */
	query->request = evdns_getaddrinfo(dns->base, host, service, &hints, resolved, query);
	return query;
}

void dns_cancel(struct dns_query **query)
{
	struct dns_query *q = *query;
	*query = NULL;
	if (!q)
		return;
	q->fn = NULL;
	if (q->request)
		evdns_getaddrinfo_cancel(q->request); /* calls resolved(), now or soon */
	else
		query_free(q);
}
