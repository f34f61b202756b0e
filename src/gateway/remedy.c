#include "gateway/remedy.h"

#include "proto/discord.h"

struct str remedy_of(unsigned code, bool is_auto)
{
	return is_auto && close_is_of_number(code)
		       ? STR("the number of shards is refused: Discord is asked how many it "
			     "recommends")
		       : close_text(code);
}

/* Which of the intents asked for have to be switched on: the code does not say it. */
static void add_privileged(struct buf *out, uint32_t intents)
{
	const char *before = "; asked for: ";
	for (unsigned bit = 0; bit < 32; bit++) {
		uint32_t value = 1u << bit;
		if (!(intents & value) || !intent_is_privileged(value))
			continue;
		buf_adds(out, str_c(before));
		buf_adds(out, intent_name(value));
		before = ", ";
	}
}

void remedy_add(struct buf *out, unsigned code, bool is_auto, uint32_t intents)
{
	buf_adds(out, remedy_of(code, is_auto));
	if (code == CLOSED_DISALLOWED_INTENTS)
		add_privileged(out, intents);
}
