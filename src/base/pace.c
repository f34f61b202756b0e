#include "base/pace.h"

#include <stdio.h>

enum { LINE_US = 500 * 1000, TEXT_BYTES = 2048 };

/* A line costs half a second; at most PACE_LINES of them are owed. */
static bool may_say(struct pace *pace, uint64_t now_us)
{
	uint64_t from = pace->full_us > now_us ? pace->full_us : now_us;
	if (from - now_us > (uint64_t)(PACE_LINES - 1) * LINE_US)
		return false;
	pace->full_us = from + LINE_US;
	return true;
}

void pace_log(struct pace *pace, uint64_t now_us, enum log_level level, const char *event,
	      const char *fmt, ...)
{
	char text[TEXT_BYTES];
	va_list args;
	if (!log_wants(level))
		return;
	if (!may_say(pace, now_us)) {
		pace->held++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	if (pace->held)
		log_at(level, event, "%s held=%u", text, pace->held);
	else
		log_at(level, event, "%s", text);
	pace->held = 0;
}
