#include "sandbox/unheard.h"

#include "proto/discord.h"

static bool has_shard(const struct fake_session *s, const struct fake_dispatch *dispatch)
{
	return (dispatch->guild_id >> 22) % s->n_shards == s->shard;
}

/* Any of these intents brings it; 0: none does. */
static uint32_t intents_of(const struct event_info *event, const struct fake_dispatch *dispatch)
{
	uint32_t any = dispatch->guild_id ? event->guild_intents : event->direct_intents;
	return dispatch->intents ? any & dispatch->intents : any;
}

bool session_wants(const struct fake_session *s, const struct fake_dispatch *dispatch)
{
	const struct event_info *event = event_by_name(dispatch->t);
	if (!has_shard(s, dispatch))
		return false;
	if (!event || dispatch->is_of_bot)
		return true;
	if (!event->guild_intents && !event->direct_intents)
		return true;
	return s->intents & intents_of(event, dispatch);
}

static void add_intents(struct buf *out, uint32_t any)
{
	struct buf names = {0};
	intents_say(&names, any);
	buf_adds(out, STR("no session has the "));
	for (struct str rest = buf_str(&names); rest.n;) {
		struct str word = str_cut(&rest, ' ');
		bool is_name = !str_eq(word, STR("or"));
		for (size_t i = 0; i < word.n; i++)
			buf_addc(out,
				 (char)(is_name && word.p[i] != '_' ? word.p[i] - 32 : word.p[i]));
		buf_addc(out, ' ');
	}
	buf_adds(out, STR("intent"));
	buf_done(&names);
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
	else if (!event || !intents_of(event, dispatch))
		buf_adds(out, STR("Discord sends it of servers alone"));
	else
		add_intents(out, intents_of(event, dispatch));
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
	add_intents(out, content);
}
