/* admin: who may say what. ",say hello" is for everybody, ",bye" ends the loop: for the owner alone.
 *
 *     OWNER=80351110224678912 build/examples/admin --config etc/sandbox.toml
 *
 * A handler that returns tt_exit() ends serve(), once what is in hand is finished: then main() goes on. */
#define BOT admin
#include <stdio.h>
#include <stdlib.h>
#include <tutti/bot.h>

static tt_id owner;

on_message_create(with("(?s)^,say (.+)$", .help = "says it"), say, rest);
tt_result say(tt_client *client, const tt_message *message, tt_str text)
{
	return create_message(client, message->channel_id, .content = fmt("%.*s", STR(text)));
}

on_message_create(with("^,bye$", .help = "ends this bot"), bye);
tt_result bye(tt_client *client, const tt_message *message)
{
	if (message->author.id != owner)
		return tt_reply(client, message, "you are not my owner");
	tt_result said = tt_reply(client, message, "bye");
	return tt_failed(said) ? said : tt_exit();
}

export_bot(admin, "Obeys its owner.");

int main(void)
{
	const char *text = getenv("OWNER");
	owner = text ? strtoull(text, NULL, 10) : 0;
	int status = serve(&admin, 0, .config = "etc/dev.toml");
	printf("my owner let me go\n");
	return status;
}
