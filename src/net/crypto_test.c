#include "net/crypto.h"

#include "test/unit.h"

static void sha1_is_the_one_of_the_rfc(void **state)
{
	/* the handshake of RFC 6455, 1.3 */
	static const uint8_t expected[20] = {0xb3, 0x7a, 0x4f, 0x2c, 0xc0, 0x62, 0x4f,
					     0x16, 0x90, 0xf6, 0x46, 0x06, 0xcf, 0x38,
					     0x59, 0x45, 0xb2, 0xbe, 0xc4, 0xea};
	uint8_t sum[20];
	(void)state;
	crypto_sha1(sum, STR("dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
	assert_memory_equal(sum, expected, sizeof sum);
}

static void parts_that_join_alike_do_not_sum_up_alike(void **state)
{
	uint8_t one[32], two[32], again[32];
	(void)state;
	crypto_sha256(one, (const struct str[]){STR("ab"), STR("c")}, 2);
	crypto_sha256(two, (const struct str[]){STR("a"), STR("bc")}, 2);
	crypto_sha256(again, (const struct str[]){STR("ab"), STR("c")}, 2);
	assert_memory_not_equal(one, two, sizeof one);
	assert_memory_equal(one, again, sizeof one);
}

static void random_bytes_differ(void **state)
{
	uint8_t one[16], two[16];
	(void)state;
	crypto_random(one, sizeof one);
	crypto_random(two, sizeof two);
	assert_memory_not_equal(one, two, sizeof one);
}

int main(void)
{
	return run_unit(test(sha1_is_the_one_of_the_rfc),
			test(parts_that_join_alike_do_not_sum_up_alike), test(random_bytes_differ));
}
