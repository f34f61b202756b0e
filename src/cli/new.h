/* cli/new.h: how the files of a new bot get its name. */
#ifndef CLI_NEW_H
#define CLI_NEW_H

#include "base/str.h"

struct new_words {
	struct str name;
	struct str build_dir; /* where tutti was built, while it is not installed; else empty */
};

/* Letters, digits, "_" and "-", a letter first, at most 40 of them; not what the bot's Makefile
 * means something else by. */
bool new_is_name(struct str name);
/* Adds text with its @NAME@, @MODULE@ and @PKG_CONFIG@ filled in. */
void new_fill(struct buf *out, struct str text, const struct new_words *words);

#endif
