#include "sandbox/unheard.h"

#include "proto/discord.h"

static bool has_shard(const struct fake_session *s, const struct fake_dispatch *dispatch)
{
	return (dispatch->guild_id >> 22) % s->n_shards == s->shard;
}

/* The bit of the intent that brings it; NO_INTENT: none does. */
static int bit_of(const struct event_info *event, const struct fake_dispatch *dispatch)
{
	return dispatch->guild_id ? event->guild_intent : event->direct_intent;
}

bool session_wants(const struct fake_session *s, const struct fake_dispatch *dispatch)
{
	const struct event_info *event = event_by_name(dispatch->t);
	if (!has_shard(s, dispatch))
		return false;
	if (!event || dispatch->is_of_bot)
		return true;
	if (event->guild_intent == NO_INTENT && event->direct_intent == NO_INTENT)
		return true;
	int bit = bit_of(event, dispatch);
	return bit != NO_INTENT && (s->intents >> bit & 1);
}

static void add_intent(struct buf *out, uint32_t value)
{
	struct str name = intent_name(value);
	buf_adds(out, STR("no session has the "));
	for (size_t i = 0; i < name.n; i++)
		buf_addc(out,
			 (char)(name.p[i] >= 'a' && name.p[i] <= 'z' ? name.p[i] - 32 : name.p[i]));
	buf_adds(out, STR(" intent"));
}

static void say_nobody(struct buf *out, const struct fake_sessions *all,
		       const struct fake_dispatch *dispatch)
{
	const struct event_info *event = event_by_name(dispatch->t);
	const struct fake_session *s = all->first;
	buf_adds(out, STR("No bot hears this: "));
	while (s && !has_shard(s, dispatch))
		s = s->next;
	if (!all->first)
		buf_adds(out, STR("none is connected"));
	else if (!s)
		buf_adds(out, STR("no session has its shard"));
	else if (!event || bit_of(event, dispatch) == NO_INTENT)
		buf_adds(out, STR("Discord sends it of servers alone"));
	else
		add_intent(out, UINT32_C(1) << bit_of(event, dispatch));
}

void unheard_say(struct buf *out, const struct fake_sessions *all,
		 const struct fake_dispatch *dispatch)
{
	uint32_t content = intent_by_name(STR("message_content"));
	bool is_whole = dispatch->d_blank.n == 0 || str_eq(dispatch->d, dispatch->d_blank);
	size_t n = 0;
	for (const struct fake_session *s = all->first; s; s = s->next) {
		if (!session_wants(s, dispatch))
			continue;
		if (is_whole || s->intents & content)
			return;
		n++;
	}
	if (n == 0) {
		say_nobody(out, all, dispatch);
		return;
	}
	buf_adds(out, STR("Bots get this without its content: "));
	add_intent(out, content);
}
