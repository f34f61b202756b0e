/* tutti/visible.h: what a compiler has to be told about our declarations. */
#ifndef TUTTI_VISIBLE_H
#define TUTTI_VISIBLE_H

#if defined(__GNUC__)
#define TT_VISIBLE           __attribute__((visibility("default")))
#define TT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define TT_CHECKED           __attribute__((warn_unused_result))
#else
#error "tutti needs gcc or clang"
#endif

/* Of the structs that the macros write; the library refuses what it does not know. */
enum { TT_ABI = 1 };

#endif
