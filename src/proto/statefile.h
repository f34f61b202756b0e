/* proto/statefile.h: a small mapped file with a header that says whose it is.
 *
 * sessions, commits and the cursors are such files. What is torn, foreign or too short is kept as
 * NAME.bad, and the file begun anew, all zero behind the header.
 *
 *     0 u64 magic   8 u32 version   12 u32 CRC-32C of 8..11 and 16..63   16 mark (48 bytes)
 *    64 u64 owner, sealed, in files that have one
 */
#ifndef PROTO_STATEFILE_H
#define PROTO_STATEFILE_H

#include "base/mapped.h"

enum {
	STATEFILE_HEADER = 64,
	STATEFILE_VERSION = 1,
	STATEFILE_MARK = 16,
	STATEFILE_MARK_MAX = 48,
	STATEFILE_OWNER = 64
};

struct statefile_kind {
	uint64_t magic;
	size_t size;     /* bytes, header included; an older, shorter file grows */
	struct str mark; /* what a new one is marked with */
	uint64_t owner;  /* whose it has to be, 48 bits; 0: it has none */
};

/* Makes dir and dir/name where missing, holds its lock. is_new: begun by this open; reason then
 * says why, if there was another; its code is -ESTALE where that was whole, and another owner's.
 * One that names no owner is taken, and named. -EWOULDBLOCK: somebody else holds it. */
TT_CHECK int statefile_open(struct mapped *m, const char *dir, const char *name,
			    const struct statefile_kind *kind, bool *is_new, struct why *reason,
			    struct why *why);

/* dir/name is there, whatever it holds. */
bool statefile_is_there(const char *dir, const char *name);
/* The next to open it begins anew. Where it cannot be removed it stays. */
void statefile_remove(const char *dir, const char *name);

/* dir/name is there, whole, and names an owner that is not kind's. Changes nothing. */
bool statefile_is_of_another(const char *dir, const char *name, const struct statefile_kind *kind);

#endif
