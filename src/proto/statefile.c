#include "proto/statefile.h"

#include "base/bytes.h"
#include "proto/crc32c.h"
#include "proto/seal.h"

#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { HOW = MAPPED_WRITE | MAPPED_LOCK | MAPPED_DONTDUMP };

static uint32_t sum(const uint8_t *p)
{
	return crc32c(crc32c(0, p + 8, 4), p + STATEFILE_MARK, STATEFILE_MARK_MAX);
}

static bool is_zero(const uint8_t *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

/* The magic last: a killed beginning is no file of ours yet. */
static void begin(struct mapped *m, const struct statefile_kind *kind)
{
	BUG_ON(kind->mark.n > STATEFILE_MARK_MAX);
	put_le32(m->p + 8, STATEFILE_VERSION);
	memset(m->p + STATEFILE_MARK, 0, STATEFILE_MARK_MAX);
	if (kind->mark.n)
		memcpy(m->p + STATEFILE_MARK, kind->mark.p, kind->mark.n);
	put_le32(m->p + 12, sum(m->p));
	atomic_thread_fence(memory_order_release);
	put_le64(m->p, kind->magic);
}

/* NULL where the file is ours and whole. */
static const char *look(const struct mapped *m, const struct statefile_kind *kind)
{
	if (is_zero(m->p, m->n))
		return "it is all zero";
	if (get_le64(m->p) != kind->magic)
		return "it is something else";
	if (get_le32(m->p + 8) != STATEFILE_VERSION)
		return "it is of another version";
	return get_le32(m->p + 12) == sum(m->p) ? NULL : "its header is damaged";
}

/* What is damaged names nobody. */
static bool is_of_another(const struct mapped *m, const struct statefile_kind *kind)
{
	uint64_t owner;
	return kind->owner && unseal(get_le64(m->p + STATEFILE_OWNER), STATEFILE_OWNER, &owner) &&
	       owner && owner != kind->owner;
}

/* One store, so that a kill leaves it with the one owner or none. */
static void name_owner(struct mapped *m, const struct statefile_kind *kind)
{
	uint64_t word = htole64(seal(kind->owner, STATEFILE_OWNER));
	if (kind->owner)
		atomic_store_explicit((_Atomic uint64_t *)(void *)(m->p + STATEFILE_OWNER), word,
				      memory_order_release);
}

static int begin_anew(struct mapped *m, const char *path, const struct statefile_kind *kind,
		      struct why *why)
{
	char fresh[PATH_MAX + 4], bad[PATH_MAX + 4];
	struct mapped old = *m;
	snprintf(fresh, sizeof fresh, "%s.new", path);
	snprintf(bad, sizeof bad, "%s.bad", path);
	int rc = mapped_open(m, fresh, kind->size, 0, HOW | MAPPED_EMPTY, why);
	if (rc == 0) {
		begin(m, kind);
		rc = mapped_replace(fresh, path, bad, why);
		if (rc < 0)
			mapped_close(m);
	}
	mapped_close(&old);
	return rc;
}

static int take(struct mapped *m, const char *path, const char *name,
		const struct statefile_kind *kind, bool *is_new, struct why *reason,
		struct why *why)
{
	const char *wrong = look(m, kind);
	bool is_stale = !wrong && is_of_another(m, kind);
	if (is_stale)
		wrong = "it was of another bot or API";
	*is_new = wrong != NULL;
	if (!wrong)
		return 0;
	if (m->before == 0) {
		begin(m, kind);
		return 0;
	}
	why_set(reason, is_stale ? -ESTALE : -EBADMSG, "%s was put aside as %s.bad: %s", path, name,
		wrong);
	return begin_anew(m, path, kind, why);
}

int statefile_open(struct mapped *m, const char *dir, const char *name,
		   const struct statefile_kind *kind, bool *is_new, struct why *reason,
		   struct why *why)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof path)
		return why_set(why, -ENAMETOOLONG, "the path %.40s... is too long", dir);
	int rc = mapped_mkdir(dir, why);
	if (rc == 0)
		rc = mapped_open(m, path, kind->size, 0, HOW, why);
	if (rc < 0)
		return rc;
	rc = take(m, path, name, kind, is_new, reason, why);
	if (rc == 0)
		name_owner(m, kind);
	return rc;
}

bool statefile_is_of_another(const char *dir, const char *name, const struct statefile_kind *kind)
{
	char path[PATH_MAX];
	struct mapped m;
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof path || mapped_open(&m, path, 0, 0, MAPPED_READ, NULL) < 0)
		return false;
	bool is = m.n >= STATEFILE_OWNER + sizeof(uint64_t) && !look(&m, kind) &&
		  is_of_another(&m, kind);
	mapped_close(&m);
	return is;
}

bool statefile_is_there(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

void statefile_remove(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n > 0 && (size_t)n < sizeof path)
		(void)unlink(path);
}
