/* net/crypto.h: random bytes and SHA sums, from OpenSSL. */
#ifndef NET_CRYPTO_H
#define NET_CRYPTO_H

#include "base/str.h"

/* Fit for keys; never fails. */
void crypto_random(void *out, size_t n);

void crypto_sha1(uint8_t out[static 20], struct str text);

/* SHA-256 over several parts, each led by its length, so that no two lists sum up alike. */
void crypto_sha256(uint8_t out[static 32], const struct str *parts, size_t n);

#endif
