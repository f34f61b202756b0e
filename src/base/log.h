/* base/log.h: one line per happening, as logfmt: time level event key=value ...
 *
 *     log_info("resumed", "shard=%u seq=%u gap_ms=%u", shard, seq, gap);
 *
 * The event is one stable word with underscores; values with blanks go through LOG_Q as "%s".
 * Roles, the parent, the tools and libtutti's serve() log; library code below them never does.
 * Threads: any; one write(2) per line. Secrets named by log_hide() never come out: they become ***,
 * and so does any good part of one (blank.h).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

/* path "" or NULL: stderr. A file is opened for appending, 0600. Negative errno on failure. */
int log_open(enum log_level level, const char *path);
/* The role or program that writes, put on each line as by=NAME. Kept by pointer. */
void log_name(const char *name);
/* From now on no line contains these bytes. At least 8 bytes long; up to 4 secrets. */
void log_hide(struct str secret);
/* "error" .. "trace"; false if text is none of them. */
bool log_level_from(struct str text, enum log_level *out);
bool log_wants(enum log_level level);
void log_at(enum log_level level, const char *event, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "2026-11-26T12:05:00.000123Z", as every line begins, and its end. Also for signal handlers. */
enum { LOG_STAMP = 28 };
struct timespec;
void log_stamp(char text[static LOG_STAMP], const struct timespec *at);
/* Quotes text for a value: blanks, quotes, control characters; what shows nothing or turns the line
 * round as \uXXXX. For one line, at most 200 bytes;
 * the result lies in one of 8 buffers of the thread, used in turn. */
const char *log_quote(struct str text);

#define log_error(event, ...) log_at(LOG_ERROR, event, __VA_ARGS__)
#define log_warn(event, ...)  log_at(LOG_WARN, event, __VA_ARGS__)
#define log_info(event, ...)  log_at(LOG_INFO, event, __VA_ARGS__)
#define log_debug(event, ...) \
	(log_wants(LOG_DEBUG) ? log_at(LOG_DEBUG, event, __VA_ARGS__) : (void)0)
#define log_trace(event, ...) \
	(log_wants(LOG_TRACE) ? log_at(LOG_TRACE, event, __VA_ARGS__) : (void)0)

#endif
