/* What the gateway keeps on disk, opened together: the three know of each other. */
#include "base/log.h"
#include "gateway/gateway_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void read_boot_id(uint8_t out[static 16])
{
	char text[64] = {0};
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	unsigned digits = 0;
	memset(out, 0, 16);
	for (ssize_t i = 0; i < n && digits < 32; i++) {
		const char *at = strchr("0123456789abcdef", text[i]);
		if (!at || !*at)
			continue;
		out[digits / 2] = (uint8_t)(out[digits / 2] << 4 | (at - "0123456789abcdef"));
		digits++;
	}
}

static void judge_ledger(struct gateway *g)
{
	bool is_missing = g->ledger.is_new && state_is_used(&g->state);
	if (is_missing)
		ledger_distrust(&g->ledger, loop_wall_us() / 1000);
	if (g->ledger.is_damaged)
		log_warn("ledger_damaged", "what=%s",
			 is_missing
				 ? "\"there are sessions and no ledger: how often was identified "
				   "is not known: an hour until the next\""
				 : "\"how often was identified is not known: an hour until the "
				   "next\"");
}

/* A bot whose cursor lies beyond the head of an older copy would skip what comes up to it. */
static int open_journal(struct gateway *g, struct journal_options *options, struct why *why)
{
	int rc = journal_open_write(&g->journal, options, why);
	if (rc < 0 || g->journal.is_new || !state_is_ahead(&g->state))
		return rc;
	log_warn("journal_begun_anew", "reason=%s",
		 "\"the journal is an older copy: bots have had other events at its positions\"");
	if (options->now_ms <= g->journal.epoch)
		options->now_ms = g->journal.epoch + 1;
	journal_close(&g->journal, true);
	rc = journal_put_aside(options->dir, why);
	return rc < 0 ? rc : journal_open_write(&g->journal, options, why);
}

int gateway_open_files(struct gateway *g, uint32_t shards, struct why *why)
{
	const struct state_identity identity = {.api_url = g->settings.api_url,
						.token = g->role->token,
						.intents = g->settings.intents,
						.large_threshold = g->settings.large_threshold};
	const struct config *config = g->role->config;
	struct journal_options options = {.dir = g->role->journal_dir,
					  .size = (uint64_t)config->journal_size,
					  .max_event = (uint64_t)config->journal_max_event,
					  .now_ms = loop_wall_us() / 1000};
	journal_close(&g->journal, true);
	state_close(&g->state);
	ledger_close(&g->ledger);
	int rc = ledger_open(&g->ledger, g->role->state_dir, shards, options.now_ms, why);
	if (rc < 0)
		return rc;
	rc = state_open(&g->state, g->role->state_dir, shards, &identity, why);
	if (rc < 0)
		return rc;
	g->state.journal = &g->journal;
	if (g->state.sessions.reason.text[0])
		log_warn("sessions_new", "why=%s", log_quote(str_c(g->state.sessions.reason.text)));
	if (g->state.sessions.damaged)
		log_warn("sessions_damaged", "copies=%u what=%s", g->state.sessions.damaged,
			 "\"of two copies of a session the damaged one is not used\"");
	options.shards = state_room(&g->state);
	memcpy(options.id, g->state.sessions.id, sizeof options.id);
	read_boot_id(options.boot_id);
	rc = open_journal(g, &options, why);
	if (rc < 0)
		return rc;
	log_info("journal", "epoch=%llu pos=%llu new=%s why=%s",
		 (unsigned long long)g->journal.epoch, (unsigned long long)g->journal.last_pos,
		 g->journal.is_new ? "true" : "false", log_quote(str_c(g->journal.reason.text)));
	if (g->state.sessions.reason.code == -ESTALE)
		log_warn("journal_begun_anew", "reason=%s",
			 "\"the state directory was of another bot or API: none of its events "
			 "comes to a bot, none of its sessions goes on\"");
	judge_ledger(g);
	state_heed(&g->state);
	return 0;
}
