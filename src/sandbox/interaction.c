#include "sandbox/interaction.h"

#include "sandbox/app_command.h"
#include "sandbox/endpoint.h"
#include "sandbox/gateway.h"
#include "sandbox/interaction_data.h"
#include "sandbox/object.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_US = 3000000, TOKEN_US = 15 * 60000000 };

bool interaction_is_late(const struct interactions *all, const struct interaction *it,
			 uint64_t now_us)
{
	return now_us - it->sent_us >= all->answer_us;
}

struct interaction *interaction_find(struct interactions *all, struct str token, uint64_t now_us)
{
	for (size_t i = 0; i < INTERACTIONS; i++) {
		struct interaction *it = &all->all[i];
		if (it->state != INTERACTION_FREE && str_eq(str_c(it->token), token) &&
		    now_us - it->sent_us < all->token_us)
			return it;
	}
	return NULL;
}

struct interaction *interaction_by_id(struct interactions *all, uint64_t id)
{
	for (size_t i = 0; i < INTERACTIONS; i++)
		if (all->all[i].state != INTERACTION_FREE && all->all[i].id == id)
			return &all->all[i];
	return NULL;
}

void interaction_report(struct interactions *all, const struct interaction *it, const char *state,
			struct str data)
{
	struct report *report = &all->sandbox->report;
	struct buf *o = report_begin(report, "interaction");
	if (!o)
		return;
	buf_addf(o, ",\"id\":\"%" PRIu64 "\",\"state\":\"%s\",\"type\":%d,\"name\":", it->id, state,
		 it->type);
	json_add_str(o, str_c(it->name));
	buf_addf(o, ",\"user\":\"%" PRIu64 "\",\"channel\":\"%" PRIu64 "\",\"nonce\":", it->user_id,
		 it->channel_id);
	json_add_str(o, str_c(it->nonce));
	if (data.n) {
		buf_adds(o, STR(",\"data\":"));
		buf_adds(o, data);
	}
	report_end(report);
}

/* Says of each that is overdue that nobody answered, and sleeps until the next is. */
static void on_clock(void *arg)
{
	struct interactions *all = arg;
	uint64_t now_us = loop_now_us(), next_us = UINT64_MAX;
	for (size_t i = 0; i < INTERACTIONS; i++) {
		struct interaction *it = &all->all[i];
		if (it->state != INTERACTION_OPEN || it->is_late)
			continue;
		if (!interaction_is_late(all, it, now_us)) {
			uint64_t left_us = it->sent_us + all->answer_us - now_us;
			next_us = left_us < next_us ? left_us : next_us;
			continue;
		}
		it->is_late = true;
		interaction_report(all, it, "failed", STR(""));
		report_note(&all->sandbox->report, "%s: the application did not respond", it->name);
	}
	if (next_us != UINT64_MAX)
		loop_timer_in(all->clock, next_us);
}

struct interactions *interactions_new(struct sandbox *sandbox)
{
	struct interactions *all = mem_zero(sizeof *all);
	all->sandbox = sandbox;
	all->answer_us = ANSWER_US;
	all->token_us = TOKEN_US;
	all->clock = loop_timer_new(sandbox->loop, on_clock, all);
	return all;
}

void interactions_free(struct interactions **interactions)
{
	struct interactions *all = *interactions;
	if (!all)
		return;
	for (size_t i = 0; i < INTERACTIONS; i++)
		world_set(&all->all[i].modal, STR(""));
	loop_timer_free(&all->clock);
	free(all);
	*interactions = NULL;
}

void interaction_show(struct buf *out, struct interactions *all, const struct interaction *it)
{
	const struct world_user *u = world_user(all->sandbox->world, it->user_id);
	buf_addf(out,
		 ",\"interaction_metadata\":{\"id\":\"%" PRIu64
		 "\",\"type\":%d,\"authorizing_integration_owners\":{\"0\":\"1\"},\"user\":",
		 it->id, it->type);
	object_user(out, u);
	if (it->type == INTERACTION_COMPONENT)
		buf_addf(out, ",\"interacted_message_id\":\"%" PRIu64 "\"", it->source_id);
	buf_addc(out, '}');
	if (it->type != INTERACTION_COMMAND)
		return;
	buf_addf(out, ",\"interaction\":{\"id\":\"%" PRIu64 "\",\"type\":2,\"name\":", it->id);
	json_add_str(out, str_c(it->name));
	buf_adds(out, STR(",\"user\":"));
	object_user(out, u);
	buf_addc(out, '}');
}

static void add_person(struct buf *d, struct world *world, const struct world_channel *c,
		       const struct world_user *u)
{
	if (!c->guild_id) {
		buf_adds(d, STR(",\"user\":"));
		object_user(d, u);
		return;
	}
	buf_adds(d, STR(",\"member\":"));
	object_member(d, world, c->guild_id, u);
	d->n--; /* its last brace */
	object_permissions(d, "permissions", world, c, u->id);
	buf_addc(d, '}');
}

/* INTERACTION_CREATE with these data. */
static void dispatch(struct interactions *all, const struct interaction *it, struct str data)
{
	struct buf d = {0};
	struct world *world = all->sandbox->world;
	const struct world_channel *c = world_channel(world, it->channel_id);
	const struct world_message *source = world_message(world, it->channel_id, it->source_id);
	buf_addf(&d,
		 "{\"id\":\"%" PRIu64 "\",\"application_id\":\"%d\",\"type\":%d,\"version\":1,"
		 "\"token\":\"%s\",\"channel_id\":\"%" PRIu64 "\",\"locale\":\"en-US\","
		 "\"entitlements\":[],\"attachment_size_limit\":10485760,\"context\":%d,"
		 "\"authorizing_integration_owners\":{\"%d\":\"%" PRIu64 "\"},\"channel\":",
		 it->id, WORLD_BOT, it->type, it->token, it->channel_id, c->guild_id ? 0 : 1,
		 it->is_of_user, it->is_of_user ? it->user_id : c->guild_id);
	object_channel(&d, world, c);
	if (c->guild_id)
		buf_addf(&d,
			 ",\"guild_id\":\"%" PRIu64 "\",\"guild_locale\":\"en-US\",\"guild\":{"
			 "\"id\":\"%" PRIu64 "\",\"locale\":\"en-US\",\"features\":[]}",
			 c->guild_id, c->guild_id);
	object_permissions(&d, "app_permissions", world, c, WORLD_BOT);
	add_person(&d, world, c, world_user(world, it->user_id));
	if (source) {
		buf_adds(&d, STR(",\"message\":"));
		object_message(&d, world, source, OBJECT_REST);
	}
	buf_addf(&d, ",\"data\":%.*s}", STR_FMT(data));
	interaction_report(all, it, "sent", STR(""));
	if (!endpoint_interaction(all->sandbox->endpoint, it, buf_str(&d)))
		fake_gateway_dispatch(all->sandbox->gateway,
				      &(struct fake_dispatch){.t = STR("INTERACTION_CREATE"),
							      .d = buf_str(&d),
							      .guild_id = c->guild_id,
							      .id = it->id});
	buf_done(&d);
}

/* NULL and why: no such channel or person. */
static struct interaction *begin(struct interactions *all, const struct interaction_by *by,
				 enum interaction_type type, struct str name, struct why *why)
{
	struct world *world = all->sandbox->world;
	if (!world_channel(world, by->channel_id)) {
		why_set(why, -ENOENT, "no channel %" PRIu64, by->channel_id);
		return NULL;
	}
	if (!world_user(world, by->user_id)) {
		why_set(why, -ENOENT, "no user %" PRIu64, by->user_id);
		return NULL;
	}
	struct interaction *it = &all->all[all->n++ % INTERACTIONS];
	world_set(&it->modal, STR(""));
	*it = (struct interaction){.id = world_new_id(world, loop_wall_us()),
				   .channel_id = by->channel_id,
				   .user_id = by->user_id,
				   .type = type,
				   .sent_us = loop_now_us(),
				   .state = INTERACTION_OPEN};
	snprintf(it->token, sizeof it->token, "interaction-%" PRIx64, it->id * 0x9e3779b97f4a7c15u);
	snprintf(it->name, sizeof it->name, "%.*s", STR_FMT(name));
	snprintf(it->nonce, sizeof it->nonce, "%.*s", STR_FMT(by->nonce));
	on_clock(all);
	return it;
}

/* The server's own command comes before one of all servers. */
static const struct app_command *command_here(struct interactions *all, uint64_t channel_id,
					      unsigned type, struct str name)
{
	struct app_commands *commands = fake_rest_commands(all->sandbox->rest);
	const struct world_channel *c = world_channel(all->sandbox->world, channel_id);
	const struct app_command *own =
		c && c->guild_id ? app_command_named(commands, c->guild_id, type, name) : NULL;
	return own ? own : app_command_named(commands, 0, type, name);
}

/* Whether somebody is offered a command: "default_member_permissions" of it. */
static bool is_offered(struct interactions *all, const struct interaction_by *by,
		       const struct app_command *command)
{
	struct json_at text;
	struct buf whole = {0};
	const struct world_channel *c = world_channel(all->sandbox->world, by->channel_id);
	if (!command || !c || !c->guild_id)
		return true;
	buf_addf(&whole, "{%.*s}", STR_FMT(command->text));
	int error = json_parse(all->sandbox->json, buf_str(&whole), &text, NULL);
	BUG_ON(error < 0);
	struct json_at needs = json_get(text, "default_member_permissions");
	uint64_t may =
		world_permissions(all->sandbox->world, c->guild_id, c, by->user_id, loop_wall_us());
	bool is_open = json_kind(needs) != JSON_STRING;
	/* "0": for administrators alone. */
	uint64_t least = json_id(needs) ? json_id(needs) : MAY(ADMINISTRATOR);
	buf_done(&whole);
	return may & MAY(USE_APPLICATION_COMMANDS) && (is_open || (may & least) == least);
}

static bool has_target(struct interactions *all, const struct interaction_by *by,
		       const struct interaction_wish *wish)
{
	if (wish->type == APP_COMMAND_USER)
		return world_user(all->sandbox->world, wish->target_id);
	return wish->type == APP_COMMAND_CHAT ||
	       world_message(all->sandbox->world, by->channel_id, wish->target_id);
}

static int add_input(struct buf *data, struct interactions *all, const struct interaction_by *by,
		     const struct interaction_wish *wish, struct why *why)
{
	struct json_at options;
	struct resolve where = {all->sandbox->world, by->channel_id, by->user_id};
	struct str text = wish->options.n ? wish->options : STR("[]");
	if (json_parse(all->sandbox->json, text, &options, why) < 0)
		return -EINVAL;
	if (wish->type == APP_COMMAND_CHAT) {
		buf_adds(data, STR(",\"options\":"));
		json_minify(data, options);
		resolve_options(data, &where, options);
	} else {
		buf_addf(data, ",\"target_id\":\"%" PRIu64 "\"", wish->target_id);
		resolve_target(data, &where, wish->type, wish->target_id);
	}
	return 0;
}

/* A command that nobody registered can be run too: for bots that are tested without a registration. */
int interaction_run(struct interactions *all, const struct interaction_by *by,
		    const struct interaction_wish *wish, struct why *why)
{
	struct buf data = {0}, input = {0};
	struct interaction *it = NULL;
	const struct app_command *command =
		command_here(all, by->channel_id, wish->type, wish->name);
	if (!has_target(all, by, wish))
		return why_set(why, -ENOENT, "target: no such user or message here");
	if (!is_offered(all, by, command))
		return why_set(why, -EPERM, "this command is not for %.*s",
			       STR_FMT(object_name(all->sandbox->world, by->user_id)));
	int error = add_input(&input, all, by, wish, why);
	if (error == 0)
		it = begin(all, by,
			   wish->is_autocomplete ? INTERACTION_CHOICES : INTERACTION_COMMAND,
			   wish->name, why);
	if (it) {
		it->is_menu = wish->type != APP_COMMAND_CHAT;
		it->is_of_user = wish->is_of_user;
		buf_addf(&data, "{\"id\":\"%" PRIu64 "\",\"type\":%u,\"name\":",
			 command ? command->id : it->id + 1, wish->type);
		json_add_str(&data, wish->name);
		if (command && command->guild_id)
			buf_addf(&data, ",\"guild_id\":\"%" PRIu64 "\"", command->guild_id);
		buf_adds(&data, buf_str(&input));
		buf_addc(&data, '}');
		dispatch(all, it, buf_str(&data));
	}
	buf_done(&input);
	buf_done(&data);
	return error < 0 ? error : it ? 0 : -ENOENT;
}

int interaction_press(struct interactions *all, const struct interaction_by *by,
		      uint64_t message_id, struct str custom_id, struct str values, struct why *why)
{
	struct buf data = {0};
	const struct world_message *m =
		world_message(all->sandbox->world, by->channel_id, message_id);
	if (!m)
		return why_set(why, -ENOENT, "no message %" PRIu64, message_id);
	int error = data_press(&data, all->sandbox,
			       &(struct resolve){all->sandbox->world, by->channel_id, by->user_id},
			       m->components, custom_id, values, why);
	struct interaction *it =
		error < 0 ? NULL : begin(all, by, INTERACTION_COMPONENT, custom_id, why);
	if (it) {
		it->source_id = message_id;
		dispatch(all, it, buf_str(&data));
	}
	buf_done(&data);
	return error < 0 ? error : it ? 0 : -ENOENT;
}

static struct interaction *with_modal(struct interactions *all, uint64_t id)
{
	struct interaction *best = NULL;
	for (size_t i = 0; i < INTERACTIONS; i++) {
		struct interaction *it = &all->all[i];
		if (it->modal.n && (id == 0 || it->id == id) && (!best || it->id > best->id))
			best = it;
	}
	return best;
}

int interaction_submit(struct interactions *all, const struct interaction_by *by, uint64_t id,
		       struct str fields, struct why *why)
{
	struct buf data = {0}, name = {0};
	struct interaction *asking = with_modal(all, id);
	if (!asking)
		return why_set(why, -ENOENT, "no modal waits for an answer");
	int error = data_submit(&data, &name, all->sandbox, asking->modal, fields, why);
	uint64_t source_id = asking->source_id;
	struct interaction_by where = *by;
	where.channel_id = asking->channel_id;
	if (error == 0)
		world_set(&asking->modal, STR(""));
	struct interaction *it =
		error < 0 ? NULL : begin(all, &where, INTERACTION_MODAL, buf_str(&name), why);
	if (it) {
		it->source_id = source_id;
		dispatch(all, it, buf_str(&data));
	}
	buf_done(&data);
	buf_done(&name);
	return error < 0 ? error : it ? 0 : -ENOENT;
}
