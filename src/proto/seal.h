/* proto/seal.h: 48 bits and their check in one word, so that one store of 8 bytes changes both.
 *
 *     word = seal(pos, seal_of(epoch));                 // 16 bits of CRC-32C over both above pos
 *     if (!unseal(word, seal_of(epoch), &pos)) ...      // damaged, or about something else
 *
 * about: what the value says nothing of by itself, as its epoch or its shard. Damage up to 16 bits
 * long is always found, of any other all but one in 65,536.
 */
#ifndef PROTO_SEAL_H
#define PROTO_SEAL_H

#include "base/why.h"

#define SEAL_MOST (((uint64_t)1 << 48) - 1) /* a larger value makes a word that is not valid */

uint64_t seal(uint64_t value, uint32_t about);
TT_CHECK bool unseal(uint64_t word, uint32_t about, uint64_t *value);
/* A word as about. */
uint32_t seal_of(uint64_t word);

#endif
