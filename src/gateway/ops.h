/* gateway/ops.h: gateway ops of bots, which the bus hands on by datagram: read, judged, answered in
 * one go. Nothing is kept: what finds the limit full is told how long to wait.
 */
#ifndef GATEWAY_OPS_H
#define GATEWAY_OPS_H

#include "net/loop.h"
#include "proto/ops.h"

struct ops;
/* Sends on the shards that are asked for, or says why not. */
typedef enum ops_outcome ops_send_fn(void *arg, const struct ops_request *op, uint64_t *wait_us);

TT_CHECK int ops_new(struct ops **out, struct loop *loop, const char *run_dir, ops_send_fn *send,
		     void *arg, struct why *why);
void ops_free(struct ops **out);

/* What session_send() said. */
enum ops_outcome ops_outcome_of(int rc);

#endif
