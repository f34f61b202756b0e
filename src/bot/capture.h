/* bot/capture.h: what a pattern captured, converted word by word by the trampolines. */
#ifndef BOT_CAPTURE_H
#define BOT_CAPTURE_H

#include "base/str.h"
#include "bot/public.h"

struct tt_captures {
	const struct str *group; /* {NULL, 0}: took no part */
	unsigned n;
};

#endif
