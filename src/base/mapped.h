/* base/mapped.h: a file in memory. The one place that calls mmap.
 *
 * Journal, sessions, cursor and counters are mapped files: what is stored survives SIGKILL of the
 * process, because the pages belong to the kernel.
 *
 *     struct mapped m;
 *     if (mapped_open(&m, "state/sessions", 4096, 0, MAPPED_WRITE | MAPPED_LOCK, &why) < 0) ...
 *     m.p[0] = 1;                                   // stored, whatever happens to us next
 *     mapped_close(&m);
 *
 * Hazard:  whoever shortens a mapped file kills its readers (SIGBUS). So no file of ours is ever
 *          shortened under its name: a new one is made beside it and put in its place.
 */
#ifndef BASE_MAPPED_H
#define BASE_MAPPED_H

#include "base/why.h"

struct mapped {
	uint8_t *p;    /* first byte; data mapped twice follows the header where asked for */
	size_t n;      /* bytes of the file */
	size_t header; /* bytes before the part that is mapped twice; 0: mapped once */
	int fd;
	size_t before; /* bytes that the file had before it was opened */
	int how;       /* as it was opened */
};

enum mapped_how {
	MAPPED_READ = 1,      /* an existing file, read-only; size is what it has */
	MAPPED_WRITE = 2,     /* an existing file, or a new one of the size asked for */
	MAPPED_FRESH = 4,     /* with WRITE: fails with -EEXIST where the file exists */
	MAPPED_LOCK = 8,      /* with WRITE: flock, exclusive; -EWOULDBLOCK if another holds it */
	MAPPED_DONTDUMP = 16, /* not in a core file */
	MAPPED_EMPTY = 32,    /* with WRITE and LOCK: all zero, what it held is thrown away. For
			       * names that only the holder of the lock ever opens. */
};

/* Opens or makes path (0600) with size bytes, preallocated, so that a full disk is an error here
 * and not a SIGBUS later. header > 0: the bytes behind it are mapped a second time behind
 * themselves; both a multiple of the page size. Missing file with READ, or with WRITE and size 0:
 * -ENOENT. With WRITE a shorter file grows to size, a longer one stays (see n); a lock is only
 * taken on the file that has the name at that moment. */
TT_CHECK int mapped_open(struct mapped *m, const char *path, size_t size, size_t header, int how,
			 struct why *why);
/* Maps a file that was opened with header 0 again, now with its header known. m->p moves. */
TT_CHECK int mapped_twice(struct mapped *m, size_t header, struct why *why);
/* Of a closed or zeroed one: does nothing. */
void mapped_close(struct mapped *m);

/* True if path names this very file. */
bool mapped_is_at(const struct mapped *m, const char *path);
/* True if path names another one by now; not if nothing has that name. */
bool mapped_is_replaced(const struct mapped *m, const char *path);
/* The file at made takes the name path in one step; what had it is kept as kept, where not NULL. */
TT_CHECK int mapped_replace(const char *made, const char *path, const char *kept, struct why *why);

/* No error where it is missing. */
TT_CHECK int mapped_remove(const char *path, struct why *why);

/* A file without a name that lives as long as its descriptors: bytes to hand to another process.
 * The descriptor, or negative errno. */
TT_CHECK int mapped_scratch(struct str bytes);

/* Makes path and the directories before it, 0700 each, where missing. */
TT_CHECK int mapped_mkdir(const char *path, struct why *why);

#endif
