/* test/steps.h: looks at a mapped file after every store, as a SIGKILL at that moment would leave
 * it.
 *
 *     #include "base/bytes.h" ...            // what the unit includes, first
 *     #include "test/steps.h"
 *     #include "proto/cursor.c"              // its stores now call steps_look
 *
 * Atomic stores count as one, memcpy and memset as one per byte.
 */
#ifndef TEST_STEPS_H
#define TEST_STEPS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static void (*steps_look)(void);
static unsigned long steps_taken;

static inline void step(void)
{
	void (*look)(void) = steps_look;
	steps_taken++;
	steps_look = NULL; /* the look's own copies are no steps */
	if (look)
		look();
	steps_look = look;
}

static inline void steps_copy(void *to, const void *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
		step();
	}
}

static inline void steps_set(void *to, int byte, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		((unsigned char *)to)[i] = (unsigned char)byte;
		step();
	}
}

#undef atomic_store_explicit
#define atomic_store_explicit(p, v, order) \
	(__atomic_store_n((uint64_t *)(uintptr_t)(p), (v), __ATOMIC_SEQ_CST), (void)(order), step())
#undef memcpy
#define memcpy(to, from, n) steps_copy(to, from, n)
#undef memset
#define memset(to, byte, n) steps_set(to, byte, n)

#endif
