/* test/dir.h: a directory of its own for a test that needs files.
 *
 *     int main(void) { return run_unit_in_dir(test(...), ...); }
 *     mapped_open(&m, in_dir("sessions"), ...)
 *
 * Made under $TMPDIR, removed with all that is in it when the group ends.
 */
#ifndef TEST_DIR_H
#define TEST_DIR_H

#include "test/unit.h"

#include <stdio.h>
#include <stdlib.h>

static char test_dir[256];

/* A path in it, in one of 8 buffers used in turn. */
static inline const char *in_dir(const char *name)
{
	static char path[8][512];
	static unsigned turn;
	char *p = path[turn++ % 8];
	snprintf(p, sizeof path[0], "%s/%s", test_dir, name);
	return p;
}

static inline int test_dir_make(void **state)
{
	const char *base = getenv("TMPDIR");
	(void)state;
	snprintf(test_dir, sizeof test_dir, "%s/tutti-test-XXXXXX", base ? base : P_tmpdir);
	return mkdtemp(test_dir) ? 0 : -1;
}

static inline int test_dir_remove(void **state)
{
	char command[300];
	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", test_dir);
	return system(command);
}

#define run_unit_in_dir(...) run_unit_around(test_dir_make, test_dir_remove, __VA_ARGS__)

#endif
