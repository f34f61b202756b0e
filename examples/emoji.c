/* emoji: a list of emojis instead of a pattern, for reactions that come and go.
 *
 * A custom emoji is "name:id" and is known by its id; U+FE0F, by which "❤️" differs from "❤", is
 * ignored. The first route that matches has the event, so the last one is for all others. */
#define BOT hearts
#include <stdatomic.h>
#include <tutti/bot.h>

static atomic_int count; /* handlers of several channels run at the same time */

on_message_reaction_add(with(emoji("❤", "💛", "blobheart:41771983429993937"), .help = "counts"),
			gained);
tt_result gained(tt_client *client, const tt_message_reaction_add *reaction)
{
	return create_message(client, reaction->channel_id, .reply_to = reaction->message_id,
			      .content = fmt("%.*s makes %d", STR(reaction->emoji.name), ++count));
}

on_message_reaction_remove(emoji("❤", "💛", "blobheart:41771983429993937"), lost);
tt_result lost(tt_client *client, const tt_message_reaction_remove *reaction)
{
	return create_message(client, reaction->channel_id, .content = fmt("%d left", --count));
}

on_message_reaction_add("", other);
tt_result other(tt_client *client, const tt_message_reaction_add *reaction)
{
	return create_reaction(client, reaction->channel_id, reaction->message_id, "❤");
}

export_bot(hearts, "Counts hearts.");

int main(void)
{
	return serve(&hearts, 0, .config = "etc/dev.toml");
}
