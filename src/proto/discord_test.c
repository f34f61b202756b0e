#include "proto/discord.h"
#include "test/unit.h"

static const char *needed(const char *event)
{
	static struct buf out;
	out.n = 0;
	event_intents_say(&out, str_c(event));
	buf_addc(&out, 0);
	return out.p;
}

static bool comes(const char *event, const char *intent)
{
	return event_is_brought(str_c(event), intent_by_name(str_c(intent)));
}

static void an_event_comes_by_the_intent_of_guilds_or_of_direct_messages(void **state)
{
	(void)state;
	assert_true(comes("MESSAGE_CREATE", "guild_messages"));
	assert_true(comes("MESSAGE_CREATE", "direct_messages"));
	assert_false(comes("MESSAGE_CREATE", "guilds"));
	assert_false(comes("GUILD_MEMBER_ADD", "guilds"));
	assert_true(comes("THREAD_MEMBERS_UPDATE", "guilds"));
	assert_true(comes("THREAD_MEMBERS_UPDATE", "guild_members"));
	assert_false(comes("THREAD_MEMBERS_UPDATE", "guild_messages"));
	assert_string_equal(needed("THREAD_MEMBERS_UPDATE"), "guilds or guild_members");
	assert_string_equal(needed("MESSAGE_CREATE"), "guild_messages or direct_messages");
	assert_string_equal(needed("GUILD_MEMBER_ADD"), "guild_members");
}

static void what_needs_none_or_is_not_known_comes_always(void **state)
{
	(void)state;
	assert_true(event_is_brought(STR("READY"), 0));
	assert_true(event_is_brought(STR("INTERACTION_CREATE"), 0));
	assert_true(event_is_brought(STR("TUTTI_SESSION_LOST"), 0));
	assert_true(event_is_brought(STR("SOMETHING_NEW"), 0));
	assert_string_equal(needed("READY"), "");
}

int main(void)
{
	return run_unit(test(an_event_comes_by_the_intent_of_guilds_or_of_direct_messages),
			test(what_needs_none_or_is_not_known_comes_always));
}
