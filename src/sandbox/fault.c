#include "sandbox/fault.h"

#include <errno.h>

static const struct str at_names[] = {
	[FAULT_HELLO] = STR_INIT("hello"),
	[FAULT_GREETED] = STR_INIT("greeted"),
	[FAULT_READY] = STR_INIT("ready"),
	[FAULT_REPLAY] = STR_INIT("replay"),
};

static const struct str does_names[] = {
	[FAULT_CLOSE] = STR_INIT("close"),     [FAULT_END] = STR_INIT("end"),
	[FAULT_DROP] = STR_INIT("drop"),       [FAULT_RECONNECT] = STR_INIT("reconnect"),
	[FAULT_INVALID] = STR_INIT("invalid"), [FAULT_RESUMABLE] = STR_INIT("resumable"),
};

static bool find(const struct str *names, size_t n, struct str word, unsigned *out)
{
	for (unsigned i = 0; i < n; i++)
		if (str_eq(names[i], word)) {
			*out = i;
			return true;
		}
	return false;
}

bool fault_read_at(struct str word, enum fault_at *out, struct why *why)
{
	unsigned i;
	if (find(at_names, sizeof at_names / sizeof *at_names, word, &i)) {
		*out = (enum fault_at)i;
		return true;
	}
	why_set(why, -EINVAL, "at: hello, greeted, ready or replay");
	return false;
}

bool fault_read_does(struct str word, enum fault_does *out, struct why *why)
{
	unsigned i;
	if (find(does_names, sizeof does_names / sizeof *does_names, word, &i)) {
		*out = (enum fault_does)i;
		return true;
	}
	why_set(why, -EINVAL, "does: close, end, drop, reconnect, invalid or resumable");
	return false;
}

struct str fault_at_name(enum fault_at at)
{
	return at_names[at];
}

struct str fault_does_name(enum fault_does does)
{
	return does_names[does];
}

int fault_plan(struct faults *all, const struct fault *fault)
{
	if (all->n == FAULTS)
		return -ENOSPC;
	all->list[all->n++] = *fault;
	return 0;
}

bool fault_take(struct faults *all, enum fault_at at, int64_t shard, struct fault *out)
{
	for (size_t i = 0; i < all->n; i++) {
		struct fault *f = &all->list[i];
		if (f->at != at || (f->shard != FAULT_ANY && f->shard != shard))
			continue;
		*out = *f;
		if (--f->times == 0) {
			all->n--;
			memmove(f, f + 1, (all->n - i) * sizeof *f);
		}
		return true;
	}
	return false;
}
