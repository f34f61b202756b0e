/* The gateway role: the shards, what they share, and in which order they begin. */
#include "base/log.h"
#include "base/metric.h"
#include "gateway/gateway_impl.h"
#include "net/crypto.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

enum {
	ROOM = 256, /* shards that files have room for at least: auto may become many */
	REFRESH_US = 1000 * 1000, /* of the sessions file, while events come */
	URL_REFUSED_US = 60 * 1000 * 1000,
};

static void end(struct gateway *g, int status)
{
	g->status = status;
	loop_stop(g->loop);
}

static void ask_discovery(void *arg)
{
	struct gateway *g = arg;
	discover_ask(g->discover);
}

/* Where there is one already it is tried meanwhile. */
static void on_ask_url(void *arg)
{
	struct gateway *g = arg;
	if (g->url[0])
		discover_refresh(g->discover);
	else
		discover_ask(g->discover);
}

/* With auto another number may do: Discord's recommendation of now. Until it is there nobody connects
 * or identifies where all are refused; their sessions stay, for nothing may come of it. */
static void ask_for_number(struct gateway *g, uint32_t shard, unsigned code)
{
	g->refused = g->refused && close_next(code) != CLOSE_STOP_ALL ? g->refused : code;
	if (close_next(code) == CLOSE_STOP_ALL) {
		loop_timer_stop(g->starts);
		for (uint32_t i = 0; i < g->count; i++)
			if (g->first + i !=
			    shard) /* which is in the midst of it, and stops itself */
				shard_stop(g->places[i].shard, false);
	}
	discover_ask(g->discover);
}

/* The loop turns no more, so nobody connects or identifies behind it; stop() hangs up. */
static void on_fatal(void *arg, uint32_t shard, unsigned code)
{
	struct gateway *g = arg;
	g->fatal++;
	if (code == CLOSED_AUTHENTICATION_FAILED)
		log_error("token_refused", "shard=%u from=%s", shard,
			  log_quote(str_c(g->role->token_from)));
	if (g->common.is_auto && close_is_of_number(code))
		ask_for_number(g, shard, code);
	else if (g->fatal == g->count || close_next(code) == CLOSE_STOP_ALL)
		end(g, EX_CONFIG);
}

/* What bots send. */

static bool is_ours(const struct gateway *g, uint32_t number)
{
	return g->places && number >= g->first && number - g->first < g->count;
}

/* All or nothing: every shard is asked before the first is told. */
static enum ops_outcome send_op(void *arg, const struct ops_request *op, uint64_t *wait_us)
{
	struct gateway *g = arg;
	bool is_all = op->shard == OPS_EVERY_SHARD;
	uint32_t one = op->shard;
	enum ops_outcome outcome = OPS_SENT;
	if (!g->places)
		return OPS_OFFLINE;
	if (op->shard == OPS_OF_GUILD)
		one = ops_shard_of(op->guild_id, g->total);
	if (!is_all && !is_ours(g, one))
		return OPS_NOT_HERE;
	uint32_t first = is_all ? g->first : one, n = is_all ? g->count : 1;
	for (uint32_t i = 0; i < n && outcome == OPS_SENT; i++)
		outcome = ops_outcome_of(
			shard_may_send(gateway_shard(g, first + i), op->op, op->payload, wait_us));
	for (uint32_t i = 0; i < n && outcome == OPS_SENT; i++)
		outcome = ops_outcome_of(
			shard_send(gateway_shard(g, first + i), op->op, op->payload, wait_us));
	return outcome;
}

/* Starting. */

static void start(struct gateway *g, uint32_t i)
{
	g->places[i].is_started = true;
	shard_start(g->places[i].shard);
}

/* Shards without a session connect when their turn to identify is near, not to wait connected. */
static void start_bucket(struct gateway *g)
{
	uint32_t keys = g->identify.limit.max_concurrency, i = 0;
	while (i < g->count && g->places[i].is_started)
		i++;
	if (i == g->count)
		return;
	for (uint32_t bucket = (g->first + i) / keys;
	     i < g->count && (g->first + i) / keys == bucket; i++)
		if (!g->places[i].is_started)
			start(g, i);
	loop_timer_in(g->starts, IDENTIFY_SPACING_US);
}

/* How many may go at a time is asked anew while they connect. */
static void start_next_bucket(void *arg)
{
	struct gateway *g = arg;
	if (g->count && !g->places[g->count - 1].is_started &&
	    g->identify.limit.max_concurrency > 1)
		discover_ask(g->discover);
	start_bucket(g);
}

/* A session that cannot be resumed is announced and forgotten: there is none any more, then. */
static enum state_found find_session(struct gateway *g, uint32_t number, uint32_t shards,
				     struct session_resume *resume)
{
	static const struct {
		const char *log, *why;
	} lost[] = {
		[STATE_OLD] =
			{"\"it was identified with another token, number of shards or intents\"",
			 "configuration"},
		[STATE_GONE] = {"\"what would resume it is missing in the state directory\"",
				"state"},
	};
	enum state_found found = state_resume(&g->state, number, shards, resume);
	if (found == STATE_ALIVE || found == STATE_NONE)
		return found;
	log_warn("session_lost", "shard=%u session=%u why=%s", number, resume->number,
		 lost[found].log);
	publish_session_lost(&g->publish,
			     &(struct publish_from){.shard = number,
						    .session = resume->number,
						    .received_us = loop_wall_us()},
			     lost[found].why);
	state_forget(&g->state, number, resume->number);
	return found;
}

static struct shard *make_shard(struct gateway *g, uint32_t number, enum state_found *found)
{
	struct session_resume resume;
	struct session_options options = {
		.shard = number,
		.shards = g->total,
		.intents = g->settings.intents,
		.large_threshold = g->settings.large_threshold,
		.presence = str_c(g->settings.presence),
		.properties = str_c(g->settings.properties),
		.url = str_c(g->url),
		.query = str_c(g->settings.query),
		.hosts = g->settings.hosts,
	};
	crypto_random(&options.seed, sizeof options.seed);
	*found = find_session(g, number, g->total, &resume);
	return shard_new(&g->common, &options, &resume);
}

/* What was begun for another number of shards, or another range of them, is not resumed when that
 * comes back: what happened in between came in other sessions. */
static void give_up_others(struct gateway *g)
{
	struct session_resume resume;
	for (uint32_t number = 0; number < state_room(&g->state); number++)
		if (!is_ours(g, number))
			(void)find_session(g, number, 0, &resume);
}

/* The number of shards is known: resumes what can be resumed, and asks where the others go. */
static int make_shards(struct gateway *g, uint32_t total, struct why *why)
{
	g->total = total;
	g->first = g->settings.first;
	g->count = g->settings.count ? g->settings.count : total;
	if (total > g->journal.shards || total > g->state.sessions.shards ||
	    total > g->ledger.shards) {
		int rc = gateway_open_files(g, total, why);
		if (rc < 0)
			return rc;
	}
	identify_init(&g->identify, total, (unsigned)g->role->config->discord_identify_reserve);
	g->places = mem_zero(g->count * sizeof *g->places);
	bool is_any_new = false;
	give_up_others(g);
	for (uint32_t i = 0; i < g->count; i++) {
		enum state_found found;
		g->places[i].shard = make_shard(g, g->first + i, &found);
		if (found == STATE_ALIVE)
			start(g, i);
		is_any_new |= found != STATE_ALIVE;
	}
	if (is_any_new && !g->url[0])
		discover_ask(g->discover);
	return 0;
}

static void free_shards(struct gateway *g)
{
	for (uint32_t i = 0; g->places && i < g->count; i++)
		shard_free(&g->places[i].shard);
	free(g->places);
	g->places = NULL;
	identify_done(&g->identify);
}

/* All that was begun with the old number is over, and announced; make_shards() begins anew. */
static void leave_number(struct gateway *g, uint32_t recommended)
{
	log_warn("shards_changed", "from=%u to=%u code=%u what=%s", g->total, recommended,
		 g->refused,
		 "\"Discord refuses the old number and recommends the new one: all sessions begin "
		 "anew\"");
	for (uint32_t i = 0; i < g->count; i++)
		shard_stop(g->places[i].shard, false);
	free_shards(g);
	give_up_others(g);
	g->refused = g->fatal = 0;
}

/* Of a number that is refused. False: it was the end. */
static bool judge_number(struct gateway *g, uint32_t recommended)
{
	if (recommended > g->total) {
		leave_number(g, recommended);
		return true;
	}
	log_error("shards_refused", "shards=%u code=%u recommended=%u what=%s", g->total,
		  g->refused, recommended,
		  "\"Discord recommends no more shards than it refuses: set discord.shards to a "
		  "higher number\"");
	bool is_end = g->fatal == g->count || close_next(g->refused) == CLOSE_STOP_ALL;
	g->refused = 0;
	if (is_end)
		end(g, EX_CONFIG);
	return !is_end;
}

static void on_found(void *arg, const struct discovery *found)
{
	struct gateway *g = arg;
	struct why why;
	if (!session_url_is_allowed(str_c(found->url), g->settings.hosts)) {
		log_error("url_refused", "url=%s what=%s", log_quote(str_c(found->url)),
			  "\"GET /gateway/bot leads where this api_url may not lead\"");
		loop_timer_in(g->ask, URL_REFUSED_US);
		return;
	}
	log_info("discovered", "shards=%u identifies_left=%u of=%u max_concurrency=%u",
		 found->shards, found->limit.remaining, found->limit.total,
		 found->limit.max_concurrency);
	if (g->url[0] && strcmp(g->url, found->url) != 0)
		log_info("url_changed", "url=%s", log_quote(str_c(found->url)));
	memcpy(g->url, found->url, sizeof g->url);
	if (g->refused && !judge_number(g, found->shards))
		return;
	if (!g->places && make_shards(g, found->shards, &why) < 0) {
		log_error("journal", "why=%s", log_quote(str_c(why.text)));
		end(g, EX_TEMPFAIL);
		return;
	}
	for (uint32_t i = 0; i < g->count; i++)
		shard_set_url(g->places[i].shard, str_c(g->url));
	bool is_first = !g->identify.limit_at;
	if (is_first)
		gateway_hold_after_restart(g);
	g->is_slow_untold = false;
	gateway_believe(g, &found->limit);
	if (is_first) /* from then on by its own timer */
		start_bucket(g);
	gateway_hand_out(g);
}

static void on_refused(void *arg, const char *why)
{
	struct gateway *g = arg;
	log_error("token_refused", "from=%s why=%s", log_quote(str_c(g->role->token_from)),
		  log_quote(str_c(why)));
	end(g, EX_CONFIG);
}

/* While it runs. */

static void refresh(void *arg)
{
	struct gateway *g = arg;
	g->is_refresh_due = false;
	if (g->places)
		state_refresh(&g->state, g->first, g->count);
}

static bool each_turn(void *arg)
{
	struct gateway *g = arg;
	metric_set(METRIC_gateway_bytes_received, wsock_net_received_bytes(g->common.net));
	if (g->publish.is_unheard && !g->is_refresh_due) {
		g->is_refresh_due = true;
		loop_timer_in(g->refresh, REFRESH_US);
	}
	publish_turn(&g->publish);
	return false;
}

static void stop(struct gateway *g)
{
	if (g->is_stopped)
		return;
	g->is_stopped = true;
	for (uint32_t i = 0; g->places && i < g->count; i++)
		shard_stop(g->places[i].shard, g->role->logout);
	refresh(g);
	publish_turn(&g->publish);
}

static void on_stop(struct role *role)
{
	struct gateway *g = role->data;
	stop(g);
	end(g, 0);
}

/* Setting up. */

static int open_all(struct gateway *g, struct why *why)
{
	const struct config *config = g->role->config;
	int rc = settings_read(&g->settings, config, why);
	if (rc < 0)
		return rc;
	uint32_t room = g->settings.shards > ROOM ? g->settings.shards : ROOM;
	if ((rc = wsock_net_new(&g->common.net, g->loop, config->discord_ca_file, why)) < 0 ||
	    (rc = gateway_open_files(g, room, why)) < 0 ||
	    (rc = bells_open(&g->bells, g->role->journal_dir, why)) < 0)
		return rc;
	if ((rc = ops_new(&g->ops, g->loop, g->role->run_dir, send_op, g, why)) < 0)
		return rc;
	bells_ring_first(&g->bells);
	return 0;
}

static void set_up(struct gateway *g)
{
	const struct config *config = g->role->config;
	g->publish = (struct publish){.journal = &g->journal,
				      .bells = &g->bells,
				      .max_event = (uint64_t)config->journal_max_event};
	g->common.loop = g->loop;
	g->common.publish = &g->publish;
	g->common.state = &g->state;
	g->common.token = g->role->token;
	g->common.user_agent = STR(ROLE_USER_AGENT);
	g->common.compress = g->settings.compress;
	g->common.max_event = g->publish.max_event;
	g->common.is_auto = !g->settings.shards;
	g->common.silence_us = (uint64_t)config->discord_silence_s * 1000000;
	g->common.on_ask_slot = gateway_ask_slot;
	g->common.on_ask_url = on_ask_url;
	g->common.on_fatal = on_fatal;
	g->common.arg = g;
	g->discover = discover_new(&(struct discover_options){.loop = g->loop,
							      .ca_file = config->discord_ca_file,
							      .user_agent = ROLE_USER_AGENT,
							      .api_url = g->settings.api_url,
							      .token = g->role->token,
							      .on_found = on_found,
							      .on_refused = on_refused,
							      .on_failed = gateway_unanswered,
							      .arg = g});
	g->slots = loop_timer_new(g->loop, gateway_hand_out, g);
	g->starts = loop_timer_new(g->loop, start_next_bucket, g);
	g->ask = loop_timer_new(g->loop, ask_discovery, g);
	g->refresh = loop_timer_new(g->loop, refresh, g);
	g->turn = loop_hook_new(g->loop, each_turn, g);
}

static void tear_down(struct gateway *g)
{
	free_shards(g);
	discover_free(&g->discover);
	loop_timer_free(&g->slots);
	loop_timer_free(&g->starts);
	loop_timer_free(&g->ask);
	loop_timer_free(&g->refresh);
	loop_hook_free(&g->turn);
	ops_free(&g->ops);
	wsock_net_free(&g->common.net);
	ledger_close(&g->ledger);
	bells_close(&g->bells);
	journal_close(&g->journal, true);
	state_close(&g->state);
}

/* The number of shards that is known without asking; 0: none. With "auto" the sessions in hand say
 * it, else a recommendation that has grown would throw them all away. */
static uint32_t known_shards(const struct gateway *g)
{
	return g->settings.shards ? g->settings.shards : state_shards(&g->state);
}

static int serve(struct gateway *g)
{
	struct why why;
	set_up(g);
	uint32_t shards = known_shards(g);
	role_ready(g->role);
	if (!shards) {
		discover_ask(g->discover);
	} else if (make_shards(g, shards, &why) < 0) {
		log_error("journal", "why=%s", log_quote(str_c(why.text)));
		return EX_TEMPFAIL;
	}
	loop_run(g->loop);
	stop(g);
	return g->status;
}

int gateway_main(struct role *role)
{
	struct gateway *g = mem_zero(sizeof *g);
	struct why why = {0};
	g->role = role;
	g->loop = role->loop;
	role->data = g;
	role->on_stop = on_stop;
	role->on_open = gateway_open;
	int rc = open_all(g, &why), status;
	if (rc < 0) {
		log_error("gateway", "why=%s", log_quote(str_c(why.text)));
		status = role_status(rc);
	} else {
		status = serve(g);
	}
	tear_down(g);
	role->data = NULL;
	role->on_stop = NULL;
	role->on_open = NULL;
	free(g);
	return status;
}
