/* base/metric.h: counters and gauges that anybody may read while they count.
 *
 * metric.def is the one list. Each role maps RUN/metrics.<role>: a header, then one u64 per row of
 * the list, in order, guarded by a hash over their names. Writers are single-threaded per counter
 * and use relaxed stores; readers (tutti status, the parent) map the file read-only and never
 * ask the role.
 */
#ifndef BASE_METRIC_H
#define BASE_METRIC_H

#include "base/mapped.h"

#include <stdatomic.h>

#define COUNTER(name, help) METRIC_##name,
#define GAUGE(name, help)   METRIC_##name,
enum metric_id {
#include "base/metric.def"
	METRICS
};
#undef COUNTER
#undef GAUGE

struct metric_info {
	const char *name, *help;
	bool is_gauge;
};
extern const struct metric_info metric_table[METRICS];

/* Where metric_add() counts. Before metric_open() a static array, so that units can be tested. */
extern _Atomic uint64_t *metric_values;

static inline void metric_add(enum metric_id id, uint64_t n)
{
	uint64_t v = atomic_load_explicit(&metric_values[id], memory_order_relaxed);
	atomic_store_explicit(&metric_values[id], v + n, memory_order_relaxed);
}

static inline void metric_set(enum metric_id id, uint64_t v)
{
	atomic_store_explicit(&metric_values[id], v, memory_order_relaxed);
}

static inline uint64_t metric_get(enum metric_id id)
{
	return atomic_load_explicit(&metric_values[id], memory_order_relaxed);
}

/* Maps run_dir/metrics.role for counting from zero; the file says pid, start time and role. */
TT_CHECK int metric_open(const char *run_dir, const char *role, struct why *why);

/* What a reader sees of one role. */
struct metric_view {
	struct mapped file;
	uint64_t pid, started_us; /* microseconds since 1970 */
	bool is_alive; /* was, when the view was opened; a pid used again is not taken for it */
	const _Atomic uint64_t *values;
	size_t count; /* of values */
};
/* -ENOENT: that role never ran here. -EPROTO: its list of counters is another version's. */
TT_CHECK int metric_view_open(struct metric_view *view, const char *run_dir, const char *role,
			      struct why *why);
void metric_view_close(struct metric_view *view);

#endif
