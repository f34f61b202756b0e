#include "base/why.h"

#include <stdio.h>
#include <stdlib.h>

__attribute__((format(printf, 3, 0))) static void put(struct why *why, int code, const char *fmt,
						      va_list args)
{
	why->code = code;
	vsnprintf(why->text, sizeof why->text, fmt, args);
}

int why_set(struct why *why, int code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	if (why)
		put(why, code, fmt, args);
	va_end(args);
	return code;
}

int why_errno(struct why *why, int code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	if (why) {
		put(why, code, fmt, args);
		size_t n = strlen(why->text);
		snprintf(why->text + n, sizeof why->text - n, ": %s", strerror(-code));
	}
	va_end(args);
	return code;
}

void bug_at(const char *file, int line, const char *condition)
{
	fprintf(stderr, "bug at=%s:%d condition=\"%s\"\n", file, line, condition);
	abort();
}
