/* two_modules: a module that uses another, switches it off and on, and answers for its failures.
 *
 * Modules may also stand side by side: serve(BOTS(&front_desk, &greetings), ...), or an array of
 * your own that ends in NULL. Each sees every event. */
#define BOT front_desk
#include <tutti/bot.h>

use_module(greetings);

on_message_create(with("^,greetings (\\S+)$", .help = "switches the greetings on or off",
		       .usage = "on or off?"),
		  turn, boolean);
tt_result turn(tt_client *client, const tt_message *message, bool is_on)
{
	tt_enable(&greetings, is_on);
	return tt_reply(client, message, "Greetings are %s.", is_on ? "on" : "off");
}

on_error(apologize);
tt_result apologize(tt_client *client, const tt_failure *failure)
{
	if (!failure->channel_id)
		return tt_pass(); /* nobody to tell: let it be logged */
	return create_message(client, failure->channel_id, .reply_to = failure->message_id,
			      .content = fmt("Sorry. %.*s.", STR(failure->reason)));
}

export_bot(front_desk, "Has a part, and answers for it.");

int main(void)
{
	return serve(&front_desk, 0, .config = "etc/dev.toml");
}
