/* gateway/settings.h: what a configuration that net/refuse.h has judged means to the gateway. */
#ifndef GATEWAY_SETTINGS_H
#define GATEWAY_SETTINGS_H

#include "base/config.h"
#include "proto/inflate.h"
#include "proto/session.h"

struct settings {
	struct str api_url; /* without a slash at its end */
	enum session_hosts hosts;
	uint32_t intents;
	enum inflate_kind compress;
	char query[80];           /* of the gateway's URL */
	char presence[3072];      /* JSON; "": none */
	char properties[512];     /* JSON */
	uint32_t large_threshold; /* 0: Discord's default */
	uint32_t shards;          /* 0: as many as Discord recommends */
	uint32_t first, count;    /* this process's part; count 0: all */
};

/* Texts are those of config. -EINVAL: activities or properties that Discord would not take, with file
 * and line. */
TT_CHECK int settings_read(struct settings *out, const struct config *config, struct why *why);

#endif
