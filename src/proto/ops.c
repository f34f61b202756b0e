#include "proto/ops.h"

#include "base/bytes.h"

#include <errno.h>

enum { VERSION = 1, FIXED = 16 };

static void write_fixed(struct buf *out, uint8_t what, struct str back, uint32_t shard,
			uint64_t number)
{
	uint8_t *p = (uint8_t *)buf_room(out, FIXED);
	p[0] = VERSION;
	p[1] = what;
	put_le16(p + 2, (uint16_t)back.n);
	put_le32(p + 4, shard);
	put_le64(p + 8, number);
	out->n += FIXED;
	buf_adds(out, back);
}

/* What stands behind the fixed part and back; false: not of ours. */
static bool read_fixed(struct str bytes, struct str *back, struct str *rest)
{
	if (bytes.n < FIXED || bytes.p[0] != VERSION)
		return false;
	size_t n = get_le16(bytes.p + 2);
	if (n > OPS_BACK_MAX || n > bytes.n - FIXED)
		return false;
	*back = str_of(bytes.p + FIXED, n);
	*rest = str_of(bytes.p + FIXED + n, bytes.n - FIXED - n);
	return true;
}

void ops_write_request(struct buf *out, const struct ops_request *r)
{
	BUG_ON(r->back.n > OPS_BACK_MAX || r->payload.n > OPS_PAYLOAD_MAX);
	write_fixed(out, (uint8_t)r->op, r->back, r->shard, r->guild_id);
	buf_adds(out, r->payload);
}

void ops_write_answer(struct buf *out, const struct ops_answer *a)
{
	write_fixed(out, (uint8_t)a->outcome, a->back, 0, a->wait_us);
}

int ops_read_request(struct ops_request *out, struct str bytes)
{
	*out = (struct ops_request){0};
	if (!read_fixed(bytes, &out->back, &out->payload) || out->payload.n > OPS_PAYLOAD_MAX)
		return -EBADMSG;
	out->op = (uint8_t)bytes.p[1];
	out->shard = get_le32(bytes.p + 4);
	out->guild_id = get_le64(bytes.p + 8);
	return 0;
}

int ops_read_answer(struct ops_answer *out, struct str bytes)
{
	struct str rest;
	*out = (struct ops_answer){0};
	if (!read_fixed(bytes, &out->back, &rest) || rest.n || (uint8_t)bytes.p[1] >= OPS_OUTCOMES)
		return -EBADMSG;
	out->outcome = (enum ops_outcome)bytes.p[1];
	out->wait_us = get_le64(bytes.p + 8);
	return 0;
}

uint32_t ops_shard_of(uint64_t guild_id, uint32_t shards)
{
	return (uint32_t)((guild_id >> 22) % shards);
}
