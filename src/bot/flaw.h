/* bot/flaw.h: what Discord's "Invalid Form Body" is about.
 *
 *     {"embeds": {"0": {"title": {"_errors": [{"message": "Must be 256 or fewer in length."}]}}}}
 *     flaw_first(arena, errors)      // "embeds.0.title: Must be 256 or fewer in length."
 */
#ifndef BOT_FLAW_H
#define BOT_FLAW_H

#include "base/arena.h"
#include "base/json.h"

/* The first one of the answer's "errors", in at most some 500 bytes; "" where none is. */
struct str flaw_first(struct arena *arena, struct json_at errors);

#endif
