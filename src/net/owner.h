/* net/owner.h: whose a state directory is: of which bot, at which Discord.
 *
 * 48 bits of a hash: nothing of the token can be read from them. The bot is what stands before the
 * token's first dot, its user id, which stays when the token is made anew; without a dot all of it.
 * The Discord is host and port: the URL's path is a version, and all of discord.com are one.
 */
#ifndef NET_OWNER_H
#define NET_OWNER_H

#include "base/str.h"

/* Never 0, which is nobody, but where api_url is no URL. */
uint64_t owner_of(struct str api_url, struct str token);

#endif
