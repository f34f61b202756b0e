/* A module in a file of its own: it knows nothing of who uses it. */
#define BOT greetings
#include <tutti/bot.h>

on_message_create(with("^,hello ?(.*)$", .help = "says hello"), hello, opt_rest);
tt_result hello(tt_client *client, const tt_message *message, tt_str whom)
{
	return tt_reply(client, message, "Hello, %.*s!",
			STR(whom.p ? whom : message->author.username));
}

on_message_create("^,fail$", fail);
tt_result fail(tt_client *client, const tt_message *message)
{
	(void)client, (void)message;
	return tt_error("I cannot do that");
}

export_bot(greetings, "Greets.");
