#include "daemon/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

static const char file_name[] = "journal"; /* in both places */

struct keep_path {
	char text[PATH_MAX];
};

static struct keep_path in(const char *dir, const char *suffix)
{
	struct keep_path path;
	if (snprintf(path.text, sizeof path.text, "%s/%s%s", dir, file_name, suffix) >=
	    (int)sizeof path.text)
		path.text[0] = 0; /* open("") is an error of its own */
	return path;
}

bool keep_is_needed(const char *dir)
{
	struct statfs is;
	return statfs(dir, &is) == 0 && (is.f_type == TMPFS_MAGIC || is.f_type == RAMFS_MAGIC);
}

static int copy_stretch(int from, int to, off_t at, off_t end)
{
	if (lseek(to, at, SEEK_SET) < 0)
		return -errno;
	while (at < end) {
		ssize_t n = sendfile(to, from, &at, (size_t)(end - at));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -EIO; /* it shrank under us */
	}
	return 0;
}

/* Only what holds data: most of a young journal is a hole. */
static int copy_data(int from, int to, off_t size)
{
	off_t at = 0;
	while (at < size) {
		off_t begin = lseek(from, at, SEEK_DATA);
		if (begin < 0 && errno == ENXIO)
			break;
		off_t end = begin < 0 ? -1 : lseek(from, begin, SEEK_HOLE);
		if (end < 0)
			return -errno;
		int rc = copy_stretch(from, to, begin, end);
		if (rc < 0)
			return rc;
		at = end;
	}
	return ftruncate(to, size) < 0 ? -errno : 0;
}

static int copy_open(int from, const char *path)
{
	struct stat is;
	if (fstat(from, &is) < 0)
		return -errno;
	if (!S_ISREG(is.st_mode))
		return -EINVAL;
	int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to < 0)
		return -errno;
	int rc = copy_data(from, to, is.st_size);
	if (close(to) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

/* The name appears when the copy is whole. No fsync of 256 MiB: a host that goes down in order
 * writes its pages, and a torn copy is seen by its checksums and thrown away. */
static int copy_file(const char *from_dir, const char *to_dir)
{
	struct keep_path from = in(from_dir, ""), to = in(to_dir, ""), half = in(to_dir, ".part");
	int fd = open(from.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	int rc = copy_open(fd, half.text);
	close(fd);
	if (rc == 0 && rename(half.text, to.text) < 0)
		rc = -errno;
	if (rc < 0)
		unlink(half.text);
	return rc;
}

int keep_save(const char *run_dir, const char *state_dir, struct why *why)
{
	int rc = copy_file(run_dir, state_dir);
	if (rc == -ENOENT)
		return 0;
	return rc < 0 ? why_errno(why, rc, "the journal cannot be copied to %s", state_dir) : 1;
}

/* Gone for good, also over a power cut that comes now. */
static int drop_copy(const char *state_dir)
{
	struct keep_path copy = in(state_dir, "");
	if (unlink(copy.text) < 0)
		return errno == ENOENT ? 0 : -errno;
	int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) < 0 ? -errno : 0;
	if (fd >= 0)
		close(fd);
	return rc;
}

int keep_restore(const char *run_dir, const char *state_dir, struct why *why)
{
	struct keep_path there = in(run_dir, "");
	bool is_empty = access(there.text, F_OK) < 0;
	int rc = is_empty ? copy_file(state_dir, run_dir) : -ENOENT;
	int dropped = drop_copy(state_dir);
	if (dropped < 0)
		return why_errno(why, dropped, "the copy of the journal in %s cannot be removed",
				 state_dir);
	if (rc == -ENOENT)
		return 0;
	return rc < 0 ? why_errno(why, rc, "the copy of the journal cannot be taken back") : 1;
}
