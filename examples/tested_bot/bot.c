/* tested_bot: a dice bot whose unit tests are in test.c.
 *
 *     ,roll 6        a number from 1 to 6
 *     ,roll many     is told how to ask */
#define BOT dice
#include <stdlib.h>
#include <tutti/bot.h>

on_message_create(with("^,roll (\\S+)$", .usage = "say ,roll 6"), roll, u64);
tt_result roll(tt_client *client, const tt_message *message, uint64_t sides)
{
	if (sides < 2)
		return tt_reply(client, message, "a die has two sides or more");
	tt_result thrown = create_message(
		client, message->channel_id,
		.content = fmt("%llu", (unsigned long long)(1 + (uint64_t)rand() % sides)));
	if (tt_failed(thrown))
		return thrown;
	return create_reaction(client, message->channel_id,
			       tt_json_id(tt_json_get(thrown.body, "id")), "🎲");
}

export_bot(dice, "Throws dice.");

int main(void)
{
	return serve(&dice, 0, .config = "etc/dev.toml");
}
