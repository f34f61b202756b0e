/* tutti/visible.h: what a compiler has to be told about our declarations. */
#ifndef TUTTI_VISIBLE_H
#define TUTTI_VISIBLE_H

#if defined(__GNUC__)
#define TT_VISIBLE           __attribute__((visibility("default")))
#define TT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#error "tutti needs gcc or clang"
#endif

/* C and C++ differ in a few words. TT_ARGS is what a call takes as .name = value, ...: a struct that
 * lives until the call has returned. */
#ifdef __cplusplus
#define TT_STATIC_ASSERT   static_assert
#define TT_ARGS(type, ...) tt_address(type{__VA_ARGS__})
template <class T> static inline const T *tt_address(const T &of)
{
	return &of;
}
/* It warns of every member that is not named, which is what the names are for. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#else
#define TT_STATIC_ASSERT   _Static_assert
#define TT_ARGS(type, ...) (&(struct type){__VA_ARGS__})
#endif

/* Of the structs that the macros write; the library refuses what it does not know. */
enum { TT_ABI = 2 };

#endif
