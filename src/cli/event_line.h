/* cli/event_line.h: an event of the live door as one line, for people or as JSON. Pure. */
#ifndef CLI_EVENT_LINE_H
#define CLI_EVENT_LINE_H

#include "base/json.h"
#include "proto/wire.h"

/* "12:34:56.789 MESSAGE_CREATE  guild=1 channel=7 pos=12 shard=0  ada: hello" in local time. At most
 * some 300 bytes, whatever the payload holds, and no control characters. */
void event_line(struct buf *out, struct json *json, const struct wire_header *h,
		struct str payload);
/* One JSON object with the whole payload as "d". */
void event_json(struct buf *out, struct json *json, const struct wire_header *h,
		struct str payload);

#endif
