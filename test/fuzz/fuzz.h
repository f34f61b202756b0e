/* test/fuzz/fuzz.h: what the fuzz targets share. A target is a file fuzz_NAME.c with the function below.
 *
 * `make test` replays corpus/NAME through replay.c, with ASan and UBSan. To search:
 *
 *     CC=clang CXX=clang++ meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined \
 *             -Db_lundef=false
 *     ninja -C build-fuzz test/fuzz/fuzz_NAME
 *     build-fuzz/test/fuzz/fuzz_NAME -max_total_time=60 test/fuzz/corpus/NAME
 *
 * What it finds is made small (-minimize_crash=1), fixed, and added to the corpus.
 */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include "base/bytes.h"
#include "base/mapped.h"
#include "base/why.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* The input, taken from the front; zeros when it is used up. */
struct fuzz_in {
	const uint8_t *p;
	size_t n;
};

static inline uint64_t fuzz_take(struct fuzz_in *in, size_t bytes)
{
	uint64_t v = 0;
	for (size_t i = 0; i < bytes && in->n; i++) {
		v |= (uint64_t)*in->p++ << 8 * i;
		in->n--;
	}
	return v;
}

/* What has to hold. */
#define MUST(holds) BUG_ON(!(holds))

/* The same for targets that read the input as text: n bytes, or what is left, off the front. */
static inline struct str fuzz_cut(struct str *rest, size_t n)
{
	struct str taken = str_of(rest->p, n < rest->n ? n : rest->n);
	*rest = str_of(taken.n ? rest->p + taken.n : rest->p, rest->n - taken.n);
	return taken;
}

/* The next byte, 0 at the end. */
static inline unsigned fuzz_byte(struct str *rest)
{
	struct str one = fuzz_cut(rest, 1);
	return one.n ? (unsigned char)one.p[0] : 0;
}

static char fuzz_path_dir[200];

static inline void fuzz_dir_remove(void)
{
	char command[300];
	snprintf(command, sizeof command, "rm -rf '%s'", fuzz_path_dir);
	if (system(command) != 0)
		perror(command);
}

/* A directory for the target's files, made once, removed at exit. */
static inline const char *fuzz_dir(void)
{
	if (!fuzz_path_dir[0]) {
		const char *base = getenv("TMPDIR");
		if (!base)
			base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir;
		snprintf(fuzz_path_dir, sizeof fuzz_path_dir, "%s/tutti-fuzz-XXXXXX", base);
		BUG_ON(!mkdtemp(fuzz_path_dir));
		atexit(fuzz_dir_remove);
	}
	return fuzz_path_dir;
}

static inline const char *fuzz_path(const char *name)
{
	static char path[300];
	snprintf(path, sizeof path, "%s/%s", fuzz_dir(), name);
	return path;
}

/* Writes into the mapped file what the input says: a count, then place and byte again and again. So
 * an input of a few bytes spoils a file that is otherwise whole. */
static inline void fuzz_edit(struct fuzz_in *in, uint8_t *p, size_t n)
{
	for (uint64_t edits = fuzz_take(in, 1) % 32; edits; edits--) {
		uint64_t at = fuzz_take(in, 3);
		p[at % n] = (uint8_t)fuzz_take(in, 1);
	}
}

#endif
