/* test/unit.h: cmocka, and the few words every unit test uses. */
#ifndef TEST_UNIT_H
#define TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

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

#define test(name) cmocka_unit_test(name)
#define run_unit(...)                                                                           \
	cmocka_run_group_tests_name(__FILE__, ((const struct CMUnitTest[]){__VA_ARGS__}), NULL, \
				    NULL)

#endif
