/* bot/dead.h: the dead letters of a bot: events that it set aside because their handler crashed.
 *
 *     dead_write(dir, STR("echo"), 0, 1, job, parser, &why)    // one line of JSON
 *
 * DIR/BOT.dead.jsonl, or BOT.I-of-N.dead.jsonl; 0600. A file that would grow beyond DEAD_FILE bytes
 * becomes BOT.dead.jsonl.1 first, in the place of the last of that name. A line has the header's
 * fields, crashes, signal (0: exit()), and d: what Discord sent, null where it is above DEAD_EVENT.
 * A kill between the line and the cursor writes it twice; (epoch, pos) tells.
 */
#ifndef BOT_DEAD_H
#define BOT_DEAD_H

#include "base/json.h"
#include "bot/lanes.h"

enum { DEAD_FILE = 8 << 20, DEAD_EVENT = 1 << 20 };

TT_CHECK int dead_write(const char *dir, struct str bot, unsigned part, unsigned parts,
			const struct job *job, struct json *parser, struct why *why);

#endif
