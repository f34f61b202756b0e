/* A bot for scenarios: says what it is given, events by name, gaps, failures and its own
 * beginning. */
#define BOT events
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <tutti/bot.h>
#include <unistd.h>

/* Until somebody writes a byte: a handler that takes as long as the scenario wants. */
static void wait_for(const char *variable)
{
	const char *path = getenv(variable);
	char byte;
	FILE *file = path ? fopen(path, "r") : NULL;
	if (file && fread(&byte, 1, 1, file) == 1)
		fclose(file);
}

on_ready(ready);
static tt_result ready(tt_client *client, const tt_ready *self)
{
	printf("ready user=%llu shards=%lld epoch=%llu place=%llu\n",
	       (unsigned long long)self->user_id, (long long)self->shards,
	       (unsigned long long)self->epoch, (unsigned long long)tt_event_of(client)->pos);
	fflush(stdout);
	if (getenv("EVENTS_CRASH"))
		abort();
	return tt_handled();
}

on_gap(gap);
static tt_result gap(tt_client *client, const tt_gap *lost)
{
	(void)client;
	printf("gap epoch=%llu from=%llu to=%llu why=%s\n", (unsigned long long)lost->epoch,
	       (unsigned long long)lost->from, (unsigned long long)lost->to,
	       lost->is_epoch ? "epoch" : "horizon");
	fflush(stdout);
	if (getenv("EVENTS_GAP_CRASH"))
		abort();
	wait_for("EVENTS_GAP");
	printf("gap over\n");
	fflush(stdout);
	return tt_handled();
}

on_message_create("^,fail (.+)$", fails, str);
static tt_result fails(tt_client *client, const tt_message *message, tt_str how)
{
	if (tt_equal(how, "a call"))
		return create_reaction(client, message->channel_id, 1, "x");
	return tt_error("no luck with %.*s", STR(how));
}

on_message_create(with("^,wait$", .limit_ms = 50), waits);
static tt_result waits(tt_client *client, const tt_message *message)
{
	(void)client, (void)message;
	wait_for("EVENTS_WAIT");
	return tt_handled();
}

on_message_create("^,crash (\\w+)$", crashes, str);
static tt_result crashes(tt_client *client, const tt_message *message, tt_str how)
{
	(void)client, (void)message;
	if (tt_equal(how, "hard"))
		raise(SIGSEGV);
	abort();
}

on_error(tell);
static tt_result tell(tt_client *client, const tt_failure *failure)
{
	(void)client;
	printf("%s failed at line %d with \"%.*s\": %.*s\n", failure->handler, failure->line,
	       STR(failure->captures[0]), STR(failure->reason));
	fflush(stdout);
	return tt_pass();
}

/* Of the whole bot. */
static tt_result answer(tt_client *client, const tt_failure *failure)
{
	if (tt_equal(failure->captures[0], "alone"))
		return tt_pass();
	return create_message(client, failure->channel_id, .reply_to = failure->message_id,
			      .content = fmt("sorry: %.*s", STR(failure->reason)));
}

on_event("TYPING_START", any);
on_event("SOMETHING_NEW", any);
on_event("TUTTI_SESSION_LOST", any);
on_event(with("MESSAGE_CREATE", .from_bots = true), any);
static tt_result any(tt_client *client, const tt_event *event)
{
	(void)client;
	printf("%.*s pos=%llu channel=%llu name=%.*s members=%zu\n", STR(event->name),
	       (unsigned long long)event->pos, (unsigned long long)event->channel_id,
	       STR(tt_json_str(tt_json_path(event->json, "member.user.username"))),
	       tt_json_count(event->json));
	fflush(stdout);
	return tt_handled();
}

on_message_reaction_add(emoji("❤", "party:41771983429993937"), reacted);
static tt_result reacted(tt_client *client, const tt_message_reaction_add *reaction)
{
	(void)client;
	printf("added %.*s by %llu\n", STR(reaction->emoji.name),
	       (unsigned long long)reaction->user_id);
	fflush(stdout);
	return tt_handled();
}

on_message_reaction_remove("(.+)", took_back, str);
static tt_result took_back(tt_client *client, const tt_message_reaction_remove *reaction,
			   tt_str name)
{
	(void)client;
	printf("removed %.*s by %llu\n", STR(name), (unsigned long long)reaction->user_id);
	fflush(stdout);
	return tt_handled();
}

export_bot(events, "Says what it is given.");

int main(void)
{
	return serve(BOTS(&events), 0, .on_error = answer);
}
