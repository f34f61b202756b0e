/* sandbox/unheard.h: why nobody is sent a dispatch, or everybody without its content, in words. */
#ifndef SANDBOX_UNHEARD_H
#define SANDBOX_UNHEARD_H

#include "sandbox/gateway.h"
#include "sandbox/session.h"

/* Whether the session's shard and intents let it have the dispatch. */
TT_CHECK bool session_wants(const struct fake_session *s, const struct fake_dispatch *dispatch);
/* A sentence, without its full stop; nothing where some session has all of it. */
void unheard_say(struct buf *out, const struct fake_sessions *all,
		 const struct fake_dispatch *dispatch);

#endif
