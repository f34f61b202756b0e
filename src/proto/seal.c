#include "proto/seal.h"

#include "base/bytes.h"
#include "proto/crc32c.h"

static uint64_t check(uint64_t value, uint32_t about)
{
	uint8_t bytes[12];
	put_le64(bytes, value);
	put_le32(bytes + 8, about);
	return (uint64_t)(crc32c(0, bytes, sizeof bytes) & 0xffff) << 48;
}

/* Where it is too large the check is turned round: nobody reads the front of it as the whole. */
uint64_t seal(uint64_t value, uint32_t about)
{
	uint64_t kept = value & SEAL_MOST, word = kept | check(kept, about);
	return value > SEAL_MOST ? word ^ (uint64_t)0xffff << 48 : word;
}

bool unseal(uint64_t word, uint32_t about, uint64_t *value)
{
	*value = word & SEAL_MOST;
	return word == (*value | check(*value, about));
}

uint32_t seal_of(uint64_t word)
{
	uint8_t bytes[8];
	put_le64(bytes, word);
	return crc32c(0, bytes, sizeof bytes);
}
