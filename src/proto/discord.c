#include "proto/discord.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Intents by their names alone, for the columns of events. */
enum {
	NONE = 0,
#define INTENT(bit, NAME, name, is_privileged) NAME = 1u << (bit),
#include "intents.def"
#undef INTENT
};

#define EVENT(number, NAME, name, guild_intents, direct_intents, guild_at, channel_at) \
	{number, STR_INIT(#NAME), guild_intents, direct_intents, guild_at, channel_at, false},
#define OWN(number, NAME, help) {number, STR_INIT(#NAME), NONE, NONE, AT_NONE, AT_NONE, true},
static const struct event_info events[] = {
#include "events.def"
};
#undef EVENT
#undef OWN

/* An open hash over the names, filled once: the gateway asks for every event. */
enum { SLOTS = 256 };
static uint8_t slot_of[SLOTS]; /* index + 1 */

static unsigned name_hash(struct str name)
{
	unsigned h = 2166136261u;
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * 16777619u;
	return (h ^ (h >> 15)) % SLOTS;
}

__attribute__((constructor)) static void fill_slots(void)
{
	_Static_assert(COUNT(events) < SLOTS / 2, "the hash stays half empty");
	for (size_t i = 0; i < COUNT(events); i++) {
		unsigned h = name_hash(events[i].name);
		while (slot_of[h])
			h = (h + 1) % SLOTS;
		slot_of[h] = (uint8_t)(i + 1);
	}
}

const struct event_info *event_by_name(struct str name)
{
	for (unsigned h = name_hash(name); slot_of[h]; h = (h + 1) % SLOTS)
		if (str_eq(events[slot_of[h] - 1].name, name))
			return &events[slot_of[h] - 1];
	return NULL;
}

const struct event_info *event_by_number(uint16_t number)
{
	for (size_t i = 0; i < COUNT(events); i++)
		if (events[i].number == number)
			return &events[i];
	return NULL;
}

struct str event_nearest(struct str name)
{
	size_t nearest = name.n / 3 + 1;
	struct str best = STR("");
	for (size_t i = 0; i < COUNT(events); i++) {
		size_t d = str_distance(name, events[i].name);
		if (d < nearest) {
			best = events[i].name;
			nearest = d;
		}
	}
	return best;
}

size_t event_all(const struct event_info **table)
{
	*table = events;
	return COUNT(events);
}

static const struct {
	uint32_t value;
	struct str name;
	bool is_privileged;
} intents[] = {
#define INTENT(bit, NAME, name, is_privileged) {1u << (bit), STR_INIT(#name), is_privileged},
#include "intents.def"
#undef INTENT
};

uint32_t intent_by_name(struct str name)
{
	for (size_t i = 0; i < COUNT(intents); i++)
		if (str_eq(intents[i].name, name))
			return intents[i].value;
	return 0;
}

struct str intent_nearest(struct str name)
{
	size_t best = 0, best_distance = SIZE_MAX;
	for (size_t i = 0; i < COUNT(intents); i++) {
		size_t d = str_distance(name, intents[i].name);
		if (d < best_distance) {
			best = i;
			best_distance = d;
		}
	}
	return intents[best].name;
}

bool intent_is_privileged(uint32_t value)
{
	for (size_t i = 0; i < COUNT(intents); i++)
		if (intents[i].value == value)
			return intents[i].is_privileged;
	return false;
}

struct str intent_name(uint32_t value)
{
	for (size_t i = 0; i < COUNT(intents); i++)
		if (intents[i].value == value)
			return intents[i].name;
	return STR("");
}

static uint32_t intents_of(struct str event)
{
	const struct event_info *info = event_by_name(event);
	return info ? info->guild_intents | info->direct_intents : 0;
}

bool event_is_brought(struct str name, uint32_t given)
{
	uint32_t any = intents_of(name);
	return !any || any & given;
}

void event_intents_say(struct buf *out, struct str name)
{
	intents_say(out, intents_of(name));
}

void intents_say(struct buf *out, uint32_t any)
{
	const char *before = "";
	for (size_t i = 0; i < COUNT(intents); i++) {
		if (!(any & intents[i].value))
			continue;
		buf_addf(out, "%s%.*s", before, STR_FMT(intents[i].name));
		before = " or ";
	}
}

static const struct {
	int number;
	struct str name;
	bool is_sent;
} opcodes[] = {
#define OPCODE(number, NAME, sends, receives) {number, STR_INIT(#NAME), sends},
#include "opcodes.def"
#undef OPCODE
};

bool opcode_is_for_bots(int op)
{
	for (size_t i = 0; i < COUNT(opcodes); i++)
		if (opcodes[i].number == op)
			return opcodes[i].is_sent && op != OP_HEARTBEAT && op != OP_IDENTIFY &&
			       op != OP_RESUME;
	return false;
}

int opcode_by_name(struct str name)
{
	for (size_t i = 0; i < COUNT(opcodes); i++)
		if (str_eq(opcodes[i].name, name))
			return opcodes[i].number;
	return -1;
}

static const struct {
	unsigned number;
	enum close_next next;
	struct str text;
} close_codes[] = {
#define CLOSE_CODE(number, NAME, next, text) {number, CLOSE_##next, STR_INIT(text)},
#include "close_codes.def"
#undef CLOSE_CODE
};

enum close_next close_next(unsigned code)
{
	for (size_t i = 0; i < COUNT(close_codes); i++)
		if (close_codes[i].number == code)
			return close_codes[i].next;
	return CLOSE_RESUME;
}

bool close_is_of_number(unsigned code)
{
	return code == CLOSED_INVALID_SHARD || code == CLOSED_SHARDING_REQUIRED;
}

struct str close_text(unsigned code)
{
	for (size_t i = 0; i < COUNT(close_codes); i++)
		if (close_codes[i].number == code)
			return close_codes[i].text;
	return STR("");
}
