#include "sandbox/poll.h"

#include "base/json.h"
#include "sandbox/object.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct world_poll *poll_new(struct str question, uint64_t expiry_us)
{
	struct world_poll *poll = mem_zero(sizeof *poll);
	poll->question = str_dup(question);
	poll->expiry_us = expiry_us;
	return poll;
}

int poll_add(struct world_poll *poll, struct str text, struct str emoji)
{
	if (poll->n_answers == POLL_ANSWERS)
		return -ENOSPC;
	struct poll_answer *a = &poll->answers[poll->n_answers++];
	a->text = str_dup(text);
	snprintf(a->emoji, sizeof a->emoji, "%.*s", STR_FMT(emoji));
	return 0;
}

void poll_free(struct world_poll **poll)
{
	struct world_poll *p = *poll;
	if (!p)
		return;
	for (size_t i = 0; i < p->n_answers; i++)
		free(p->answers[i].text);
	free(p->question);
	free(p);
	*poll = NULL;
}

size_t poll_weight(const struct world_poll *poll)
{
	return poll ? sizeof *poll + POLL_ANSWERS * POLL_ANSWER : 0;
}

struct poll_answer *poll_answer(struct world_poll *poll, uint64_t id)
{
	return id >= 1 && id <= poll->n_answers ? &poll->answers[id - 1] : NULL;
}

static size_t place(const struct poll_answer *a, uint64_t user_id)
{
	size_t i = 0;
	while (i < a->n_voters && a->voters[i] != user_id)
		i++;
	return i;
}

bool poll_has(const struct poll_answer *a, uint64_t user_id)
{
	return place(a, user_id) < a->n_voters;
}

uint64_t poll_vote_of(const struct world_poll *poll, uint64_t user_id)
{
	for (size_t i = 0; i < poll->n_answers; i++)
		if (poll_has(&poll->answers[i], user_id))
			return i + 1;
	return 0;
}

int poll_vote(struct poll_answer *a, uint64_t user_id)
{
	if (poll_has(a, user_id))
		return -EEXIST;
	if (a->n_voters == POLL_VOTERS)
		return -ENOSPC;
	a->voters[a->n_voters++] = user_id;
	return 0;
}

int poll_unvote(struct poll_answer *a, uint64_t user_id)
{
	size_t at = place(a, user_id);
	if (at == a->n_voters)
		return -ENOENT;
	a->n_voters--;
	memmove(a->voters + at, a->voters + at + 1, (a->n_voters - at) * sizeof *a->voters);
	return 0;
}

static void show_counts(struct buf *out, const struct world_poll *poll)
{
	const char *comma = "";
	for (size_t i = 0; i < poll->n_answers; i++) {
		const struct poll_answer *a = &poll->answers[i];
		if (a->n_voters == 0) /* not told, as at Discord */
			continue;
		buf_addf(out, "%s{\"id\":%zu,\"count\":%zu,\"me_voted\":%s}", comma, i + 1,
			 a->n_voters, poll_has(a, WORLD_BOT) ? "true" : "false");
		comma = ",";
	}
}

void poll_show(struct buf *out, const struct world_poll *poll)
{
	buf_adds(out, STR(",\"poll\":{\"question\":{\"text\":"));
	json_add_str(out, str_c(poll->question));
	buf_adds(out, STR("},\"answers\":["));
	for (size_t i = 0; i < poll->n_answers; i++) {
		const struct poll_answer *a = &poll->answers[i];
		buf_addf(out, "%s{\"answer_id\":%zu,\"poll_media\":{\"text\":", i ? "," : "",
			 i + 1);
		json_add_str(out, str_c(a->text));
		if (a->emoji[0]) {
			buf_adds(out, STR(",\"emoji\":"));
			object_emoji(out, str_c(a->emoji));
		}
		buf_adds(out, STR("}}"));
	}
	buf_adds(out, STR("],\"expiry\":"));
	object_time(out, poll->expiry_us);
	buf_addf(out,
		 ",\"allow_multiselect\":%s,\"layout_type\":1,\"results\":{\"is_finalized\":%s,"
		 "\"answer_counts\":[",
		 poll->is_multi ? "true" : "false", poll->is_over ? "true" : "false");
	show_counts(out, poll);
	buf_adds(out, STR("]}}"));
}

static void add_field(struct buf *out, const char *name, struct str value)
{
	buf_addf(out, "%s{\"name\":\"%s\",\"inline\":false,\"value\":",
		 out->p[out->n - 1] == '[' ? "" : ",", name);
	json_add_str(out, value);
	buf_addc(out, '}');
}

static void add_number(struct buf *out, const char *name, size_t value)
{
	char text[24];
	snprintf(text, sizeof text, "%zu", value);
	add_field(out, name, str_c(text));
}

/* Nobody wins where two have as many votes. */
void poll_show_result(struct buf *out, const struct world_poll *poll)
{
	size_t total = 0, best = 0, n_best = 0;
	for (size_t i = 0; i < poll->n_answers; i++) {
		size_t n = poll->answers[i].n_voters;
		total += n;
		n_best = n == poll->answers[best].n_voters ? n_best + 1 : n_best;
		if (n > poll->answers[best].n_voters) {
			best = i;
			n_best = 1;
		}
	}
	buf_adds(out, STR("[{\"type\":\"poll_result\",\"fields\":["));
	add_field(out, "poll_question_text", str_c(poll->question));
	add_number(out, "victor_answer_votes", poll->answers[best].n_voters);
	add_number(out, "total_votes", total);
	if (n_best == 1 && total) {
		add_number(out, "victor_answer_id", best + 1);
		add_field(out, "victor_answer_text", str_c(poll->answers[best].text));
	}
	buf_adds(out, STR("]}]"));
}
