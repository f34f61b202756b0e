#include "sandbox/page_show.h"

#include "sandbox/app_command.h"
#include "sandbox/object.h"
#include "sandbox/page.h"
#include "sandbox/poll.h"
#include "sandbox/rest.h"
#include "sandbox/thread.h"

#include <inttypes.h>

static void show_users(struct buf *out, struct world *w)
{
	for (size_t i = 0; i < world_users(w) && i < PAGE_PEOPLE; i++) {
		buf_adds(out, i ? STR(",") : STR(""));
		object_user(out, world_user_at(w, i));
		out->n--; /* its last brace */
		buf_adds(out, STR(",\"presence\":"));
		object_presence(out, 0, world_user_at(w, i));
		buf_addc(out, '}');
	}
}

/* Those of whom more is known than that they are there. */
static void show_members(struct buf *out, struct world *w)
{
	for (size_t i = 0; i < world_members(w) && i < PAGE_PEOPLE; i++) {
		const struct world_member *m = world_member_at(w, i);
		buf_addf(out,
			 "%s{\"guild_id\":\"%" PRIu64 "\",\"gone\":%s,\"member\":", i ? "," : "",
			 m->guild_id, m->is_gone ? "true" : "false");
		object_member(out, w, m->guild_id, world_user(w, m->user_id));
		buf_addc(out, '}');
	}
}

static void show_guilds(struct buf *out, struct world *w)
{
	for (size_t i = 0; i < world_guilds(w) && i < PAGE_GUILDS; i++) {
		const struct world_guild *g = world_guild_at(w, i);
		buf_addf(out,
			 "%s{\"id\":\"%" PRIu64 "\",\"unavailable\":%s,\"owner_id\":\"%" PRIu64
			 "\",\"name\":",
			 i ? "," : "", g->id, g->is_unavailable ? "true" : "false", g->owner_id);
		json_add_str(out, str_c(g->name));
		buf_addc(out, ',');
		object_roles(out, w, g->id);
		buf_addc(out, '}');
	}
}

/* A thread with all that are in it: whom a private one is shown to. */
static void show_channel(struct buf *out, struct world *w, const struct world_channel *c)
{
	object_channel(out, w, c);
	if (!world_is_thread(c))
		return;
	out->n--; /* its last brace */
	buf_adds(out, STR(",\"in_it\":["));
	for (size_t i = 0; i < c->thread.n_members; i++)
		buf_addf(out, "%s\"%" PRIu64 "\"", i ? "," : "", c->thread.members[i]);
	buf_adds(out, STR("]}"));
}

static void show_channels(struct buf *out, struct world *w)
{
	for (size_t i = 0; i < world_channels(w) && i < PAGE_CHANNELS; i++) {
		buf_adds(out, i ? STR(",") : STR(""));
		show_channel(out, w, world_channel_at(w, i));
	}
}

void page_show_world(struct buf *out, struct sandbox *sandbox)
{
	buf_addf(out,
		 "{\"boot\":\"%" PRIu64 "\",\"bot\":\"%d\",\"channel\":\"%" PRIu64 "\",\"users\":[",
		 sandbox->boot, WORLD_BOT, sandbox->channel_id);
	show_users(out, sandbox->world);
	buf_adds(out, STR("],\"guilds\":["));
	show_guilds(out, sandbox->world);
	buf_adds(out, STR("],\"members\":["));
	show_members(out, sandbox->world);
	buf_adds(out, STR("],\"channels\":["));
	show_channels(out, sandbox->world);
	buf_adds(out, STR("],\"commands\":["));
	const struct app_commands *commands = fake_rest_commands(sandbox->rest);
	for (size_t i = 0; i < commands->n && i < PAGE_COMMANDS; i++) {
		buf_adds(out, i ? STR(",") : STR(""));
		app_command_show(out, &commands->all[i]);
	}
	buf_adds(out, STR("]}"));
}

static void show_reactors(struct buf *out, const struct world_message *m)
{
	const char *comma = "";
	for (size_t i = 0; m->reactions && i < WORLD_REACTIONS; i++) {
		const struct world_reaction *r = &m->reactions[i];
		if (r->n_users == 0)
			continue;
		buf_adds(out, str_c(comma));
		json_add_str(out, str_c(r->emoji));
		buf_adds(out, STR(":["));
		for (size_t k = 0; k < r->n_users; k++)
			buf_addf(out, "%s\"%" PRIu64 "\"", k ? "," : "", r->users[k]);
		buf_addc(out, ']');
		comma = ",";
	}
}

static void show_voters(struct buf *out, const struct world_poll *poll)
{
	for (size_t i = 0; i < poll->n_answers; i++) {
		const struct poll_answer *a = &poll->answers[i];
		buf_addf(out, "%s\"%zu\":[", i ? "," : "", i + 1);
		for (size_t k = 0; k < a->n_voters; k++)
			buf_addf(out, "%s\"%" PRIu64 "\"", k ? "," : "", a->voters[k]);
		buf_addc(out, ']');
	}
}

static void show_message(struct buf *out, struct sandbox *sandbox, const struct world_message *m)
{
	buf_adds(out, STR("{\"message\":"));
	object_message(out, sandbox->world, m, OBJECT_REST);
	buf_adds(out, STR(",\"reactors\":{"));
	show_reactors(out, m);
	buf_adds(out, STR("},\"voters\":{"));
	if (m->poll)
		show_voters(out, m->poll);
	buf_adds(out, STR("}}"));
}

void page_show_messages(struct buf *out, struct sandbox *sandbox, uint64_t channel_id,
			uint64_t before, bool only_pins)
{
	const struct world_message *all[PAGE_MESSAGES];
	const struct world_message *m = world_newest(sandbox->world, channel_id, before, 0);
	size_t n = 0;
	for (; m && n < PAGE_MESSAGES; m = world_newest(sandbox->world, channel_id, m->id, 0))
		if (!only_pins || m->pinned_us)
			all[n++] = m;
	buf_addc(out, '[');
	while (n-- > 0) {
		show_message(out, sandbox, all[n]);
		buf_adds(out, n ? STR(",") : STR(""));
	}
	buf_addc(out, ']');
}
