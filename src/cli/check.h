/* cli/check.h: pages made from the table of configuration keys. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "base/config.h"

/* docs/config.md, whole. */
void check_reference(struct buf *out);
/* Each key with its value, where that comes from, and its help. Reads as TOML. */
void check_explain(struct buf *out, const struct config *config);

#endif
