#include "proto/crc32c.h"

#include "base/bytes.h"

#include <stdbool.h>

/* Eight tables, so that eight bytes cost one step (Intel's slicing-by-8). */
static uint32_t slices[8][256];

__attribute__((constructor)) static void make_slices(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? 0x82f63b78 : 0);
		slices[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++) {
			uint32_t before = slices[k - 1][i];
			slices[k][i] = before >> 8 ^ slices[0][before & 255];
		}
}

uint32_t crc32c_plain(uint32_t crc, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	crc = ~crc;
	for (; n >= 8; p += 8, n -= 8) {
		uint64_t w = get_le64(p) ^ crc;
		crc = 0;
		for (int k = 0; k < 8; k++)
			crc ^= slices[7 - k][w >> 8 * k & 255];
	}
	for (; n; p++, n--)
		crc = crc >> 8 ^ slices[0][(crc ^ *p) & 255];
	return ~crc;
}

#if defined(__x86_64__)
#include <immintrin.h>

#define BY_HARDWARE __attribute__((target("sse4.2,pclmul")))

/* The instruction takes three cycles and can start every cycle: so three lanes at once, joined by
 * crc * x^(8 n) mod P for the n bytes that follow a lane. The factors are x^(8 n - 33): the product
 * of two reversed words is one bit short of 64, and the instruction itself adds 32. */
struct lanes {
	size_t n; /* bytes of a lane */
	uint32_t one, two;
};
static const struct lanes lanes_of[] = {
	{4096, 0x82f89c77, 0x54a86326},
	{256, 0xb9e02b86, 0xdd7e3b0c},
	{64, 0x9e4addf8, 0x0d3b6092},
};

BY_HARDWARE static uint32_t skip(uint32_t crc, uint32_t factor)
{
	__m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)crc),
					       _mm_cvtsi32_si128((int)factor), 0);
	return (uint32_t)_mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

BY_HARDWARE static uint32_t three_lanes(uint32_t crc, const uint8_t *p, const struct lanes *l)
{
	uint64_t a = crc, b = 0, c = 0;
	for (size_t i = 0; i < l->n; i += 8) {
		a = _mm_crc32_u64(a, get_le64(p + i));
		b = _mm_crc32_u64(b, get_le64(p + i + l->n));
		c = _mm_crc32_u64(c, get_le64(p + i + 2 * l->n));
	}
	return skip((uint32_t)a, l->two) ^ skip((uint32_t)b, l->one) ^ (uint32_t)c;
}

BY_HARDWARE static uint32_t by_hardware(uint32_t crc, const uint8_t *p, size_t n)
{
	crc = ~crc;
	for (size_t k = 0; k < sizeof lanes_of / sizeof *lanes_of; k++)
		for (size_t step = 3 * lanes_of[k].n; n >= step; p += step, n -= step)
			crc = three_lanes(crc, p, &lanes_of[k]);
	for (; n >= 8; p += 8, n -= 8)
		crc = (uint32_t)_mm_crc32_u64(crc, get_le64(p));
	for (; n; p++, n--)
		crc = _mm_crc32_u8(crc, *p);
	return ~crc;
}

static bool has_hardware(void)
{
	return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

uint32_t crc32c(uint32_t crc, const void *bytes, size_t n)
{
	return has_hardware() ? by_hardware(crc, bytes, n) : crc32c_plain(crc, bytes, n);
}
#else
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n)
{
	return crc32c_plain(crc, bytes, n);
}
#endif
