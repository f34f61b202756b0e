#include "gateway/refusal.h"

#include <errno.h>

bool refusal_is_ban(unsigned status, bool is_page)
{
	return is_page && (status == 401 || status == 403 || status == 429);
}

void refusal_say_ban(struct why *why, unsigned status)
{
	why_set(why, -EACCES,
		"status %u with a page instead of JSON: this address is refused before Discord, by "
		"Cloudflare or a proxy",
		status);
}
