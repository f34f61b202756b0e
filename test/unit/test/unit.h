/* test/unit.h: cmocka, and the few words every unit test uses. */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <unistd.h>

#include "base/str.h"

/* A struct str against a C string, shown in full where they differ. */
#define assert_str(actual, expected)                                           \
	do {                                                                   \
		struct str actual_ = (actual);                                 \
		struct str expected_ = str_c(expected);                        \
		if (!str_eq(actual_, expected_))                               \
			fail_msg("\"%.*s\" is not \"%.*s\"", STR_FMT(actual_), \
				 STR_FMT(expected_));                          \
	} while (0)

/* A test that waits in vain, or goes round without end, ends by SIGALRM and is seen. Seconds of a
 * program; the longest takes three minutes on a machine that is busy. */
enum { UNIT_SECONDS = 600 };

#define test(name) cmocka_unit_test(name)
#define run_unit_around(set_up, tear_down, ...)                                                    \
	(alarm(UNIT_SECONDS),                                                                      \
	 cmocka_run_group_tests_name(__FILE__, ((const struct CMUnitTest[]){__VA_ARGS__}), set_up, \
				     tear_down))
#define run_unit(...) run_unit_around(NULL, NULL, __VA_ARGS__)

#endif
