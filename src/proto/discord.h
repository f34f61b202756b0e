/* proto/discord.h: Discord's facts, as enums and look-ups over the tables in api/. */
#ifndef PROTO_DISCORD_H
#define PROTO_DISCORD_H

#include "base/str.h"

enum event_at { AT_NONE, AT_GUILD_ID, AT_CHANNEL_ID, AT_ID };

struct event_info {
	uint16_t number; /* on the wire */
	struct str name; /* "MESSAGE_CREATE" */
	/* Values: any of them brings it, from guilds or from direct messages. Both 0: it always comes. */
	uint32_t guild_intents, direct_intents;
	enum event_at guild_at, channel_at;
	bool is_own; /* made by tuttid */
};

#define EVENT(number, NAME, name, guild_intents, direct_intents, guild_at, channel_at) \
	EVENT_##NAME = (number),
#define OWN(number, NAME, help) EVENT_##NAME = (number),
enum event_number {
#include "events.def"
};
#undef EVENT
#undef OWN

/* NULL where the name or number is not in the table: such events pass under their raw name. */
const struct event_info *event_by_name(struct str name);
const struct event_info *event_by_number(uint16_t number);
/* The event that was meant, for messages; empty: no name is near. */
struct str event_nearest(struct str name);
/* All of them in order of number, for tools. */
size_t event_all(const struct event_info **table);

/* False: none of the intents given brings it. What the table does not have, or tuttid makes, comes. */
bool event_is_brought(struct str name, uint32_t given);
/* The intents that would bring it, for messages: "guild_messages or direct_messages". */
void event_intents_say(struct buf *out, struct str name);
/* The same of intents by their values. */
void intents_say(struct buf *out, uint32_t any);

/* The bit value of an intent by its lower-case name; 0 if unknown. */
uint32_t intent_by_name(struct str name);
/* The name of the intent nearest to what was written, for messages. */
struct str intent_nearest(struct str name);
bool intent_is_privileged(uint32_t value);
/* Lower-case name of a single intent's bit value; empty if unknown. */
struct str intent_name(uint32_t value);

#define OPCODE(number, NAME, sends, receives) OP_##NAME = (number),
enum opcode {
#include "opcodes.def"
};
#undef OPCODE
/* True for those that a bot may have sent, so not for heartbeat, identify and resume. */
bool opcode_is_for_bots(int op);
/* By its name in capitals; -1: there is none. */
int opcode_by_name(struct str name);

enum close_next { CLOSE_RESUME, CLOSE_IDENTIFY, CLOSE_STOP_SHARD, CLOSE_STOP_ALL };
#define CLOSE_CODE(number, NAME, next, text) CLOSED_##NAME = (number),
enum close_code {
#include "close_codes.def"
};
#undef CLOSE_CODE
enum close_next close_next(unsigned code);
/* It refuses the shard's number or how many there are: with more of them it may do. */
bool close_is_of_number(unsigned code);
/* One sentence, with the remedy where the code is fatal; "" for an unknown one. */
struct str close_text(unsigned code);

#endif
