#include "net/tls.h"

#include "test/cert.h"
#include "test/unit.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server in the same thread, over a socket pair. */

struct pair {
	int fd[2]; /* ours, the server's */
	struct tls_trust *trust;
	struct tls *tls;
	SSL_CTX *ctx;
	SSL *server;
	char sni[64];
};

static int note_sni(SSL *ssl, int *alert, void *arg)
{
	struct pair *p = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	(void)alert;
	snprintf(p->sni, sizeof p->sni, "%s", name ? name : "");
	return SSL_TLSEXT_ERR_OK;
}

static void pair_open(struct pair *p, const struct test_cert *c, const char *ca_file,
		      const char *host)
{
	struct why why;
	memset(p, 0, sizeof *p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fd), 0);
	assert_int_equal(tls_trust_new(&p->trust, ca_file, &why), 0);
	p->tls = tls_new(p->trust, p->fd[0], host);
	p->ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(p->ctx, c->cert);
	SSL_CTX_use_PrivateKey(p->ctx, c->key);
	SSL_CTX_set_tlsext_servername_callback(p->ctx, note_sni);
	SSL_CTX_set_tlsext_servername_arg(p->ctx, p);
	p->server = SSL_new(p->ctx);
	SSL_set_fd(p->server, p->fd[1]);
	SSL_set_accept_state(p->server);
}

static void pair_close(struct pair *p)
{
	tls_free(&p->tls);
	tls_trust_free(&p->trust);
	SSL_free(p->server);
	SSL_CTX_free(p->ctx);
	close(p->fd[0]);
	if (p->fd[1] >= 0)
		close(p->fd[1]);
}

static int shake(struct pair *p, struct why *why)
{
	int rc = -EAGAIN;
	for (int i = 0; i < 20 && rc == -EAGAIN; i++) {
		tls_readable(p->tls);
		rc = tls_handshake(p->tls, why);
		SSL_do_handshake(p->server);
	}
	return rc;
}

static int shake_with(const char *names, long valid_s, bool is_trusted, const char *host,
		      struct why *why)
{
	struct test_cert c = test_cert_new(names, valid_s);
	struct pair p;
	pair_open(&p, &c, is_trusted ? c.cert_file : NULL, host);
	int rc = shake(&p, why);
	pair_close(&p);
	test_cert_free(&c);
	return rc;
}

static void a_certificate_of_the_extra_authority_is_accepted(void **state)
{
	struct why why = {0};
	(void)state;
	assert_int_equal(shake_with("DNS:gateway.test", 7200, true, "gateway.test", &why), 0);
	assert_int_equal(shake_with("IP:127.0.0.1", 7200, true, "127.0.0.1", &why), 0);
}

static void a_foreign_authority_is_refused_in_words(void **state)
{
	struct why why = {0};
	(void)state;
	assert_int_equal(shake_with("DNS:gateway.test", 7200, false, "gateway.test", &why),
			 -EACCES);
	assert_non_null(strstr(why.text, "gateway.test was refused: self"));
}

static void another_host_name_is_refused_in_words(void **state)
{
	struct why why = {0};
	(void)state;
	assert_int_equal(shake_with("DNS:other.test", 7200, true, "gateway.test", &why), -EACCES);
	assert_non_null(strstr(why.text, "hostname mismatch"));
	assert_int_equal(shake_with("IP:127.0.0.2", 7200, true, "127.0.0.1", &why), -EACCES);
	assert_non_null(strstr(why.text, "IP address mismatch"));
}

static void an_expired_certificate_is_refused_in_words(void **state)
{
	struct why why = {0};
	(void)state;
	assert_int_equal(shake_with("DNS:gateway.test", -3600, true, "gateway.test", &why),
			 -EACCES);
	assert_non_null(strstr(why.text, "expired"));
}

static void tls_below_1_2_is_refused(void **state)
{
	struct test_cert c = test_cert_new("DNS:gateway.test", 7200);
	struct pair p;
	struct why why = {0};
	(void)state;
	pair_open(&p, &c, c.cert_file, "gateway.test");
	SSL_set_security_level(p.server, 0);
	SSL_set_max_proto_version(p.server, TLS1_1_VERSION);
	assert_true(shake(&p, &why) < 0 && why.code != -EAGAIN);
	pair_close(&p);
	test_cert_free(&c);
}

static void the_name_is_sent_along_but_no_address(void **state)
{
	struct test_cert c = test_cert_new("DNS:gateway.test,IP:127.0.0.1", 7200);
	struct pair p;
	struct why why;
	(void)state;
	pair_open(&p, &c, c.cert_file, "gateway.test");
	assert_int_equal(shake(&p, &why), 0);
	assert_string_equal(p.sni, "gateway.test");
	pair_close(&p);
	pair_open(&p, &c, c.cert_file, "127.0.0.1");
	assert_int_equal(shake(&p, &why), 0);
	assert_string_equal(p.sni, "");
	pair_close(&p);
	test_cert_free(&c);
}

/* Everything until -EAGAIN, told of readiness once: what waits in the read-ahead must not stall. */
static size_t read_all(struct pair *p, ssize_t *last)
{
	char out[1000];
	size_t got = 0;
	struct why why;
	tls_readable(p->tls);
	while ((*last = tls_read(p->tls, out, sizeof out, &why)) > 0)
		got += (size_t)*last;
	return got;
}

static void many_records_come_out_of_one_readiness(void **state)
{
	struct test_cert c = test_cert_new("DNS:gateway.test", 7200);
	struct pair p;
	struct why why;
	char record[1300] = {1};
	ssize_t last;
	(void)state;
	pair_open(&p, &c, c.cert_file, "gateway.test");
	assert_int_equal(shake(&p, &why), 0);
	for (int i = 0; i < 40; i++)
		assert_int_equal(SSL_write(p.server, record, sizeof record), sizeof record);
	assert_int_equal(read_all(&p, &last), 40 * sizeof record);
	assert_int_equal(last, -EAGAIN);
	assert_true(tls_received_bytes(p.tls) > 40 * sizeof record);
	pair_close(&p);
	test_cert_free(&c);
}

static void what_we_write_arrives_and_a_hang_up_is_an_end(void **state)
{
	struct test_cert c = test_cert_new("DNS:gateway.test", 7200);
	struct pair p;
	struct why why;
	char out[16];
	ssize_t last;
	(void)state;
	pair_open(&p, &c, c.cert_file, "gateway.test");
	assert_int_equal(shake(&p, &why), 0);
	assert_int_equal(tls_write(p.tls, "hello", 5, &why), 5);
	assert_int_equal(SSL_read(p.server, out, sizeof out), 5);
	SSL_write(p.server, "bye", 3);
	close(p.fd[1]); /* without close_notify */
	p.fd[1] = -1;
	assert_int_equal(read_all(&p, &last), 3);
	assert_int_equal(read_all(&p, &last), 0);
	assert_int_equal(last, 0);
	pair_close(&p);
	test_cert_free(&c);
}

static void an_authority_file_that_is_not_one_is_an_error(void **state)
{
	struct tls_trust *trust;
	struct why why;
	(void)state;
	assert_int_equal(tls_trust_new(&trust, "/dev/null", &why), -EINVAL);
	assert_non_null(strstr(why.text, "/dev/null"));
	assert_null(trust);
}

/* The directory is read when a name is asked for: no bundle in memory. */
static void the_systems_certificates_are_trusted(void **state)
{
	struct test_cert c = test_cert_new("DNS:gateway.test", 7200);
	char dir[] = "/tmp/tutti_certs_XXXXXX", link_name[64];
	struct pair p;
	struct why why = {0};
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(link_name, sizeof link_name, "%s/%08lx.0", dir, X509_subject_name_hash(c.cert));
	assert_int_equal(symlink(c.cert_file, link_name), 0);
	unsetenv("SSL_CERT_FILE");
	setenv("SSL_CERT_DIR", dir, 1);
	pair_open(&p, &c, NULL, "gateway.test");
	assert_int_equal(shake(&p, &why), 0);
	pair_close(&p);
	setenv("SSL_CERT_DIR", "/nowhere", 1);
	setenv("SSL_CERT_FILE", c.cert_file, 1);
	pair_open(&p, &c, NULL, "gateway.test");
	assert_int_equal(shake(&p, &why), 0);
	pair_close(&p);
	unlink(link_name);
	rmdir(dir);
	test_cert_free(&c);
}

int main(void)
{
	return run_unit(test(a_certificate_of_the_extra_authority_is_accepted),
			test(a_foreign_authority_is_refused_in_words),
			test(another_host_name_is_refused_in_words),
			test(an_expired_certificate_is_refused_in_words),
			test(tls_below_1_2_is_refused), test(the_name_is_sent_along_but_no_address),
			test(many_records_come_out_of_one_readiness),
			test(what_we_write_arrives_and_a_hang_up_is_an_end),
			test(an_authority_file_that_is_not_one_is_an_error),
			test(the_systems_certificates_are_trusted));
}
