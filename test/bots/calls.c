/* A bot for test_doors.py: every way to call, to end, and to fail, one word each. */
#define BOT calls
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <tutti/bot.h>

#define HANDLER(word)                            \
	on_message_create("^," #word "$", word); \
	static tt_result word(tt_client *client, const tt_message *message)

HANDLER(raw)
{
	return tt_call(client, "POST", "/channels/{channel_id}/messages",
		       .ids = {{"channel_id", message->channel_id}},
		       .body = "{\"content\":\"@here\"}");
}

HANDLER(own)
{
	return tt_call(client, "POST", "/channels/{channel_id}/messages",
		       .ids = {{"channel_id", message->channel_id}},
		       .body = "{\"allowed_mentions\":{\"parse\":[\"everyone\"]}}");
}

HANDLER(loud)
{
	return create_message(client, message->channel_id, .content = "hello",
			      .mention = TT_MENTION_USERS | TT_MENTION_ROLES | TT_MENTION_REPLIED,
			      .reply_to = message->id, .more = "\"embeds\":[{\"title\":\"t\"}]");
}

HANDLER(reply)
{
	return tt_reply(client, message, "%d%%", 50);
}

HANDLER(react)
{
	return create_reaction(client, message->channel_id, message->id, "😄");
}

HANDLER(nick)
{
	return tt_call(client, "PATCH", "/guilds/{guild_id}/members/{user_id}",
		       .ids = {{"guild_id", message->guild_id}, {"user_id", message->author.id}},
		       .query = {{"q", "a b"}}, .reason = "asked",
		       .body = fmt("{\"nick\":%s}", tt_quote(message->author.username)));
}

HANDLER(file)
{
	const tt_file files[] = {{"a.txt", "some bytes", 10}, {"b.txt", "more", 4}};
	return tt_call(client, "POST", "/channels/{channel_id}/messages",
		       .ids = {{"channel_id", message->channel_id}}, .files = files, .n_files = 2,
		       .body = "{\"attachments\":[{\"id\":0,\"filename\":\"a.txt\"},"
			       "{\"id\":1,\"filename\":\"b.txt\"}]}");
}

HANDLER(badjson)
{
	(void)message;
	return tt_call(client, "POST", "/x", .body = "{");
}

/* Two calls, the second made of the answer to the first. */
HANDLER(twice)
{
	tt_result first = create_message(client, message->channel_id, .content = "first");
	if (tt_failed(first))
		return first;
	tt_id id = tt_json_id(tt_json_get(first.body, "id"));
	tt_result second = create_message(client, message->channel_id, .content = "second");
	if (tt_failed(second))
		return second;
	return create_message(client, message->channel_id,
			      .content = fmt("%llu then %.*s", (unsigned long long)id,
					     STR(tt_json_str(tt_json_get(second.body, "id")))));
}

HANDLER(idle)
{
	(void)message;
	return tt_update_presence(client, "idle", .activity = "chess");
}

HANDLER(members)
{
	tt_result asked = tt_gateway_op(client, TT_OP_REQUEST_GUILD_MEMBERS, .deadline_ms = 3000,
					.d = fmt("{\"guild_id\":\"%llu\",\"query\":\"\","
						 "\"limit\":2}",
						 (unsigned long long)message->guild_id));
	return tt_failed(asked) ? asked : tt_reply(client, message, "asked %d", asked.status);
}

HANDLER(elsewhere)
{
	(void)message;
	return tt_gateway_op(client, TT_OP_PRESENCE_UPDATE, .shard = {true, 9}, .d = "{}");
}

HANDLER(slow)
{
	return create_message(client, message->channel_id, .content = "slow", .deadline_ms = 300);
}

HANDLER(bye)
{
	(void)client, (void)message;
	return tt_exit();
}

static void *stop_twice(void *unused)
{
	tt_stop();
	tt_stop();
	return unused;
}

HANDLER(stop)
{
	pthread_t thread;
	(void)client, (void)message;
	pthread_create(&thread, NULL, stop_twice, NULL);
	pthread_join(thread, NULL);
	return tt_handled();
}

HANDLER(fail)
{
	(void)client, (void)message;
	return tt_error("a reason with \"quotes\" and %d", 5);
}

on_message_create(with("^,add (\\S+) (\\S+)$", .usage = "two whole numbers, please"), add, i64,
		  i64);
static tt_result add(tt_client *client, const tt_message *message, int64_t a, int64_t b)
{
	return tt_reply(client, message, "%lld", (long long)(a + b));
}

export_bot(calls, "Calls.");

int main(void)
{
	if (getenv("STOP_BEFORE"))
		tt_stop();
	return serve(BOTS(&calls), 0);
}
