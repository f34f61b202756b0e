/* net/refuse.h: what a configuration may not ask of tuttid, beyond what base/config.h sees:
 * found before anything is started, so that no IDENTIFY is spent on it. */
#ifndef NET_REFUSE_H
#define NET_REFUSE_H

#include "base/config.h"

/* -EINVAL: the sentence with file and line. */
TT_CHECK int refuse_config(const struct config *config, struct why *why);

#endif
