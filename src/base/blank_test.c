#include "base/blank.h"

#include "test/unit.h"

#include <stdio.h>

static const char secret[] = "MTk4NjIyNDgzNDcx.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";

static void expect(const char *text, const char *of, const char *expected)
{
	char line[300];
	snprintf(line, sizeof line, "%s", text);
	blank(line, str_c(of));
	assert_string_equal(line, expected);
}

static void all_of_it_wherever_it_stands(void **state)
{
	char line[300];
	(void)state;
	snprintf(line, sizeof line, "%s a %s b %s", secret, secret, secret);
	expect(line, secret, "*** a *** b ***");
	expect("", secret, "");
	expect("nothing of it", secret, "nothing of it");
}

static void any_part_of_twelve_bytes(void **state)
{
	(void)state;
	size_t n = sizeof secret - 1;
	for (size_t from = 0; from < n; from++) {
		for (size_t to = from + 1; to <= n; to++) {
			char line[100];
			snprintf(line, sizeof line, "<%.*s>", (int)(to - from), secret + from);
			expect(line, secret, to - from >= BLANK_LEAST ? "<***>" : line);
		}
	}
	expect("xMTk4NjIyNDgzMTk4NjIyNDgzNDcx.Cl2", secret, "x******");
}

static void a_short_one_only_whole(void **state)
{
	(void)state;
	expect("abcdefgh abcdefg", "abcdefgh", "*** abcdefg");
}

int main(void)
{
	return run_unit(test(all_of_it_wherever_it_stands), test(any_part_of_twelve_bytes),
			test(a_short_one_only_whole));
}
