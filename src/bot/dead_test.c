#include "bot/dead.h"

#include "test/dir.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct json *j;
static struct why why;

static void write_one(const char *payload, size_t n, unsigned parts)
{
	struct job job = {.h = {.epoch = 5,
				.pos = 6,
				.shard = 1,
				.session = 2,
				.s = 3,
				.topic = STR("MESSAGE_CREATE.81.7.")},
			  .payload = str_of(payload, n),
			  .crashes = 3,
			  .signal = 11};
	assert_int_equal(dead_write(test_dir, STR("echo"), 0, parts, &job, j, &why), 0);
}

/* The last line of the file, and how many there are. */
static struct str last_line(const char *name, size_t *lines)
{
	static char bytes[2 * DEAD_EVENT];
	FILE *f = fopen(in_dir(name), "r");
	struct str line = {0};
	assert_non_null(f);
	for (*lines = 0; fgets(bytes, sizeof bytes, f); (*lines)++)
		line = str_c(bytes);
	fclose(f);
	return line;
}

static struct json_at read_last(const char *name, size_t *lines)
{
	struct json_at line;
	assert_int_equal(json_parse(j, last_line(name, lines), &line, &why), 0);
	return line;
}

static void a_line_says_what_and_why_and_holds_the_event(void **state)
{
	struct stat is;
	size_t lines;
	(void)state;
	write_one("{\"a\":\n 1}", 9, 1);
	struct json_at line = read_last("echo.dead.jsonl", &lines);
	assert_int_equal(lines, 1);
	assert_int_equal(json_u64(json_get(line, "pos")), 6);
	assert_int_equal(json_u64(json_get(line, "signal")), 11);
	assert_int_equal(json_u64(json_get(line, "crashes")), 3);
	assert_int_equal(json_id(json_get(line, "channel_id")), 7);
	assert_true(str_eq(json_str(json_get(line, "event")), STR("MESSAGE_CREATE")));
	assert_int_equal(json_i64(json_path(line, "d.a")), 1);
	assert_int_equal(stat(in_dir("echo.dead.jsonl"), &is), 0);
	assert_int_equal(is.st_mode & 0777, 0600);
	write_one("not { json", 10, 1);
	line = read_last("echo.dead.jsonl", &lines);
	assert_int_equal(lines, 2);
	assert_true(str_eq(json_str(json_get(line, "d")), STR("not { json")));
	write_one("{}", 2, 2);
	(void)read_last("echo.0-of-2.dead.jsonl", &lines);
	assert_int_equal(lines, 1);
}

static void the_file_is_bounded(void **state)
{
	static char big[DEAD_EVENT + 1];
	size_t lines;
	(void)state;
	memset(big, ' ', sizeof big);
	write_one(big, sizeof big, 1);
	struct json_at line = read_last("echo.dead.jsonl", &lines);
	assert_int_equal(json_kind(json_get(line, "d")), JSON_NULL);
	assert_int_equal(json_u64(json_get(line, "bytes")), sizeof big);
	big[0] = '"';
	memset(big + 1, 'x', DEAD_EVENT - 2);
	big[DEAD_EVENT - 1] = '"';
	for (int i = 0; i < 20; i++) {
		struct stat is;
		write_one(big, DEAD_EVENT, 1);
		assert_int_equal(stat(in_dir("echo.dead.jsonl"), &is), 0);
		assert_true(is.st_size <= DEAD_FILE);
	}
	(void)last_line("echo.dead.jsonl.1", &lines);
	assert_int_equal(lines, 7);
}

static void what_cannot_be_written_is_an_error(void **state)
{
	struct job job = {.payload = STR("{}")};
	(void)state;
	assert_true(dead_write(in_dir("nowhere"), STR("echo"), 0, 1, &job, j, &why) < 0);
}

static void half_a_line_is_taken_back(void **state)
{
	struct job job = {.payload = STR("{}")};
	struct rlimit was, small = {.rlim_cur = 100, .rlim_max = RLIM_INFINITY};
	struct stat is;
	(void)state;
	unlink(in_dir("echo.dead.jsonl"));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &was);
	small.rlim_max = was.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	int error = dead_write(in_dir(""), STR("echo"), 0, 1, &job, j, &why);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_true(error < 0);
	assert_int_equal(stat(in_dir("echo.dead.jsonl"), &is), 0);
	assert_int_equal(is.st_size, 0);
}

int main(void)
{
	j = json_new();
	int failed = run_unit_in_dir(
		test(a_line_says_what_and_why_and_holds_the_event), test(the_file_is_bounded),
		test(what_cannot_be_written_is_an_error), test(half_a_line_is_taken_back));
	json_free(j);
	return failed;
}
