/* What a handler may return. */
#include "bot/client.h"

tt_result tt_handled(void)
{
	return (tt_result){.outcome = TT_HANDLED};
}

tt_result tt_pass(void)
{
	return (tt_result){.outcome = TT_PASS};
}

tt_result tt_exit(void)
{
	return (tt_result){.outcome = TT_EXIT};
}

tt_result tt_unconverted(void)
{
	return (tt_result){.outcome = TT_UNCONVERTED};
}

tt_result tt_error(const char *fmt, ...)
{
	struct tt_client *client = client_here();
	tt_result result = {.outcome = TT_ERROR};
	va_list args;
	if (!client) {
		result.text = (tt_str){"an error outside of a handler", 29};
		return result;
	}
	va_start(args, fmt);
	result.text = public_str(arena_vfmt(&client->arena, fmt, args));
	va_end(args);
	return result;
}

bool tt_failed(tt_result result)
{
	return result.outcome == TT_ERROR ||
	       (result.outcome == TT_CALLED && (result.status < 200 || result.status > 299));
}
