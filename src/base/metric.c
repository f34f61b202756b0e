#include "base/metric.h"

#include "base/fnv.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define COUNTER(counter, text) {.name = #counter, .help = (text), .is_gauge = false},
#define GAUGE(gauge, text)     {.name = #gauge, .help = (text), .is_gauge = true},
const struct metric_info metric_table[METRICS] = {
#include "base/metric.def"
};
#undef COUNTER
#undef GAUGE

static _Atomic uint64_t before_open[METRICS];
_Atomic uint64_t *metric_values = before_open;

#define MAGIC 0x314d495454545554 /* "TUTTTIM1" */

/* The file: this, then the values. */
struct metric_file {
	_Atomic uint64_t magic; /* written last */
	uint64_t names;         /* hash over the list */
	uint64_t count;
	uint64_t pid;
	uint64_t start_ticks; /* of the process, as in /proc/PID/stat: tells a reused pid */
	uint64_t started_us;
	char role[16];
	_Atomic uint64_t value[];
};
_Static_assert(sizeof(struct metric_file) == 64, "values begin on a cache line");

enum { FILE_SIZE = 4096 };
_Static_assert(sizeof(struct metric_file) + METRICS * 8 <= FILE_SIZE, "one page holds them all");

static uint64_t names_hash(void)
{
	uint64_t h = FNV_START;
	for (size_t i = 0; i < METRICS; i++)
		h = fnv(h, metric_table[i].name, strlen(metric_table[i].name) + 1);
	return h;
}

/* When a process started, in clock ticks since boot; 0 where it is gone. The name in brackets may
 * hold anything, so fields are counted from its last bracket. */
static uint64_t start_ticks(uint64_t pid)
{
	char path[64], text[1024];
	snprintf(path, sizeof path, "/proc/%llu/stat", (unsigned long long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = 0;
	char *at = strrchr(text, ')');
	struct str rest = str_c(at ? at + 1 : "");
	uint64_t ticks = 0;
	if (str_starts(rest, STR(" Z")))
		return 0;
	for (int field = 2; field < 22; field++)
		str_cut(&rest, ' ');
	return str_to_u64(str_cut(&rest, ' '), &ticks) ? ticks : 0;
}

static void fill(struct metric_file *file, const char *role)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	file->names = names_hash();
	file->count = METRICS;
	file->pid = (uint64_t)getpid();
	file->start_ticks = start_ticks(file->pid);
	file->started_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	snprintf(file->role, sizeof file->role, "%s", role);
	atomic_store_explicit(&file->magic, MAGIC, memory_order_release);
}

static int file_name(char out[static PATH_MAX], const char *run_dir, const char *role,
		     struct why *why)
{
	if (snprintf(out, PATH_MAX, "%s/metrics.%s", run_dir, role) >= PATH_MAX)
		return why_set(why, -ENAMETOOLONG, "the path of the run directory is too long");
	return 0;
}

/* A new file each time: who still reads the old one keeps reading the old one. */
int metric_open(const char *run_dir, const char *role, struct why *why)
{
	char path[PATH_MAX];
	struct mapped m;
	int rc = file_name(path, run_dir, role, why);
	if (rc < 0)
		return rc;
	if (unlink(path) < 0 && errno != ENOENT)
		return why_errno(why, -errno, "cannot replace %s", path);
	rc = mapped_open(&m, path, FILE_SIZE, 0, MAPPED_WRITE | MAPPED_FRESH, why);
	if (rc < 0)
		return rc;
	struct metric_file *file = (void *)m.p;
	fill(file, role);
	metric_values = file->value; /* mapped until the process ends */
	close(m.fd);
	return 0;
}

static int check_file(const struct mapped *m, const char *path, struct why *why)
{
	const struct metric_file *file = (const void *)m->p;
	if (m->n < FILE_SIZE || atomic_load_explicit(&file->magic, memory_order_acquire) != MAGIC)
		return why_set(why, -ENODATA, "%s is not written yet", path);
	if (file->names != names_hash() || file->count != METRICS)
		return why_set(why, -EPROTO, "%s is another version's", path);
	return 0;
}

int metric_view_open(struct metric_view *view, const char *run_dir, const char *role,
		     struct why *why)
{
	char path[PATH_MAX];
	*view = (struct metric_view){0};
	int rc = file_name(path, run_dir, role, why);
	if (rc == 0)
		rc = mapped_open(&view->file, path, 0, 0, MAPPED_READ, why);
	if (rc < 0)
		return rc;
	rc = check_file(&view->file, path, why);
	if (rc < 0) {
		mapped_close(&view->file);
		return rc;
	}
	const struct metric_file *file = (const void *)view->file.p;
	view->pid = file->pid;
	view->started_us = file->started_us;
	view->values = file->value;
	view->count = METRICS;
	view->is_alive = file->start_ticks && start_ticks(file->pid) == file->start_ticks;
	return 0;
}

void metric_view_close(struct metric_view *view)
{
	mapped_close(&view->file);
	*view = (struct metric_view){0};
}
