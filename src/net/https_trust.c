#include "net/https_impl.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>

/* CURLOPT_CAINFO would replace the system's certificates, so those of ca_file are put into the
 * store that curl has filled, by its SSL context callback. */
struct https_trust {
	STACK_OF(X509) * certificates; /* empty: the file could not be read */
};

struct https_trust *https_trust_new(const char *ca_file)
{
	if (!ca_file || !*ca_file)
		return NULL;
	struct https_trust *trust = mem_zero(sizeof *trust);
	trust->certificates = sk_X509_new_null();
	BIO *file = BIO_new_file(ca_file, "r");
	X509 *one;
	while (file && (one = PEM_read_bio_X509(file, NULL, NULL, NULL)))
		sk_X509_push(trust->certificates, one);
	BIO_free(file);
	return trust;
}

int https_check(const char *ca_file, struct why *why)
{
	struct https_trust *trust = https_trust_new(ca_file);
	int n = trust ? sk_X509_num(trust->certificates) : 1;
	https_trust_free(&trust);
	return n ? 0 : why_set(why, -EINVAL, "%s: no certificate in it (PEM is wanted)", ca_file);
}

void https_trust_free(struct https_trust **trust)
{
	if (!*trust)
		return;
	sk_X509_pop_free((*trust)->certificates, X509_free);
	free(*trust);
	*trust = NULL;
}

CURLcode https_trust_add(CURL *easy, void *ssl_ctx, void *arg)
{
	struct https_trust *trust = arg;
	X509_STORE *store = SSL_CTX_get_cert_store(ssl_ctx);
	(void)easy;
	if (sk_X509_num(trust->certificates) == 0)
		return CURLE_SSL_CACERT_BADFILE;
	for (int i = 0; i < sk_X509_num(trust->certificates); i++)
		if (X509_STORE_add_cert(store, sk_X509_value(trust->certificates, i)) != 1)
			return CURLE_SSL_CACERT_BADFILE;
	return CURLE_OK;
}
