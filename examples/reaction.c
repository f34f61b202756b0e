/* reaction: smiles back at those who smile.
 *
 * A reaction is matched by the name of its emoji: the character itself, or the name of a custom one.
 * The pattern is UTF-8, so the class holds two characters and not eight bytes. */
#define BOT smiles
#include <tutti/bot.h>

on_message_reaction_add("([😄😸])", smile, str);
tt_result smile(tt_client *client, const tt_message_reaction_add *reaction, tt_str emoji_name)
{
	return create_message(client, reaction->channel_id,
			      .content = fmt("got smiley = %.*s", STR(emoji_name)),
			      .reply_to = reaction->message_id);
}

export_bot(smiles, "Smiles back.");

int main(void)
{
	return serve(BOTS(&smiles), 0, .config = "etc/dev.toml");
}
