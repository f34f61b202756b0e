#include "sandbox/command_impl.h"

#include "proto/discord.h"
#include "sandbox/act.h"
#include "sandbox/app_command.h"
#include "sandbox/flood.h"
#include "sandbox/gateway.h"
#include "sandbox/interaction.h"
#include "sandbox/message_check.h"
#include "sandbox/people.h"
#include "sandbox/rest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

bool command_u32(const struct script_line *line, const char *key, unsigned *value, struct why *why)
{
	uint64_t n = *value;
	if (!script_u64(line, key, &n, why))
		return false;
	if (n > UINT32_MAX) {
		(void)!why_set(why, -EINVAL, "%s: at most %u", key, UINT32_MAX);
		return false;
	}
	*value = (unsigned)n;
	return true;
}

int command_nothing(struct why *why, const char *what, uint64_t id)
{
	return why_set(why, -ENOENT, "no %s %" PRIu64, what, id);
}

void command_say(struct sandbox *sandbox, const char *fmt, ...)
{
	struct buf text = {0};
	va_list args;
	va_start(args, fmt);
	buf_addv(&text, fmt, args);
	va_end(args);
	if (sandbox->by->is_terminal)
		report_note(&sandbox->report, "%.*s", STR_FMT(buf_str(&text)));
	else
		buf_adds(&sandbox->by->text, buf_str(&text));
	buf_done(&text);
}

void command_go(struct sandbox *sandbox, const struct world_channel *c)
{
	sandbox->by->goes_to = c->id;
	if (!sandbox->by->is_terminal)
		return;
	sandbox->channel_id = c->id;
	snprintf(sandbox->report.channel, sizeof sandbox->report.channel, "%s",
		 c->name[0]    ? c->name
		 : c->guild_id ? "channel"
			       : "direct");
}

uint64_t command_guild(struct sandbox *sandbox)
{
	const struct world_channel *c = world_channel(sandbox->world, sandbox->by->channel_id);
	return c && c->guild_id ? c->guild_id : 1;
}

static int command_empty(struct why *why)
{
	return why_set(why, -EINVAL,
		       "Cannot send an empty message (50006): content=\"TEXT\" is missing");
}

int cmd_say(ARGS)
{
	BOOL(is_bot, "bot", false);
	U64(channel_id, "channel", sandbox->by->channel_id);
	U64(author_id, "author", is_bot ? WORLD_OTHER_BOT : sandbox->by->user_id);
	U64(reply_to, "reply_to", 0);
	const struct world_user *author = world_user(sandbox->world, author_id);
	const struct world_channel *c = world_channel(sandbox->world, channel_id);
	if (!c)
		return command_nothing(why, "channel", channel_id);
	int error = command_may(sandbox, c, author_id,
				MAY(VIEW_CHANNEL) | MAY(SEND_MESSAGES) |
					(c->thread.is_locked ? MAY(MANAGE_THREADS) : 0),
				why);
	if (error < 0)
		return error;
	if (message_is_blank(script_get(line, "content")) && !script_has(line, "embeds"))
		return command_empty(why);
	if (c->type == CHANNEL_FORUM || c->type == CHANNEL_CATEGORY)
		return why_set(why, -EINVAL,
			       "nothing is said in #%s itself; /thread name=TITLE content=TEXT "
			       "makes a post of a forum",
			       c->name);
	struct world_post post = {.channel_id = channel_id,
				  .author_id = author_id,
				  .reply_to = reply_to,
				  .content = script_get(line, "content"),
				  .embeds = script_get(line, "embeds"),
				  .is_by_bot = is_bot || (author && author->is_bot)};
	act_find_mentions(&post);
	return act_post(sandbox, &post) ? 0 : command_nothing(why, "channel", channel_id);
}

int command_message(ARGS, struct world_message **out)
{
	U64(channel_id, "channel", sandbox->by->channel_id);
	U64(id, "message", 0);
	*out = id ? world_message(sandbox->world, channel_id, id)
		  : world_newest(sandbox->world, channel_id, 0, 0);
	return *out ? 0 : command_nothing(why, "message", id);
}

int cmd_edit(ARGS)
{
	struct world_message *m;
	int error = command_message(sandbox, line, why, &m);
	if (error < 0)
		return error;
	U64(user_id, "user", m->author_id);
	if (user_id != m->author_id)
		return why_set(why, -EPERM, "only who wrote it may edit it");
	if (message_is_blank(script_get(line, "content")) && !m->embeds.n && !m->files.n &&
	    !m->components.n)
		return command_empty(why);
	world_edit(m, script_get(line, "content"), loop_wall_us());
	world_weigh(sandbox->world, m);
	act_edited(sandbox, m);
	return 0;
}

int cmd_delete(ARGS)
{
	struct world_message *m;
	int error = command_message(sandbox, line, why, &m);
	if (error < 0)
		return error;
	U64(user_id, "user", m->author_id);
	if (user_id != m->author_id)
		error = command_may(sandbox, world_channel(sandbox->world, m->channel_id), user_id,
				    MAY(MANAGE_MESSAGES), why);
	if (error == 0)
		act_delete(sandbox, m);
	return error;
}

int cmd_react(ARGS)
{
	struct world_message *m;
	U64(user_id, "user", sandbox->by->user_id);
	BOOL(is_removed, "remove", false);
	struct str emoji = script_get(line, "emoji");
	int error = command_message(sandbox, line, why, &m);
	if (error < 0)
		return error;
	if (emoji.n == 0)
		return why_set(why, -EINVAL, "emoji is missing");
	error = is_removed ? act_unreact(sandbox, m, emoji, user_id)
			   : act_react(sandbox, m, emoji, user_id);
	return error < 0 ? why_errno(why, error, "reaction") : 0;
}

int cmd_typing(ARGS)
{
	U64(channel_id, "channel", sandbox->by->channel_id);
	U64(user_id, "user", sandbox->by->user_id);
	act_typing(sandbox, channel_id, user_id);
	return 0;
}

/* Who uses a command, a component or a modal, and where. */
static bool who(ARGS, struct interaction_by *by)
{
	*by = (struct interaction_by){.channel_id = sandbox->by->channel_id,
				      .user_id = sandbox->by->user_id,
				      .nonce = script_get(line, "nonce")};
	return script_u64(line, "channel", &by->channel_id, why) &&
	       script_u64(line, "user", &by->user_id, why);
}

int cmd_interact(ARGS)
{
	struct interaction_by by;
	BOOL(is_autocomplete, "autocomplete", false);
	U64(target_id, "target", 0);
	static const char *const types[] = {"", "slash", "user", "message"};
	struct str type = script_get(line, "type");
	struct interaction_wish wish = {.name = script_get(line, "name"),
					.options = script_get(line, "options"),
					.is_autocomplete = is_autocomplete,
					.target_id = target_id,
					.is_of_user =
						str_eq(script_get(line, "installed"), STR("user")),
					.type = type.n ? 0 : APP_COMMAND_CHAT};
	for (unsigned i = 1; i < sizeof types / sizeof *types; i++)
		if (str_eq(type, str_c(types[i])))
			wish.type = i;
	if (!who(sandbox, line, why, &by))
		return -EINVAL;
	if (wish.name.n == 0)
		return why_set(why, -EINVAL, "name is missing");
	if (wish.type == 0)
		return why_set(why, -EINVAL, "type: slash, user or message");
	const struct world_message *last = world_newest(sandbox->world, by.channel_id, 0, 0);
	if (wish.type == APP_COMMAND_MESSAGE && !wish.target_id && last)
		wish.target_id = last->id;
	return interaction_run(sandbox->interactions, &by, &wish, why);
}

int cmd_press(ARGS)
{
	struct interaction_by by;
	struct world_message *m;
	if (!who(sandbox, line, why, &by))
		return -EINVAL;
	int error = command_message(sandbox, line, why, &m);
	if (error < 0)
		return error;
	return interaction_press(sandbox->interactions, &by, m->id, script_get(line, "custom_id"),
				 script_get(line, "values"), why);
}

int cmd_submit(ARGS)
{
	struct interaction_by by;
	U64(id, "interaction", 0);
	if (!who(sandbox, line, why, &by))
		return -EINVAL;
	return interaction_submit(sandbox->interactions, &by, id, script_get(line, "fields"), why);
}

/* "MESSAGE_CREATE": it stands in payloads as it is. */
static bool is_event_name(struct str t)
{
	size_t i = 0;
	while (i < t.n && ((t.p[i] >= 'A' && t.p[i] <= 'Z') || t.p[i] == '_' ||
			   (t.p[i] >= '0' && t.p[i] <= '9')))
		i++;
	return i == t.n;
}

int cmd_dispatch(ARGS)
{
	struct json_at d = {0};
	BOOL(is_broken, "broken", false);
	struct str t = script_get(line, "t"), text = script_get(line, "d");
	const struct event_info *event = event_by_name(t);
	if (t.n == 0)
		return why_set(why, -EINVAL, "t is missing");
	if (!is_event_name(t))
		return why_set(why, -EINVAL, "t: capital letters, digits and _");
	if (!is_broken && json_parse(sandbox->json, text.n ? text : STR("{}"), &d, why) < 0)
		return -EINVAL;
	U64(guild_id, "guild",
	    json_id(json_get(d, event && event->guild_at == AT_ID ? "id" : "guild_id")));
	fake_gateway_dispatch(sandbox->gateway,
			      &(struct fake_dispatch){.t = t,
						      .d = text.n ? text : STR("{}"),
						      .guild_id = guild_id,
						      .id = json_id(json_get(d, "id")),
						      .is_broken = is_broken});
	return 0;
}

int cmd_flood(ARGS)
{
	U64(rate, "rate", 100);
	U64(seconds, "seconds", 1);
	U64(count, "count", rate * seconds);
	U64(channels, "channels", 1);
	U64(author_id, "author", sandbox->by->user_id);
	struct str content = script_get(line, "content");
	struct flood_plan plan = {.rate = rate,
				  .count = count,
				  .channels = channels,
				  .author_id = author_id,
				  .content = content.n ? content : STR("message %d")};
	return flood_start(sandbox->flood, &plan, why);
}

int cmd_close(ARGS)
{
	U32(code, "code", 4000);
	U32(conn, "conn", 0);
	if (code < 1000 || code > 4999)
		return why_set(why, -EINVAL, "code: 1000 to 4999");
	fake_gateway_close(sandbox->gateway, conn, code, script_get(line, "reason"));
	return 0;
}

int cmd_drop(ARGS)
{
	U32(conn, "conn", 0);
	BOOL(is_fin, "fin", false);
	fake_gateway_drop(sandbox->gateway, conn, is_fin);
	return 0;
}

int cmd_deaf(ARGS)
{
	U32(conn, "conn", 0);
	BOOL(is_deaf, "", true);
	fake_gateway_deafen(sandbox->gateway, conn, is_deaf);
	return 0;
}

int cmd_freeze(ARGS)
{
	U32(conn, "conn", 0);
	BOOL(is_frozen, "", true);
	fake_gateway_freeze(sandbox->gateway, conn, is_frozen);
	return 0;
}

int cmd_send(ARGS)
{
	U32(conn, "conn", 0);
	U64(op, "op", 0);
	struct json_at d;
	struct str text = script_has(line, "d") ? script_get(line, "d") : STR("null");
	if (op > 1000 || json_parse(sandbox->json, text, &d, why) < 0)
		return why_set(why, -EINVAL, "op: at most 1000; d: JSON");
	fake_gateway_send(sandbox->gateway, conn, (int)op, text);
	return 0;
}

int cmd_garble(ARGS)
{
	U32(conn, "conn", 0);
	fake_gateway_garble(sandbox->gateway, conn);
	return 0;
}

int cmd_reconnect(ARGS)
{
	U32(conn, "conn", 0);
	fake_gateway_send(sandbox->gateway, conn, OP_RECONNECT, STR("null"));
	return 0;
}

int cmd_invalid(ARGS)
{
	U32(conn, "conn", 0);
	BOOL(is_resumable, "resumable", false);
	fake_gateway_invalidate(sandbox->gateway, conn, is_resumable);
	return 0;
}

int cmd_beat(ARGS)
{
	U32(conn, "conn", 0);
	fake_gateway_send(sandbox->gateway, conn, OP_HEARTBEAT, STR("null"));
	return 0;
}

int cmd_acks(ARGS)
{
	BOOL(acks, "", true);
	sandbox->options.acks = acks;
	return 0;
}

int cmd_hello(ARGS)
{
	struct fake_greeting greeting = {0};
	U32(ms, "heartbeat_ms", sandbox->options.heartbeat_ms);
	if (!script_u64(line, "delay_ms", &greeting.delay_ms, why) ||
	    !script_u64(line, "reconnects", &greeting.reconnects, why))
		return -EINVAL;
	if (ms == 0 || greeting.delay_ms > 3600000)
		return why_set(why, -EINVAL, "heartbeat_ms: 1 or more; delay_ms: at most an hour");
	sandbox->options.heartbeat_ms = ms;
	fake_gateway_greet(sandbox->gateway, &greeting);
	return 0;
}

int cmd_refuse(ARGS)
{
	U64(times, "times", 1);
	U32(status, "status", 503);
	U64(retry_after, "retry_after", 0);
	if (status && (status < 400 || status > 599))
		return why_set(why, -EINVAL, "status: 0, or 400 to 599");
	struct fake_greeting greeting = {
		.refusals = times, .status = status, .retry_after = retry_after};
	if (!script_bool(line, "html", &greeting.is_html, why))
		return -EINVAL;
	fake_gateway_greet(sandbox->gateway, &greeting);
	return 0;
}

int cmd_fault(ARGS)
{
	struct fault fault;
	U32(code, "code", 4000);
	U32(after, "after", 0);
	U32(times, "times", 1);
	U32(shard, "shard", 0);
	if (!fault_read_at(script_get(line, "at"), &fault.at, why) ||
	    !fault_read_does(script_get(line, "does"), &fault.does, why))
		return -EINVAL;
	if (code < 1000 || code > 4999 || times == 0)
		return why_set(why, -EINVAL, "code: 1000 to 4999; times: 1 or more");
	fault.code = code;
	fault.after = after;
	fault.times = times;
	fault.shard = script_has(line, "shard") ? (int64_t)shard : FAULT_ANY;
	int error = fake_gateway_plan(sandbox->gateway, &fault);
	return error < 0 ? why_errno(why, error, "fault") : 0;
}

int cmd_repeat(ARGS)
{
	U64(count, "count", 1);
	fake_gateway_repeat(sandbox->gateway, count);
	return 0;
}

int cmd_expire(ARGS)
{
	BOOL(is_closing, "close", false);
	fake_gateway_expire(sandbox->gateway, is_closing);
	return 0;
}

int cmd_lose(ARGS)
{
	U64(count, "count", 1);
	fake_gateway_lose(sandbox->gateway, count);
	return 0;
}

int cmd_skip(ARGS)
{
	U32(ms, "ms", 0);
	fake_gateway_skip(sandbox->gateway, ms * UINT64_C(1000));
	return 0;
}

int cmd_intents(ARGS)
{
	U32(allow, "allow", UINT32_MAX);
	sandbox->options.intents = allow;
	return 0;
}

int cmd_split(ARGS)
{
	U32(every, "every", 0);
	U32(frames, "frames", 0);
	if (frames > 1000)
		return why_set(why, -EINVAL, "frames: at most 1000");
	sandbox->options.split = every;
	sandbox->options.frames = frames;
	return 0;
}

int cmd_quiet(ARGS)
{
	BOOL(is_quiet, "", true);
	sandbox->options.is_quiet = is_quiet;
	return 0;
}

int cmd_state(ARGS)
{
	struct buf text = {0};
	(void)line, (void)why;
	fake_gateway_state(sandbox->gateway, &text);
	buf_addf(&text, ",\"guilds\":%zu,\"channels\":%zu,\"users\":%zu,\"invalid_requests\":%u",
		 world_guilds(sandbox->world), world_channels(sandbox->world),
		 world_users(sandbox->world), sandbox->limits.invalid_used);
	if (sandbox->by->is_terminal)
		report_members(&sandbox->report, "state", buf_str(&text));
	else
		buf_addf(&sandbox->by->text, "{%.*s}", STR_FMT(buf_str(&text)));
	buf_done(&text);
	return 0;
}

int cmd_advertise(ARGS)
{
	U32(gateway, "gateway", sandbox->told_port);
	U32(resume, "resume", sandbox->told_resume_port);
	if (gateway == 0 || gateway > 65535 || resume == 0 || resume > 65535)
		return why_set(why, -EINVAL, "ports are 1 to 65535");
	BOOL(tells_shards, "shards", sandbox->tells_shards);
	snprintf(sandbox->told_resume_url, sizeof sandbox->told_resume_url, "%.*s",
		 STR_FMT(script_get(line, "url")));
	sandbox->tells_shards = tells_shards;
	sandbox->told_port = gateway;
	sandbox->told_resume_port = resume;
	return 0;
}

int cmd_quit(ARGS)
{
	(void)line, (void)why;
	if (sandbox->by->is_terminal) {
		sandbox_quit(sandbox);
	} else {
		command_say(sandbox, "the sandbox ends");
		sandbox_quit_soon(sandbox);
	}
	return 0;
}

static const struct command commands[] = {
#define COMMAND(verb, group, usage, help) \
	{STR_INIT(#verb), cmd_##verb, STR_INIT(usage), STR_INIT(help), COMMAND_##group},
#include "sandbox/commands.def"
#undef COMMAND
};

size_t command_all(const struct command **table)
{
	*table = commands;
	return sizeof commands / sizeof *commands;
}

static const struct command *nearest(struct str verb)
{
	const struct command *best = commands;
	for (size_t i = 1; i < sizeof commands / sizeof *commands; i++)
		if (str_distance(verb, commands[i].verb) < str_distance(verb, best->verb))
			best = &commands[i];
	return best;
}

const struct command *command_find(struct str verb, struct why *why)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (str_eq(commands[i].verb, verb))
			return &commands[i];
	(void)!why_set(why, -ENOENT, "no command /%.*s; did you mean /%.*s? /help lists them",
		       (int)(verb.n > 40 ? 40 : verb.n), verb.p, STR_FMT(nearest(verb)->verb));
	return NULL;
}

static int obey(ARGS)
{
	if (line->verb.n == 0 && line->text.n == 0)
		return 0;
	if (line->verb.n == 0) {
		struct world_post post = {.channel_id = sandbox->by->channel_id,
					  .author_id = sandbox->by->user_id,
					  .content = line->text};
		act_find_mentions(&post);
		return act_post(sandbox, &post) ? 0
						: command_nothing(why, "channel", post.channel_id);
	}
	const struct command *command = command_find(line->verb, why);
	return command ? command->fn(sandbox, line, why) : -ENOENT;
}

int command_obey(struct sandbox *sandbox, struct str text, struct command_by *by, struct why *why)
{
	struct script_line line;
	int error = script_parse(&line, text, sandbox->json, why);
	if (error < 0)
		return error;
	sandbox->by = by;
	error = obey(sandbox, &line, why);
	sandbox->by = NULL;
	script_done(&line);
	return error;
}

void command_line(struct sandbox *sandbox, struct str text)
{
	struct why why = {0};
	struct command_by by = {
		.channel_id = sandbox->channel_id, .user_id = WORLD_ADA, .is_terminal = true};
	if (command_obey(sandbox, text, &by, &why) < 0)
		report_text(&sandbox->report, "error", str_c(why.text));
}
