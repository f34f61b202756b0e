/* sandbox/chat.h: lines from standard input, obeyed one by one.
 *
 * The end of a terminal's or a pipe's input ends the sandbox; of a file, or of the null device, it
 * does not: it goes on serving. */
#ifndef SANDBOX_CHAT_H
#define SANDBOX_CHAT_H

#include "sandbox/state.h"

struct chat;
struct chat *chat_new(struct sandbox *sandbox);
void chat_free(struct chat **chat);

#endif
