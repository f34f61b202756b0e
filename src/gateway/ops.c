#include "gateway/ops.h"

#include "base/metric.h"
#include "net/datagram.h"
#include "proto/envelope.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct ops {
	struct datagram *box;
	ops_send_fn *send;
	void *arg;
	struct buf answer;
};

enum ops_outcome ops_outcome_of(int rc)
{
	return rc == 0           ? OPS_SENT
	       : rc == -EAGAIN   ? OPS_LATER
	       : rc == -ENOTCONN ? OPS_OFFLINE
				 : OPS_REFUSED;
}

/* What a bot wrote goes to Discord as it is: one object, of the op that it was judged by. */
static bool is_payload(const struct ops_request *ask)
{
	struct envelope e;
	return envelope_read(&e, ask->payload) == 0 && e.op == ask->op && e.d.n > 0;
}

static void came(void *arg, struct str message, const char *from)
{
	struct ops *ops = arg;
	struct ops_request ask;
	struct ops_answer answer = {.outcome = OPS_REFUSED};
	if (ops_read_request(&ask, message) < 0)
		return;
	answer.back = ask.back;
	if (is_payload(&ask))
		answer.outcome = ops->send(ops->arg, &ask, &answer.wait_us);
	metric_add(METRIC_gateway_ops_refused, answer.outcome != OPS_SENT);
	ops->answer.n = 0;
	ops_write_answer(&ops->answer, &answer);
	/* without room, or without a bus, the bot will ask again */
	(void)!datagram_send(ops->box, from, buf_str(&ops->answer));
}

int ops_new(struct ops **out, struct loop *loop, const char *run_dir, ops_send_fn *send, void *arg,
	    struct why *why)
{
	char path[256];
	struct ops *ops = mem_zero(sizeof *ops);
	ops->send = send;
	ops->arg = arg;
	snprintf(path, sizeof path, "%s/" OPS_GATEWAY, run_dir);
	int rc = datagram_new(&ops->box, loop, path, OPS_MESSAGE_MAX, came, ops, why);
	if (rc < 0)
		free(ops);
	else
		*out = ops;
	return rc;
}

void ops_free(struct ops **out)
{
	struct ops *ops = *out;
	if (!ops)
		return;
	*out = NULL;
	datagram_free(&ops->box);
	buf_done(&ops->answer);
	free(ops);
}
