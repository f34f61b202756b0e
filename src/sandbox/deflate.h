/* sandbox/deflate.h: transport compression as Discord sends it: one stream per connection, flushed
 * after each event. zlib-stream ends each with 00 00 ff ff; zstd-stream keeps one frame open. */
#ifndef SANDBOX_DEFLATE_H
#define SANDBOX_DEFLATE_H

#include "base/str.h"

enum deflate_kind { DEFLATE_NONE, DEFLATE_ZLIB, DEFLATE_ZSTD };

struct deflate;
/* "zlib-stream", "zstd-stream" or empty; false for another word. */
bool deflate_kind_from(struct str text, enum deflate_kind *out);
/* NULL for DEFLATE_NONE. */
struct deflate *deflate_new(enum deflate_kind kind);
void deflate_free(struct deflate **d);
/* Appends text, compressed and flushed. */
void deflate_add(struct deflate *d, struct str text, struct buf *out);
/* Payload compression: one text as a whole zlib stream of its own. */
void deflate_whole(struct str text, struct buf *out);

#endif
