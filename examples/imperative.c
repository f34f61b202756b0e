/* imperative: handlers registered by calls, where no annotation line could stand.
 *
 *     ,echo hello       is answered; it was registered before serve()
 *     ,smile on         from now on a reaction by 😄 is answered, too
 *     ,smile off        and no longer
 *
 * Handlers that are known when the program is written are better declared: see echo.c. */
#include <stdatomic.h>
#include <tutti/register.h>

static tt_bot *bot;
static _Atomic uint64_t smiling; /* handlers of several guilds run at once */

static tt_result echo(tt_client *client, const tt_message *message, tt_str text)
{
	return create_message(client, message->channel_id,
			      .content = fmt("ok, you said: %.*s", STR(text)));
}

static tt_result smile(tt_client *client, const tt_message_reaction_add *reaction, tt_str name)
{
	return create_message(client, reaction->channel_id,
			      .content = fmt("got smiley = %.*s", STR(name)));
}

static tt_result smile_on(tt_client *client, const tt_message *message)
{
	uint64_t mine = tt_register(bot, tt_reaction("😄", "😸"), smile);
	tt_unregister(bot, atomic_exchange(&smiling, mine));
	return tt_reply(client, message, "I smile back");
}

static tt_result smile_off(tt_client *client, const tt_message *message)
{
	bool was_on = tt_unregister(bot, atomic_exchange(&smiling, 0));
	return tt_reply(client, message, was_on ? "I look away" : "I did not smile");
}

int main(void)
{
	bot = tt_bot_new("imperative", "Registers its handlers by calls.");
	tt_register(bot, tt_command("(?s)^,echo (.*)", .help = "says it again"), echo);
	tt_register(bot, tt_command("^,smile on$"), smile_on);
	tt_register(bot, tt_command("^,smile off$"), smile_off);
	int status = serve(BOTS(bot), 0, .config = "etc/dev.toml");
	tt_bot_free(bot);
	return status;
}
