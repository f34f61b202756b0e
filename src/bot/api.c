/* Discord's routes as functions: thin over call_run(). */
#include "bot/call.h"

static void add_mentions(struct buf *out, const struct tt_create_message *ask)
{
	static const struct {
		enum tt_mention bit;
		const char *word;
	} words[] = {{TT_MENTION_USERS, "\"users\""},
		     {TT_MENTION_ROLES, "\"roles\""},
		     {TT_MENTION_EVERYONE, "\"everyone\""}};
	if (ask->allowed_mentions) {
		buf_adds(out, str_c(ask->allowed_mentions));
		return;
	}
	bool is_first = true;
	buf_adds(out, STR("{\"parse\":["));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!(ask->mention & (unsigned)words[i].bit))
			continue;
		buf_addf(out, "%s%s", is_first ? "" : ",", words[i].word);
		is_first = false;
	}
	buf_addf(out, "]%s}", ask->mention & TT_MENTION_REPLIED ? ",\"replied_user\":true" : "");
}

static void add_message(struct buf *out, const struct tt_create_message *ask)
{
	buf_adds(out, STR("{\"allowed_mentions\":"));
	add_mentions(out, ask);
	if (ask->content) {
		buf_adds(out, STR(",\"content\":"));
		json_add_str(out, str_c(ask->content));
	}
	if (ask->reply_to)
		buf_addf(out,
			 ",\"message_reference\":{\"message_id\":\"%llu\",\"fail_if_not_exists\":"
			 "false}",
			 (unsigned long long)ask->reply_to);
	if (ask->tts)
		buf_adds(out, STR(",\"tts\":true"));
	if (ask->flags)
		buf_addf(out, ",\"flags\":%lld", (long long)ask->flags);
	if (ask->more)
		buf_addf(out, ",%s", ask->more);
	buf_addc(out, '}');
}

tt_result tt_create_message_with(tt_client *client, const struct tt_create_message *ask)
{
	struct buf body = {0};
	add_message(&body, ask);
	buf_addc(&body, 0);
	tt_result result = tt_call(client, "POST", "/channels/{channel_id}/messages",
				   .ids = {{"channel_id", ask->channel_id}}, .body = body.p,
				   .deadline_ms = ask->deadline_ms);
	buf_done(&body);
	return result;
}

tt_result tt_reply(tt_client *client, const tt_message *message, const char *fmt, ...)
{
	struct buf text = {0};
	va_list args;
	va_start(args, fmt);
	buf_addv(&text, fmt, args);
	va_end(args);
	buf_addc(&text, 0);
	tt_result result = tt_create_message(client, message->channel_id, .content = text.p,
					     .reply_to = message->id);
	buf_done(&text);
	return result;
}

tt_result tt_create_reaction(tt_client *client, tt_id channel_id, tt_id message_id,
			     const char *emoji)
{
	return tt_call(client, "PUT",
		       "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me",
		       .ids = {{"channel_id", channel_id}, {"message_id", message_id}},
		       .params = {{"emoji_name", emoji}});
}

tt_result tt_gateway_op_with(tt_client *client, int op, const struct tt_gateway_op *ask)
{
	return call_op(client, op, ask);
}

tt_result tt_update_presence_with(tt_client *client, const struct tt_presence *ask)
{
	struct buf d = {0};
	buf_addf(&d, "{\"since\":null,\"afk\":false,\"status\":");
	json_add_str(&d, str_c(ask->status));
	buf_adds(&d, STR(",\"activities\":["));
	if (ask->activity) {
		buf_adds(&d, STR("{\"name\":"));
		json_add_str(&d, str_c(ask->activity));
		buf_addf(&d, ",\"type\":%d}", ask->type);
	}
	buf_adds(&d, STR("]}"));
	buf_addc(&d, 0);
	tt_result result = tt_gateway_op(client, TT_OP_PRESENCE_UPDATE, .d = d.p);
	buf_done(&d);
	return result;
}

tt_result tt_call_with(tt_client *client, const char *method, const struct tt_call *call)
{
	return call_run(client, str_c(method), call);
}
