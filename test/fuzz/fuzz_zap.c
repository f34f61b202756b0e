/* Anything as an allow list, and anything as ZeroMQ's question: who is let in stands in the list. */
#include "fuzz.h"
#include "proto/discord.h"
#include "proto/zap.h"

/* Found without the code under test: the key stands in the text, between blanks or ends. */
static bool is_listed(struct str text, struct str key)
{
	static const char blanks[] = " \t\r\n";
	for (size_t i = 0; i + key.n <= text.n; i++) {
		bool begins = i > 0 && strchr(blanks, text.p[i - 1]);
		bool ends = i + key.n == text.n || strchr(blanks, text.p[i + key.n]);
		if (begins && ends && memcmp(text.p + i, key.p, key.n) == 0)
			return true;
	}
	return false;
}

/* First byte: how many frames. Then their lengths and bytes; the rest is the list. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str rest = str_of((const char *)bytes, n), frames[9];
	struct allow allow;
	struct zap_answer answer;
	size_t count = fuzz_byte(&rest) % 9;
	for (size_t i = 0; i < count; i++) {
		size_t length = fuzz_byte(&rest) % 64;
		frames[i] = fuzz_cut(&rest, length);
	}
	if (allow_read(&allow, rest, "fuzz", NULL) < 0)
		allow = (struct allow){0};
	zap_answer(&answer, frames, count, &allow);
	if (str_eq(answer.frames[2], STR("200"))) {
		char z85[ALLOW_KEY];
		MUST(count == 7 && frames[6].n == 32 && str_eq(frames[5], STR("CURVE")));
		allow_z85(z85, (const uint8_t *)frames[6].p);
		MUST(is_listed(rest, str_of(z85, ALLOW_KEY)));
		MUST(str_eq(answer.frames[4], str_of(z85, ALLOW_KEY)));
		MUST(!str_eq(frames[2], STR(ZAP_LIVE)) || allow_reads_everything(answer.key));
	} else {
		MUST(!answer.key && answer.frames[4].n == 0);
	}
	for (size_t i = 0; i < allow.n; i++) {
		const struct allow_key *key = &allow.list[i];
		MUST(allow_find(&allow, key->key) == key);
		for (int op = 0; op < 64; op++)
			MUST(opcode_is_for_bots(op) || !allow_may_send(key, op, 1, 0));
		MUST(key->may_answer || !allow_may_read(key, STR("INTERACTION_CREATE"), 1, 0));
	}
	allow_done(&allow);
	return 0;
}
