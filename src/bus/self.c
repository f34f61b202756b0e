/* The file, behind the header of statefile.h: u64 application, u64 user, u64 shards, and the sum of
 * the three, which is stored last: where it is wrong, a kill came between. */
#include "bus/self.h"

#include "base/bytes.h"
#include "proto/crc32c.h"
#include "proto/statefile.h"

#define SELF_MAGIC 0x464c455354545554ull /* "TUTTSELF" */

enum { SELF_BYTES = 24 };

static void load(struct self *self)
{
	const uint8_t *p = self->file.p + STATEFILE_HEADER;
	if (get_le32(p + SELF_BYTES) != crc32c(0, p, SELF_BYTES))
		return;
	self->application_id = get_le64(p);
	self->user_id = get_le64(p + 8);
	self->shards = (unsigned)get_le64(p + 16);
}

int self_open(struct self *self, const char *dir, struct why *why)
{
	static const struct statefile_kind kind = {.magic = SELF_MAGIC,
						   .size = STATEFILE_HEADER + SELF_BYTES + 8};
	bool is_new;
	struct why reason;
	*self = (struct self){0};
	int rc = statefile_open(&self->file, dir, "self", &kind, &is_new, &reason, why);
	if (rc == 0)
		load(self);
	return rc;
}

void self_close(struct self *self)
{
	if (self->file.p)
		mapped_close(&self->file);
}

void self_learn(struct self *self, struct json_at d)
{
	struct json_iter shard = json_each(json_get(d, "shard"));
	uint64_t shards = json_next(&shard) && json_next(&shard) ? json_u64(shard.at) : 1;
	self->application_id = json_id(json_path(d, "application.id"));
	self->user_id = json_id(json_path(d, "user.id"));
	self->shards = (unsigned)shards;
	if (!self->file.p)
		return;
	uint8_t *p = self->file.p + STATEFILE_HEADER;
	put_le64(p, self->application_id);
	put_le64(p + 8, self->user_id);
	put_le64(p + 16, self->shards);
	put_le32(p + SELF_BYTES, crc32c(0, p, SELF_BYTES));
}
