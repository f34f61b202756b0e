/* A bot that is asked to stop in the midst of things.
 *
 *     ,hold NAME   posts "holding NAME", waits for a byte of the FIFO $STOPS_GATE, posts "let go NAME"
 *     ,stop        asks to stop itself, twice, and goes on: posts "stopping"
 *     ,mark NAME   posts NAME */
#define BOT stops
#include <fcntl.h>
#include <stdlib.h>
#include <tutti/bot.h>
#include <unistd.h>

on_message_create("^,hold (.*)", hold, str);
tt_result hold(tt_client *client, const tt_message *message, tt_str name)
{
	char byte;
	tt_result made = create_message(client, message->channel_id,
					.content = fmt("holding %.*s", STR(name)));
	if (tt_failed(made))
		return made;
	int gate = open(getenv("STOPS_GATE"), O_RDONLY | O_CLOEXEC);
	if (gate < 0 || read(gate, &byte, 1) != 1)
		return tt_error("no gate");
	close(gate);
	return create_message(client, message->channel_id,
			      .content = fmt("let go %.*s", STR(name)));
}

on_message_create("^,stop$", stop);
tt_result stop(tt_client *client, const tt_message *message)
{
	tt_stop();
	tt_stop();
	return create_message(client, message->channel_id, .content = "stopping");
}

on_message_create("^,mark (.*)", mark, str);
tt_result mark(tt_client *client, const tt_message *message, tt_str name)
{
	return create_message(client, message->channel_id, .content = fmt("%.*s", STR(name)));
}

export_bot(stops, "Is asked to stop.");

int main(void)
{
	return serve(BOTS(&stops), 0);
}
