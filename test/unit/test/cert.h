/* test/cert.h: certificates made on the spot, each its own authority. */
#ifndef TEST_CERT_H
#define TEST_CERT_H

#include <assert.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct test_cert {
	X509 *cert;
	EVP_PKEY *key;
	char cert_file[64], key_file[64]; /* PEM */
};

static inline FILE *test_cert_file(char *path)
{
	strcpy(path, "/tmp/tutti_cert_XXXXXX");
	FILE *f = fdopen(mkstemp(path), "w");
	assert(f);
	return f;
}

/* names: "DNS:gateway.test,IP:127.0.0.1"; valid_s may lie in the past, up to two hours. */
static inline struct test_cert test_cert_new(const char *names, long valid_s)
{
	struct test_cert c = {.cert = X509_new(), .key = EVP_EC_gen("P-256")};
	X509_set_version(c.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(c.cert), -7200);
	X509_gmtime_adj(X509_getm_notAfter(c.cert), valid_s);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c.cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)"test", -1, -1, 0);
	X509_set_issuer_name(c.cert, X509_get_subject_name(c.cert));
	X509_set_pubkey(c.cert, c.key);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
	assert(san);
	X509_add_ext(c.cert, san, -1);
	X509_EXTENSION_free(san);
	X509_sign(c.cert, c.key, EVP_sha256());
	FILE *f = test_cert_file(c.cert_file);
	PEM_write_X509(f, c.cert);
	fclose(f);
	f = test_cert_file(c.key_file);
	PEM_write_PrivateKey(f, c.key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
	return c;
}

static inline void test_cert_free(struct test_cert *c)
{
	unlink(c->cert_file);
	unlink(c->key_file);
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
}

#endif
