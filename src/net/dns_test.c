#include "net/dns.h"

#include "test/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

struct seen {
	struct dns_answer answer;
	bool is_told;
};

static void told(void *arg, const struct dns_answer *answer)
{
	struct seen *seen = arg;
	seen->answer = *answer;
	seen->is_told = true;
}

static struct seen ask(const char *host)
{
	struct seen seen = {0};
	struct loop *loop = loop_new();
	struct dns *dns = dns_new(loop);
	dns_ask(dns, host, 443, told, &seen);
	assert_false(seen.is_told);
	while (!seen.is_told)
		loop_step(loop, -1);
	dns_free(&dns);
	loop_free(&loop);
	return seen;
}

static void a_literal_address_is_its_own_answer(void **state)
{
	(void)state;
	struct seen seen = ask("127.0.0.1");
	const struct sockaddr_in *four = (const struct sockaddr_in *)&seen.answer.address[0].at;
	assert_int_equal(seen.answer.n, 1);
	assert_int_equal(four->sin_family, AF_INET);
	assert_int_equal(ntohs(four->sin_port), 443);
	assert_int_equal(ntohl(four->sin_addr.s_addr), INADDR_LOOPBACK);
}

static void a_literal_ipv6_address_works_too(void **state)
{
	(void)state;
	struct seen seen = ask("::1");
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&seen.answer.address[0].at;
	assert_int_equal(seen.answer.n, 1);
	assert_int_equal(six->sin6_family, AF_INET6);
	assert_true(IN6_IS_ADDR_LOOPBACK(&six->sin6_addr));
}

static void etc_hosts_is_honoured(void **state)
{
	(void)state;
	struct seen seen = ask("localhost");
	assert_true(seen.answer.n >= 1);
}

static void a_cancelled_question_is_never_answered(void **state)
{
	(void)state;
	struct seen seen = {0};
	struct loop *loop = loop_new();
	struct dns *dns = dns_new(loop);
	struct dns_query *query = dns_ask(dns, "127.0.0.1", 1, told, &seen);
	dns_cancel(&query);
	assert_null(query);
	/* one that may be on its way to a name server */
	query = dns_ask(dns, "name.invalid", 1, told, &seen);
	dns_cancel(&query);
	for (int i = 0; i < 5; i++)
		loop_step(loop, 0);
	assert_false(seen.is_told);
	dns_free(&dns);
	loop_free(&loop);
}

int main(void)
{
	return run_unit(test(a_literal_address_is_its_own_answer),
			test(a_literal_ipv6_address_works_too), test(etc_hosts_is_honoured),
			test(a_cancelled_question_is_never_answered));
}
