#include "proto/wire.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>

void wire_header_put(uint8_t out[static WIRE_HEADER], const struct wire_header *h)
{
	out[0] = h->version;
	out[1] = h->flags;
	put_le16(out + 2, h->type);
	put_le32(out + 4, h->shard);
	put_le64(out + 8, h->epoch);
	put_le64(out + 16, h->pos);
	put_le64(out + 24, h->received);
	put_le32(out + 32, h->session);
	put_le32(out + 36, h->s);
	put_le64(out + 40, h->guild_id);
	put_le64(out + 48, h->crc);
}

int wire_header_get(struct wire_header *h, struct str frame)
{
	const uint8_t *p = (const uint8_t *)frame.p;
	if (frame.n < WIRE_HEADER || frame.n > WIRE_HEADER + WIRE_TOPIC_MAX || p[0] != WIRE_VERSION)
		return -EBADMSG;
	*h = (struct wire_header){
		.version = p[0],
		.flags = p[1],
		.type = get_le16(p + 2),
		.shard = get_le32(p + 4),
		.epoch = get_le64(p + 8),
		.pos = get_le64(p + 16),
		.received = get_le64(p + 24),
		.session = get_le32(p + 32),
		.s = get_le32(p + 36),
		.guild_id = get_le64(p + 40),
		.crc = get_le32(p + 48),
		.topic = str_of(frame.p + WIRE_HEADER, frame.n - WIRE_HEADER),
	};
	return 0;
}

/* Writes ".<n>" backwards, ending before end; returns where it begins. */
static char *put_number(char *end, uint64_t n)
{
	do
		*--end = (char)('0' + n % 10);
	while (n /= 10);
	*--end = '.';
	return end;
}

static bool is_event_name(struct str event)
{
	for (size_t i = 0; i < event.n; i++)
		if ((unsigned char)event.p[i] <= ' ' || event.p[i] == '.')
			return false;
	return event.n > 0;
}

size_t wire_topic(char out[static WIRE_TOPIC_MAX], struct str event, uint64_t guild_id,
		  uint64_t channel_id)
{
	char ids[48], *end = ids + sizeof ids, *p = end;
	*--p = '.';
	p = put_number(put_number(p, channel_id), guild_id);
	size_t n = (size_t)(end - p);
	if (!is_event_name(event) || event.n > WIRE_TOPIC_MAX - n)
		return 0;
	memcpy(out, event.p, event.n);
	memcpy(out + event.n, p, n);
	return event.n + n;
}

bool wire_topic_split(struct str topic, struct str *event, uint64_t *guild_id, uint64_t *channel_id)
{
	struct str rest = topic;
	*event = str_cut(&rest, '.');
	struct str guild = str_cut(&rest, '.');
	size_t dot = str_find(rest, '.');
	return is_event_name(*event) && rest.n && dot == rest.n - 1 &&
	       str_to_u64(guild, guild_id) && str_to_u64(str_of(rest.p, dot), channel_id);
}

void wire_record_add(struct buf *out, const struct wire_header *h, struct str payload)
{
	uint8_t *at = (uint8_t *)buf_room(out, 8 + WIRE_HEADER);
	put_le32(at, (uint32_t)(WIRE_HEADER + h->topic.n));
	put_le32(at + 4, (uint32_t)payload.n);
	wire_header_put(at + 8, h);
	out->n += 8 + WIRE_HEADER;
	buf_adds(out, h->topic);
	buf_adds(out, payload);
}

int wire_record_next(struct str *rest, struct wire_header *h, struct str *payload)
{
	if (rest->n == 0)
		return 0;
	if (rest->n < 8)
		return -EBADMSG;
	uint64_t header = get_le32(rest->p), body = get_le32(rest->p + 4);
	if (header + body > rest->n - 8)
		return -EBADMSG;
	if (wire_header_get(h, str_of(rest->p + 8, header)) < 0)
		return -EBADMSG;
	*payload = str_of(rest->p + 8 + header, body);
	rest->p += 8 + header + body;
	rest->n -= 8 + header + body;
	return 1;
}

unsigned wire_part(uint64_t guild_id, uint64_t channel_id, unsigned n)
{
	uint64_t id = guild_id ? guild_id : channel_id;
	return n > 1 ? (unsigned)((id >> 22) % n) : 0;
}
