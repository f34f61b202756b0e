/* sandbox/poll.h: a message's poll: what is asked, what may be answered, who voted for what.
 *
 *     struct world_poll *poll = poll_new(STR("Tea?"), hours);
 *     poll_add(poll, STR("yes"), STR("🍵"));
 *
 * Memory: poll_free(), or the message that it was posted with. Answers are numbered from 1, as at Discord.
 */
#ifndef SANDBOX_POLL_H
#define SANDBOX_POLL_H

#include "sandbox/world.h"

enum {
	POLL_ANSWERS = 10,
	POLL_QUESTION = 300, /* characters */
	POLL_ANSWER = 55,    /* the same */
	POLL_HOURS = 768,
	POLL_STANDARD_HOURS = 24,
	POLL_VOTERS = 64 /* of an answer */
};

struct poll_answer {
	char *text;                 /* owned */
	char emoji[WORLD_NAME + 1]; /* "😄", "name:id", or empty */
	size_t n_voters;
	uint64_t voters[POLL_VOTERS]; /* in the order in which they voted */
};

struct world_poll {
	char *question; /* owned */
	struct poll_answer answers[POLL_ANSWERS];
	size_t n_answers;
	uint64_t expiry_us; /* since 1970 */
	bool is_multi;      /* one may vote for several */
	bool is_over;
};

struct world_poll *poll_new(struct str question, uint64_t expiry_us);
/* -ENOSPC. */
TT_CHECK int poll_add(struct world_poll *poll, struct str text, struct str emoji);
void poll_free(struct world_poll **poll);
size_t poll_weight(const struct world_poll *poll); /* bytes; NULL: 0 */

/* NULL: no such answer. */
struct poll_answer *poll_answer(struct world_poll *poll, uint64_t id);
bool poll_has(const struct poll_answer *a, uint64_t user_id);
/* The answer that somebody voted for, from 1; 0: none. */
uint64_t poll_vote_of(const struct world_poll *poll, uint64_t user_id);
/* -EEXIST: has voted so; -ENOSPC. */
TT_CHECK int poll_vote(struct poll_answer *a, uint64_t user_id);
/* -ENOENT: has not voted so. */
TT_CHECK int poll_unvote(struct poll_answer *a, uint64_t user_id);

/* The poll as a member of a message. */
void poll_show(struct buf *out, const struct world_poll *poll);
/* The result as embeds of a message: of type poll_result. */
void poll_show_result(struct buf *out, const struct world_poll *poll);

#endif
