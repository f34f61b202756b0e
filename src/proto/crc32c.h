/* proto/crc32c.h: CRC-32C (Castagnoli), the sum over every payload and record.
 *
 *     uint32_t sum = crc32c(0, "123456789", 9);            // 0xe3069283
 *     sum = crc32c(crc32c(0, a, n), b, m);                 // of a and b one behind the other
 */
#ifndef PROTO_CRC32C_H
#define PROTO_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* By the processor's own instruction where it has one. Start with 0. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t n);

/* The same without it: what other processors run, and the oracle of the test. */
uint32_t crc32c_plain(uint32_t crc, const void *bytes, size_t n);

#endif
