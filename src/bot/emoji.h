/* bot/emoji.h: whether a reaction's emoji is one of a list.
 *
 *     static const char *const list[] = {"❤", "party:41771983429993937", NULL};
 *     emoji_matches(list, STR("❤️"), 0)      // true: U+FE0F, which asks for colour, is nothing
 *
 * "name:id" is one custom emoji, found by its id, since people rename them; everything else is a
 * character, which a custom emoji of the same name is not.
 */
#ifndef BOT_EMOJI_H
#define BOT_EMOJI_H

#include "base/why.h"

/* The list ends in NULL. id 0: name is the character itself. */
bool emoji_matches(const char *const *list, struct str name, uint64_t id);

/* -EINVAL: an entry that can match nothing, and why. */
TT_CHECK int emoji_check(const char *const *list, struct why *why);

#endif
