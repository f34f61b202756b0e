/* base/mapped.h: a file in memory. The one place that calls mmap.
 *
 * Journal, sessions, cursor and counters are mapped files: what is stored survives SIGKILL of the
 * process, because the pages belong to the kernel.
 */
#ifndef BASE_MAPPED_H
#define BASE_MAPPED_H

#include "base/why.h"

struct mapped {
	uint8_t *p;    /* first byte; data mapped twice follows the header where asked for */
	size_t n;      /* bytes of the file */
	size_t header; /* bytes before the part that is mapped twice; 0: mapped once */
	int fd;
};

enum mapped_how {
	MAPPED_READ = 1,      /* an existing file, read-only; size is what it has */
	MAPPED_WRITE = 2,     /* an existing file, or a new one of the size asked for */
	MAPPED_FRESH = 4,     /* with WRITE: fails with -EEXIST where the file exists */
	MAPPED_LOCK = 8,      /* with WRITE: flock, exclusive; -EWOULDBLOCK if another holds it */
	MAPPED_DONTDUMP = 16, /* not in a core file */
};

/* Opens or makes path (0600) with size bytes, preallocated, so that a full disk is an error here
 * and not a SIGBUS later. header > 0: the bytes behind it are mapped a second time behind
 * themselves; both a multiple of the page size. Missing file with READ: -ENOENT. */
TT_CHECK int mapped_open(struct mapped *m, const char *path, size_t size, size_t header, int how,
			 struct why *why);
void mapped_close(struct mapped *m);

/* Makes path and the directories before it, 0700 each, where missing. */
TT_CHECK int mapped_mkdir(const char *path, struct why *why);

#endif
