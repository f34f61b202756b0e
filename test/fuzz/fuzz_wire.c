/* Anything as an E, a header, a topic, an O, a W, a G. What is read is written and read again. */
#include "base/json.h"
#include "fuzz.h"
#include "proto/wire.h"

static struct json *json;

static void walk_records(struct str bytes)
{
	struct wire_header h;
	struct str payload;
	uint64_t sum = 0;
	while (wire_record_next(&bytes, &h, &payload) == 1) {
		uint8_t again[WIRE_HEADER];
		wire_header_put(again, &h);
		BUG_ON(memcmp(again, h.topic.p - WIRE_HEADER, 52) != 0);
		sum += crc32c(0, payload.p, payload.n);
	}
	if (wire_header_get(&h, bytes) == 0)
		sum += h.topic.n;
	(void)sum;
}

static void split_topic(struct str bytes)
{
	char again[WIRE_TOPIC_MAX];
	struct str event;
	uint64_t guild, channel;
	if (!wire_topic_split(bytes, &event, &guild, &channel))
		return;
	size_t n = wire_topic(again, event, guild, channel);
	BUG_ON(n > bytes.n); /* shorter where a number had leading zeros */
}

static void read_open(struct str bytes)
{
	static struct wire_open open, back;
	struct buf text = {0};
	int code;
	if (wire_open_read(&open, json, bytes, &code, NULL) < 0) {
		BUG_ON(code != 400 && code != 426);
		return;
	}
	BUG_ON(open.window < 1 || open.window > WIRE_WINDOW_MAX || open.part >= open.parts);
	wire_open_write(&text, &open);
	uint64_t pos = open.pos;
	size_t topics = open.n_topics;
	BUG_ON(wire_open_read(&back, json, buf_str(&text), &code, NULL) < 0);
	BUG_ON(back.n_topics != topics || (back.epoch && back.pos != pos));
	buf_done(&text);
}

static void read_answers(struct str bytes)
{
	struct wire_welcome welcome;
	struct wire_gap gap;
	struct buf text = {0};
	if (wire_welcome_read(&welcome, json, bytes, NULL) == 0) {
		wire_welcome_write(&text, &welcome);
		BUG_ON(wire_welcome_read(&welcome, json, buf_str(&text), NULL) < 0);
	}
	if (wire_gap_read(&gap, json, bytes, NULL) == 0)
		wire_gap_write(&text, &gap);
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str all = {(const char *)bytes, n};
	if (!json)
		json = json_new();
	walk_records(all);
	split_topic(all);
	read_open(all);
	read_answers(all);
	return 0;
}
