#include "net/crypto.h"

#include "base/bytes.h"
#include "base/why.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

void crypto_random(void *out, size_t n)
{
	BUG_ON(RAND_bytes(out, (int)n) != 1);
}

void crypto_sha1(uint8_t out[static 20], struct str text)
{
	BUG_ON(EVP_Digest(text.p, text.n, out, NULL, EVP_sha1(), NULL) != 1);
}

void crypto_sha256(uint8_t out[static 32], const struct str *parts, size_t n)
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	BUG_ON(!sum || !EVP_DigestInit_ex(sum, EVP_sha256(), NULL));
	for (size_t i = 0; i < n; i++) {
		uint8_t length[8];
		put_le64(length, parts[i].n);
		BUG_ON(!EVP_DigestUpdate(sum, length, sizeof length));
		BUG_ON(!EVP_DigestUpdate(sum, parts[i].p, parts[i].n));
	}
	BUG_ON(!EVP_DigestFinal_ex(sum, out, NULL));
	EVP_MD_CTX_free(sum);
}

static EVP_PKEY *ed25519(const uint8_t secret[static 32])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, 32);
	BUG_ON(!key);
	return key;
}

void crypto_ed25519_public(uint8_t out[static 32], const uint8_t secret[static 32])
{
	EVP_PKEY *key = ed25519(secret);
	size_t n = 32;
	BUG_ON(EVP_PKEY_get_raw_public_key(key, out, &n) != 1 || n != 32);
	EVP_PKEY_free(key);
}

void crypto_ed25519_sign(uint8_t out[static 64], const uint8_t secret[static 32], struct str text)
{
	EVP_PKEY *key = ed25519(secret);
	EVP_MD_CTX *sign = EVP_MD_CTX_new();
	size_t n = 64;
	BUG_ON(!sign || EVP_DigestSignInit(sign, NULL, NULL, NULL, key) != 1);
	BUG_ON(EVP_DigestSign(sign, out, &n, (const uint8_t *)text.p, text.n) != 1);
	EVP_MD_CTX_free(sign);
	EVP_PKEY_free(key);
}
