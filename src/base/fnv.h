/* base/fnv.h: FNV-1a of 64 bits, for tables, and for what has to come out alike in every process.
 *
 *     uint64_t h = fnv(fnv(FNV_START, name.p, name.n), id, sizeof id);
 *
 * No guard against who chooses the bytes.
 */
#ifndef BASE_FNV_H
#define BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_START UINT64_C(14695981039346656037)

static inline uint64_t fnv(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *p = (const unsigned char *)bytes;
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	return h;
}

#endif
