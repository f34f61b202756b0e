#include "net/tls.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { READ_AHEAD = 32 * 1024 }; /* bytes of one recv(2), held by each connection */

struct tls_trust {
	SSL_CTX *ctx;
	BIO_METHOD *socket; /* recv and send with what the stock socket BIO lacks, see raw_read */
};

struct tls {
	SSL *ssl;
	char *host;
	uint64_t received_bytes;
	int fd;
	int error; /* errno of the last recv or send that failed, or 0 */
	bool is_drained, is_ended, wants_write;
};

/* A read that came short has emptied the socket: the level-triggered loop tells when there is more,
 * so the next recv(2), which would find nothing, is left out. */
static int raw_read(BIO *bio, char *out, size_t n, size_t *got)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t r = -1;
	BIO_clear_retry_flags(bio);
	errno = EAGAIN;
	if (!tls->is_drained)
		r = recv(tls->fd, out, n, 0);
	if (r > 0) {
		tls->received_bytes += (size_t)r;
		tls->is_drained = (size_t)r < n;
		*got = (size_t)r;
		return 1;
	}
	if (r == 0)
		tls->is_ended = true;
	else if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_read(bio);
	else
		tls->error = errno;
	return 0;
}

/* write(2) of the stock BIO raises SIGPIPE. */
static int raw_write(BIO *bio, const char *bytes, size_t n, size_t *sent)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t r = send(tls->fd, bytes, n, MSG_NOSIGNAL);
	BIO_clear_retry_flags(bio);
	if (r >= 0) {
		*sent = (size_t)r;
		return 1;
	}
	if (errno == EAGAIN || errno == EINTR)
		BIO_set_retry_write(bio);
	else
		tls->error = errno;
	return 0;
}

static long raw_ctrl(BIO *bio, int cmd, long number, void *p)
{
	const struct tls *tls = BIO_get_data(bio);
	(void)number, (void)p;
	if (cmd == BIO_CTRL_EOF)
		return tls->is_ended;
	return cmd == BIO_CTRL_FLUSH;
}

static const char *openssl_text(void)
{
	unsigned long e = ERR_peek_last_error();
	const char *text = ERR_reason_error_string(e);
	return text ? text : "no reason given";
}

/* Whether the system's directory of certificates is one that OpenSSL can look names up in. */
static bool has_hashed_certs(void)
{
	const char *dir = getenv(X509_get_default_cert_dir_env());
	DIR *d = opendir(dir ? dir : X509_get_default_cert_dir());
	bool has = false;
	for (struct dirent *e; d && !has && (e = readdir(d));)
		has = str_ends(str_c(e->d_name), STR(".0"));
	if (d)
		closedir(d);
	return has;
}

/* The directory is read when a name is looked for; the bundle, the same certificates in one file,
 * would be held in memory as a whole: more than a megabyte. */
static bool trust_system(SSL_CTX *ctx)
{
	if (!getenv(X509_get_default_cert_file_env()) && has_hashed_certs())
		return SSL_CTX_set_default_verify_dir(ctx);
	return SSL_CTX_set_default_verify_paths(ctx);
}

static int set_ctx(SSL_CTX *ctx, const char *ca_file, struct why *why)
{
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_options(ctx,
			    SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_read_buffer_len(ctx, READ_AHEAD);
	if (!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) || !trust_system(ctx))
		return why_set(why, -EINVAL, "TLS could not be set up: %s", openssl_text());
	if (ca_file && *ca_file && !SSL_CTX_load_verify_locations(ctx, ca_file, NULL))
		return why_set(why, -EINVAL, "no certificate could be read from %s: %s", ca_file,
			       openssl_text());
	return 0;
}

static BIO_METHOD *socket_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tutti socket");
	BUG_ON(!m);
	BIO_meth_set_read_ex(m, raw_read);
	BIO_meth_set_write_ex(m, raw_write);
	BIO_meth_set_ctrl(m, raw_ctrl);
	return m;
}

int tls_trust_new(struct tls_trust **trust, const char *ca_file, struct why *why)
{
	struct tls_trust *t = mem_zero(sizeof *t);
	ERR_clear_error();
	t->ctx = SSL_CTX_new(TLS_client_method());
	BUG_ON(!t->ctx);
	t->socket = socket_method();
	int rc = set_ctx(t->ctx, ca_file, why);
	if (rc < 0)
		tls_trust_free(&t);
	*trust = t;
	return rc;
}

void tls_trust_free(struct tls_trust **trust)
{
	if (!*trust)
		return;
	SSL_CTX_free((*trust)->ctx);
	BIO_meth_free((*trust)->socket);
	free(*trust);
	*trust = NULL;
}

static void expect_host(SSL *ssl, char *host)
{
	X509_VERIFY_PARAM *want = SSL_get0_param(ssl);
	X509_VERIFY_PARAM_set_hostflags(want, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (X509_VERIFY_PARAM_set1_ip_asc(want, host))
		return; /* an address: no SNI, RFC 6066 */
	BUG_ON(!X509_VERIFY_PARAM_set1_host(want, host, 0));
	BUG_ON(!SSL_set_tlsext_host_name(ssl, host));
}

struct tls *tls_new(struct tls_trust *trust, int fd, const char *host)
{
	struct tls *tls = mem_zero(sizeof *tls);
	BIO *bio = BIO_new(trust->socket);
	tls->fd = fd;
	tls->host = str_dup(str_c(host));
	tls->ssl = SSL_new(trust->ctx);
	BUG_ON(!tls->ssl || !bio);
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_connect_state(tls->ssl);
	expect_host(tls->ssl, tls->host);
	return tls;
}

void tls_free(struct tls **tls)
{
	if (!*tls)
		return;
	SSL_free((*tls)->ssl);
	free((*tls)->host);
	free(*tls);
	*tls = NULL;
}

static int explain(struct tls *tls, const char *during, struct why *why)
{
	long verdict = SSL_get_verify_result(tls->ssl);
	if (verdict != X509_V_OK)
		return why_set(why, -EACCES, "the certificate of %s was refused: %s", tls->host,
			       X509_verify_cert_error_string(verdict));
	if (tls->error)
		return why_errno(why, -tls->error, "%s with %s", during, tls->host);
	if (tls->is_ended)
		return why_set(why, -ECONNRESET, "%s with %s: the peer hung up", during, tls->host);
	return why_set(why, -EPROTO, "%s with %s: %s", during, tls->host, openssl_text());
}

/* Negative errno for what the last call on ssl returned. */
static int outcome(struct tls *tls, int r, const char *during, struct why *why)
{
	int what = SSL_get_error(tls->ssl, r);
	tls->wants_write = what == SSL_ERROR_WANT_WRITE;
	if (what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE)
		return -EAGAIN;
	return explain(tls, during, why);
}

int tls_handshake(struct tls *tls, struct why *why)
{
	ERR_clear_error();
	int r = SSL_do_handshake(tls->ssl);
	return r == 1 ? 0 : outcome(tls, r, "TLS handshake", why);
}

ssize_t tls_read(struct tls *tls, void *out, size_t n, struct why *why)
{
	size_t got = 0;
	ERR_clear_error();
	int r = SSL_read_ex(tls->ssl, out, n, &got);
	if (r == 1)
		return (ssize_t)got;
	/* hanging up without close_notify is how Discord's servers, and dying ones, end */
	if (SSL_get_error(tls->ssl, r) == SSL_ERROR_ZERO_RETURN || tls->is_ended)
		return 0;
	return outcome(tls, r, "TLS connection", why);
}

ssize_t tls_write(struct tls *tls, const void *bytes, size_t n, struct why *why)
{
	size_t sent = 0;
	ERR_clear_error();
	int r = SSL_write_ex(tls->ssl, bytes, n, &sent);
	return r == 1 ? (ssize_t)sent : outcome(tls, r, "TLS connection", why);
}

void tls_readable(struct tls *tls)
{
	tls->is_drained = false;
}

bool tls_wants_write(const struct tls *tls)
{
	return tls->wants_write;
}

uint64_t tls_received_bytes(const struct tls *tls)
{
	return tls->received_bytes;
}
