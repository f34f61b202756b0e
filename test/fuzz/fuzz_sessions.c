/* The files sessions and commits with any bytes in them, then used. */
#include "fuzz.h"
#include "proto/commits.h"
#include "proto/sessions.h"

static const uint8_t id[16] = {1};
static const struct commit_id bot = {{"echo", 4}, 1, 2};

static void use_sessions(uint32_t shards)
{
	struct sessions f;
	struct session_saved saved, put = {.session_id = STR("abc")};
	BUG_ON(sessions_open(&f, fuzz_dir(), shards, id, 5, NULL) < 0);
	for (uint32_t shard = 0; shard < f.shards; shard++) {
		(void)sessions_last(&f, shard);
		if (sessions_get(&f, shard, &saved)) {
			uint8_t copy[SESSION_ID_MAX + SESSION_URL_MAX];
			memcpy(copy, saved.session_id.p, saved.session_id.n);
			memcpy(copy, saved.resume_url.p, saved.resume_url.n);
		}
		sessions_forget(&f, shard, shard);
		BUG_ON(sessions_over(&f, shard) < shard);
	}
	put.session = sessions_over(&f, 0) + 1;
	if (put.session) {
		BUG_ON(sessions_put(&f, 0, &put) < 0);
		BUG_ON(!sessions_get(&f, 0, &saved) || saved.session != put.session);
		sessions_forget(&f, 0, put.session);
		BUG_ON(sessions_get(&f, 0, &saved));
	}
	sessions_close(&f);
}

static void use_commits(void)
{
	struct commits c;
	uint64_t epoch, pos;
	BUG_ON(commits_open(&c, fuzz_dir(), NULL) < 0);
	(void)commits_get(&c, bot, &epoch, &pos);
	commits_put(&c, bot, 7, 8);
	commits_put(&c, bot, 9, 5);
	BUG_ON(!commits_get(&c, bot, &epoch, &pos) || epoch != 9 || pos < 5);
	commits_close(&c);
}

static void spoil(struct fuzz_in *in, const char *name, size_t front)
{
	struct mapped m;
	BUG_ON(mapped_open(&m, fuzz_path(name), 0, 0, MAPPED_WRITE, NULL) < 0);
	fuzz_edit(in, m.p, 80);
	fuzz_edit(in, m.p + front, 1024);
	fuzz_edit(in, m.p, m.n);
	mapped_close(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz_in in = {bytes, n};
	unlink(fuzz_path("sessions"));
	unlink(fuzz_path("commits"));
	use_sessions(2);
	use_commits();
	spoil(&in, "sessions", 4096);
	spoil(&in, "commits", 4096);
	use_sessions(1 + (uint32_t)fuzz_take(&in, 1) % 4);
	use_commits();
	return 0;
}
