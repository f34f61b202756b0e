/* gateway/remedy.h: Discord's close code in a sentence, with what a person can do about it. */
#ifndef GATEWAY_REMEDY_H
#define GATEWAY_REMEDY_H

#include "base/str.h"

/* is_auto: the number of shards is Discord's to say, and is asked for anew. Empty: it has none. */
struct str remedy_of(unsigned code, bool is_auto);
/* The same of a final code; of one that refuses intents, with those asked for that need a switch. */
void remedy_add(struct buf *out, unsigned code, bool is_auto, uint32_t intents);

#endif
