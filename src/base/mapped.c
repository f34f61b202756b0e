#include "base/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { LOCK_ROUNDS = 100 }; /* each is lost only to somebody who replaces the file just then */

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool mapped_is_at(const struct mapped *m, const char *path)
{
	struct stat ours, there;
	return fstat(m->fd, &ours) == 0 && stat(path, &there) == 0 && is_same_file(&ours, &there);
}

bool mapped_is_replaced(const struct mapped *m, const char *path)
{
	struct stat ours, there;
	return fstat(m->fd, &ours) == 0 && stat(path, &there) == 0 && !is_same_file(&ours, &there);
}

/* O_NONBLOCK: somebody's FIFO under our name must not stop us. */
static int open_file(const char *path, size_t size, int how)
{
	int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW;
	if (how & MAPPED_WRITE)
		flags |= O_RDWR | (size ? O_CREAT : 0) | (how & MAPPED_FRESH ? O_EXCL : 0);
	int fd = open(path, flags, 0600);
	return fd < 0 ? -errno : fd;
}

/* The name may pass to another file between open and flock: then the lock is worth nothing, and
 * -ESTALE asks for another round. */
static int lock_file(const struct mapped *m, const char *path)
{
	if (flock(m->fd, LOCK_EX | LOCK_NB) < 0)
		return -errno;
	return mapped_is_at(m, path) ? 0 : -ESTALE;
}

/* Asked before anything is taken: a journal too large for its file system must not fill it first,
 * and everybody else's files with it. */
static bool has_space(const struct mapped *m)
{
	struct stat st;
	struct statvfs fs;
	if (fstat(m->fd, &st) < 0 || fstatvfs(m->fd, &fs) < 0)
		return true;
	uint64_t held = (uint64_t)st.st_blocks * 512;
	return m->n <= held || (m->n - held) / fs.f_frsize < fs.f_bavail;
}

static int grow_file(struct mapped *m, size_t size, mode_t mode)
{
	int rc;
	if (mode & 077 && fchmod(m->fd, 0600) < 0)
		return -errno;
	if (m->how & MAPPED_EMPTY && ftruncate(m->fd, 0) < 0)
		return -errno;
	if (m->how & MAPPED_EMPTY || m->n < size)
		m->n = size;
	if (!has_space(m))
		return -ENOSPC;
	do
		rc = posix_fallocate(m->fd, 0, (off_t)m->n);
	while (rc == EINTR);
	return -rc;
}

static int size_file(struct mapped *m, size_t size)
{
	struct stat st;
	if (fstat(m->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	m->before = m->n = (size_t)st.st_size;
	if (m->how & MAPPED_WRITE && (m->n || size)) {
		int rc = grow_file(m, size, st.st_mode);
		if (rc < 0)
			return rc;
	}
	return m->n ? 0 : -ENODATA;
}

/* Takes address space for all of it first, so that the two copies lie back to back. */
static int map_file(struct mapped *m, size_t header)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (header && (header % page || m->n % page || header >= m->n))
		return -EINVAL;
	int protect = PROT_READ | (m->how & MAPPED_WRITE ? PROT_WRITE : 0);
	size_t twice = header ? m->n - header : 0;
	uint8_t *p = mmap(NULL, m->n + twice, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	if (mmap(p, m->n, protect, MAP_SHARED | MAP_FIXED, m->fd, 0) == MAP_FAILED ||
	    (twice && mmap(p + m->n, twice, protect, MAP_SHARED | MAP_FIXED, m->fd,
			   (off_t)header) == MAP_FAILED)) {
		int rc = -errno;
		munmap(p, m->n + twice);
		return rc;
	}
	if (m->how & MAPPED_DONTDUMP)
		madvise(p, m->n + twice, MADV_DONTDUMP);
	m->p = p;
	m->header = header;
	return 0;
}

static void unmap(struct mapped *m)
{
	if (m->p)
		munmap(m->p, m->n + (m->header ? m->n - m->header : 0));
	m->p = NULL;
}

static int open_once(struct mapped *m, const char *path, size_t size, size_t header, int how)
{
	*m = (struct mapped){.how = how, .fd = open_file(path, size, how)};
	int rc = m->fd < 0 ? m->fd : 0;
	if (rc == 0 && how & MAPPED_LOCK)
		rc = lock_file(m, path);
	if (rc == 0)
		rc = size_file(m, size);
	if (rc == 0)
		rc = map_file(m, header);
	if (rc < 0)
		mapped_close(m);
	return rc;
}

int mapped_open(struct mapped *m, const char *path, size_t size, size_t header, int how,
		struct why *why)
{
	int rc = -ESTALE;
	for (int round = 0; rc == -ESTALE && round < LOCK_ROUNDS; round++)
		rc = open_once(m, path, size, header, how);
	return rc < 0 ? why_errno(why, rc, "cannot open %s", path) : 0;
}

int mapped_twice(struct mapped *m, size_t header, struct why *why)
{
	struct mapped again = *m;
	int rc = map_file(&again, header);
	if (rc < 0)
		return why_errno(why, rc, "cannot map %zu bytes twice", m->n - header);
	unmap(m);
	*m = again;
	return 0;
}

void mapped_close(struct mapped *m)
{
	bool is_open =
		m->p || m->fd > 0; /* a zeroed one has 0 for a descriptor that is not its own */
	unmap(m);
	if (is_open)
		close(m->fd);
	*m = (struct mapped){.fd = -1};
}

int mapped_remove(const char *path, struct why *why)
{
	if (unlink(path) < 0 && errno != ENOENT)
		return why_errno(why, -errno, "cannot remove %s", path);
	return 0;
}

int mapped_replace(const char *made, const char *path, const char *kept, struct why *why)
{
	/* A second name first, so that path is never missing. */
	if (kept) {
		int rc = mapped_remove(kept, why);
		if (rc < 0)
			return rc;
		if (link(path, kept) < 0 && errno != ENOENT && rename(path, kept) < 0)
			return why_errno(why, -errno, "cannot keep %s as %s", path, kept);
	}
	if (rename(made, path) < 0)
		return why_errno(why, -errno, "cannot rename %s to %s", made, path);
	return 0;
}

static int make_one(const char *path)
{
	struct stat st;
	if (mkdir(path, 0700) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int mapped_mkdir(const char *path, struct why *why)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	if (n >= sizeof part)
		return why_set(why, -ENAMETOOLONG, "the path %.40s... is too long", path);
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && i < n)
			continue;
		part[i] = 0;
		int rc = make_one(part);
		if (rc < 0)
			return why_errno(why, rc, "cannot make the directory %s", part);
		part[i] = path[i];
	}
	return 0;
}

int mapped_scratch(struct str bytes)
{
	int fd = memfd_create("tutti", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < bytes.n;) {
		ssize_t n = pwrite(fd, bytes.p + done, bytes.n - done, (off_t)done);
		if (n <= 0) {
			int rc = n < 0 ? -errno : -EIO;
			close(fd);
			return rc;
		}
		done += (size_t)n;
	}
	return fd;
}
