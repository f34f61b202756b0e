#include "base/mapped.h"
#include "test/dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 65536 }; /* a multiple of any machine's */

static struct why why;

static void a_new_file_is_private_and_has_its_blocks(void **state)
{
	(void)state;
	struct mapped m;
	struct stat st;
	umask(0);
	assert_int_equal(mapped_open(&m, in_dir("new"), 3 * 4096, 0, MAPPED_WRITE, &why), 0);
	assert_int_equal(stat(in_dir("new"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 3 * 4096);
	assert_true(st.st_blocks * 512 >= 3 * 4096);
	m.p[3 * 4096 - 1] = 7;
	mapped_close(&m);
	assert_int_equal(mapped_open(&m, in_dir("new"), 0, 0, MAPPED_READ, &why), 0);
	assert_int_equal(m.n, 3 * 4096);
	assert_int_equal(m.p[3 * 4096 - 1], 7);
	mapped_close(&m);
}

static void an_open_file_of_wide_mode_becomes_private(void **state)
{
	(void)state;
	struct mapped m;
	struct stat st;
	int fd = open(in_dir("wide"), O_CREAT | O_RDWR, 0666);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(mapped_open(&m, in_dir("wide"), 4096, 0, MAPPED_WRITE, &why), 0);
	assert_int_equal(stat(in_dir("wide"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	mapped_close(&m);
}

static void data_mapped_twice_is_the_same_data(void **state)
{
	(void)state;
	struct mapped m, r;
	assert_int_equal(mapped_open(&m, in_dir("twice"), 3 * PAGE, PAGE, MAPPED_WRITE, &why), 0);
	memcpy(m.p + 3 * PAGE - 2, "abcd", 4);
	assert_memory_equal(m.p + PAGE, "cd", 2);
	assert_int_equal(mapped_open(&r, in_dir("twice"), 0, 0, MAPPED_READ, &why), 0);
	assert_int_equal(mapped_twice(&r, PAGE, &why), 0);
	assert_memory_equal(r.p + 3 * PAGE - 2, "abcd", 4);
	assert_int_equal(mapped_twice(&r, 3 * PAGE, &why), -EINVAL);
	assert_int_equal(mapped_twice(&r, 100, &why), -EINVAL);
	assert_memory_equal(r.p + 3 * PAGE - 2, "abcd", 4);
	mapped_close(&r);
	mapped_close(&m);
}

static void missing_empty_and_strange_files_are_refused(void **state)
{
	(void)state;
	struct mapped m;
	assert_int_equal(mapped_open(&m, in_dir("none"), 0, 0, MAPPED_READ, &why), -ENOENT);
	assert_non_null(strstr(why.text, "/none"));
	assert_int_equal(mapped_open(&m, in_dir("none"), 0, 0, MAPPED_WRITE, &why), -ENOENT);
	close(open(in_dir("empty"), O_CREAT | O_RDWR, 0600));
	assert_int_equal(mapped_open(&m, in_dir("empty"), 0, 0, MAPPED_READ, &why), -ENODATA);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(mapped_open(&m, in_dir("fifo"), 4096, 0, MAPPED_READ, &why), -EINVAL);
	assert_int_equal(symlink(in_dir("new"), in_dir("link")), 0);
	assert_int_equal(mapped_open(&m, in_dir("link"), 4096, 0, MAPPED_WRITE, &why), -ELOOP);
	mapped_close(&m);
}

static void fresh_wants_no_file(void **state)
{
	(void)state;
	struct mapped m;
	int how = MAPPED_WRITE | MAPPED_FRESH;
	assert_int_equal(mapped_open(&m, in_dir("fresh"), 4096, 0, how, &why), 0);
	mapped_close(&m);
	assert_int_equal(mapped_open(&m, in_dir("fresh"), 4096, 0, how, &why), -EEXIST);
}

static void a_shorter_file_grows_and_a_longer_stays(void **state)
{
	(void)state;
	struct mapped m;
	for (size_t size = 4096; size <= 8192; size *= 2) {
		assert_int_equal(mapped_open(&m, in_dir("grow"), size, 0, MAPPED_WRITE, &why), 0);
		assert_int_equal(m.n, size);
		m.p[size - 1] = 9;
		mapped_close(&m);
	}
	assert_int_equal(mapped_open(&m, in_dir("grow"), 4096, 0, MAPPED_WRITE, &why), 0);
	assert_int_equal(m.n, 8192);
	assert_int_equal(m.p[4095], 9);
	mapped_close(&m);
}

/* flock belongs to the open file, so a second open of this process is a second holder. */
static void a_lock_is_exclusive_and_ends_with_its_holder(void **state)
{
	(void)state;
	struct mapped a, b;
	int how = MAPPED_WRITE | MAPPED_LOCK;
	assert_int_equal(mapped_open(&a, in_dir("lock"), 4096, 0, how, &why), 0);
	assert_int_equal(mapped_open(&b, in_dir("lock"), 4096, 0, how, &why), -EWOULDBLOCK);
	mapped_close(&a);
	pid_t child = fork();
	if (child == 0)
		_exit(mapped_open(&a, in_dir("lock"), 4096, 0, how, &why) == 0 ? 0 : 1);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(mapped_open(&b, in_dir("lock"), 4096, 0, how, &why), 0);
	mapped_close(&b);
}

static void empty_throws_away_only_under_the_lock(void **state)
{
	(void)state;
	struct mapped a, b;
	int how = MAPPED_WRITE | MAPPED_LOCK;
	assert_int_equal(mapped_open(&a, in_dir("zero"), 8192, 0, how, &why), 0);
	a.p[0] = 1;
	assert_int_equal(mapped_open(&b, in_dir("zero"), 4096, 0, how | MAPPED_EMPTY, &why),
			 -EWOULDBLOCK);
	assert_int_equal(a.p[0], 1);
	mapped_close(&a);
	assert_int_equal(mapped_open(&b, in_dir("zero"), 4096, 0, how | MAPPED_EMPTY, &why), 0);
	assert_int_equal(b.n, 4096);
	assert_int_equal(b.p[0], 0);
	mapped_close(&b);
}

static void replacing_keeps_the_old_and_shows(void **state)
{
	(void)state;
	struct mapped a, b;
	assert_int_equal(mapped_open(&a, in_dir("r"), 4096, 0, MAPPED_WRITE, &why), 0);
	assert_int_equal(mapped_open(&b, in_dir("r.new"), 8192, 0, MAPPED_WRITE, &why), 0);
	assert_true(mapped_is_at(&a, in_dir("r")));
	assert_int_equal(mapped_replace(in_dir("r.new"), in_dir("r"), in_dir("r.bad"), &why), 0);
	assert_true(mapped_is_at(&b, in_dir("r")) && mapped_is_at(&a, in_dir("r.bad")));
	assert_false(mapped_is_at(&a, in_dir("r")));
	assert_true(mapped_is_replaced(&a, in_dir("r")));
	assert_false(mapped_is_replaced(&b, in_dir("r")) || mapped_is_replaced(&b, in_dir("no")));
	assert_int_equal(mapped_replace(in_dir("r.bad"), in_dir("r"), in_dir("r.bad2"), &why), 0);
	assert_true(mapped_is_at(&b, in_dir("r.bad2")));
	assert_int_equal(mapped_replace(in_dir("none"), in_dir("r"), NULL, &why), -ENOENT);
	assert_true(mapped_is_at(&a, in_dir("r")));
	mapped_close(&a);
	mapped_close(&b);
}

static void mkdir_makes_the_whole_way(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(mapped_mkdir(in_dir("a//b/c/"), &why), 0);
	assert_int_equal(mapped_mkdir(in_dir("a/b/c"), &why), 0);
	assert_int_equal(stat(in_dir("a/b"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	close(open(in_dir("plain"), O_CREAT | O_RDWR, 0600));
	assert_int_equal(mapped_mkdir(in_dir("plain/x"), &why), -ENOTDIR);
	assert_non_null(strstr(why.text, "plain"));
}

static void a_scratch_file_holds_the_bytes_and_has_no_name(void **state)
{
	(void)state;
	char got[8] = "";
	int fd = mapped_scratch(STR("some"));
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, got, sizeof got, 0), 4);
	assert_string_equal(got, "some");
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

int main(void)
{
	return run_unit_in_dir(
		test(a_scratch_file_holds_the_bytes_and_has_no_name),
		test(a_new_file_is_private_and_has_its_blocks),
		test(an_open_file_of_wide_mode_becomes_private),
		test(data_mapped_twice_is_the_same_data),
		test(missing_empty_and_strange_files_are_refused), test(fresh_wants_no_file),
		test(a_shorter_file_grows_and_a_longer_stays),
		test(a_lock_is_exclusive_and_ends_with_its_holder),
		test(empty_throws_away_only_under_the_lock),
		test(replacing_keeps_the_old_and_shows), test(mkdir_makes_the_whole_way));
}
