#include "proto/crc32c.h"
#include "test/unit.h"

#include <stdlib.h>

/* RFC 3720, B.4 */
static void known_sums(void **state)
{
	(void)state;
	uint8_t bytes[32] = {0};
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, "", 0), 0);
	assert_int_equal(crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, 32);
	assert_int_equal(crc32c(0, bytes, 32), 0x62a8ab43);
	for (unsigned i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	assert_int_equal(crc32c(0, bytes, 32), 0x46dd794e);
	assert_int_equal(crc32c_plain(0, bytes, 32), 0x46dd794e);
}

static uint32_t bit_by_bit(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

static void every_length_and_alignment_agrees_with_the_definition(void **state)
{
	(void)state;
	enum { MOST = 30000 };
	uint8_t *bytes = malloc(MOST + 8);
	srand(1);
	for (size_t i = 0; i < MOST + 8; i++)
		bytes[i] = (uint8_t)rand();
	for (size_t n = 0; n < MOST; n += 1 + n / 64) {
		const uint8_t *p = bytes + n % 8;
		uint32_t expected = bit_by_bit(p, n);
		assert_int_equal(crc32c(0, p, n), expected);
		assert_int_equal(crc32c_plain(0, p, n), expected);
	}
	free(bytes);
}

static void pieces_add_up(void **state)
{
	(void)state;
	char bytes[5000];
	memset(bytes, 'x', sizeof bytes);
	uint32_t whole = crc32c(0, bytes, sizeof bytes);
	for (size_t cut = 0; cut <= sizeof bytes; cut += 77)
		assert_int_equal(crc32c(crc32c(0, bytes, cut), bytes + cut, sizeof bytes - cut),
				 whole);
}

int main(void)
{
	return run_unit(test(known_sums),
			test(every_length_and_alignment_agrees_with_the_definition),
			test(pieces_add_up));
}
