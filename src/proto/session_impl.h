/* proto/session_impl.h: between session.c (the table), session_act.c (what its rows do) and
 * session_send.c (what goes out). For those three. */
#ifndef PROTO_SESSION_IMPL_H
#define PROTO_SESSION_IMPL_H

#include "proto/session.h"

struct session_moment {
	uint64_t now;
	const struct session_input *input;
};
typedef void session_act_fn(struct session *s, const struct session_moment *m);

/* One function per word in the last column of session.def. */
#define STEP(states, event, next, action) session_act_fn session_act_##action;
#define ELSE(states, action)              session_act_fn session_act_##action;
#include "proto/session.def"

struct session_action *session_do(struct session *s, enum session_action_kind kind);

/* Microseconds until fewer than most sends are in the window; 0: now. */
uint64_t session_window_wait(const struct session_window *w, uint64_t now, unsigned most);
/* The same for a beat that Discord asked for. */
uint64_t session_answer_wait(const struct session *s, uint64_t now);
void session_put_send(struct session *s, uint64_t now, int op, struct str text);
void session_put_url(struct session *s);

static inline bool session_is_known(const struct session *s)
{
	return s->resume.id[0] != '\0';
}

#endif
