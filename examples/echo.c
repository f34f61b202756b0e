/* echo: says what it hears.
 *
 *     build/tutti sandbox --port 8080              # a Discord of your own, in one terminal
 *     DISCORD_BOT_TOKEN=sandbox-token build/tuttid --config etc/sandbox.toml
 *     build/examples/echo --config etc/sandbox.toml   # and this, as often as you like
 *
 * In the channel: ",echo hello" is answered by "ok, you said: hello". */
#define BOT echo_bot
#include <stdio.h>
#include <tutti/bot.h>

on_message_create(",echo (.*)", echo, str);
tt_result echo(tt_client *client, const tt_message *message, tt_str text)
{
	printf("echo content = %.*s\n", STR(text));
	return create_message(client, message->channel_id,
			      .content = fmt("ok, you said: %.*s", STR(text)));
}

export_bot(echo_bot, "Echoes what it hears.");

int main(void)
{
	/* Port 0: the one that the configuration names. */
	return serve(BOTS(&echo_bot), 0, .config = "etc/dev.toml");
}
