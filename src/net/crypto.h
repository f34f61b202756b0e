/* net/crypto.h: random bytes, SHA sums and signatures, from OpenSSL. */
#ifndef NET_CRYPTO_H
#define NET_CRYPTO_H

#include "base/str.h"

/* Fit for keys; never fails. */
void crypto_random(void *out, size_t n);

void crypto_sha1(uint8_t out[static 20], struct str text);

/* SHA-256 over several parts, each led by its length, so that no two lists sum up alike. */
void crypto_sha256(uint8_t out[static 32], const struct str *parts, size_t n);

/* Ed25519: the public key of a secret one, and a signature with it. */
void crypto_ed25519_public(uint8_t out[static 32], const uint8_t secret[static 32]);
void crypto_ed25519_sign(uint8_t out[static 64], const uint8_t secret[static 32], struct str text);

#endif
