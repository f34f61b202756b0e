/* A file of any bytes as a journal, opened for reading and for writing; and a good journal with a few
 * bytes changed, the header's sum made good again where the input says so. */
#include "fuzz.h"
#include "proto/journal_layout.h"

enum { SIZE = 65536 };

static struct journal_options options = {
	.size = SIZE, .max_event = SIZE / 8, .shards = 3, .now_ms = 1000};

static void append(struct journal *j, uint32_t s, size_t n)
{
	static const char bytes[SIZE];
	struct wire_header h = {.session = 1, .s = s, .shard = s % 3, .topic = STR("A.1.2.")};
	BUG_ON(journal_append(j, &h, str_of(bytes, n)) < 0);
}

static void make_good(void)
{
	struct journal j;
	BUG_ON(journal_open_write(&j, &options, NULL) < 0);
	for (uint32_t s = 1; s < 30; s++)
		append(&j, s, s * 211 % 9000);
	journal_close(&j, false);
}

/* A good journal, spoilt; or the input itself. */
static void make_file(struct fuzz_in *in)
{
	struct mapped m;
	uint64_t what = fuzz_take(in, 1);
	if (what & 1) {
		make_good();
		BUG_ON(mapped_open(&m, fuzz_path("journal"), 0, 0, MAPPED_WRITE, NULL) < 0);
		if (what & 4)
			fuzz_edit(in, m.p, HEADER_LAST + 16);
		fuzz_edit(in, m.p, m.n);
		if (what & 2)
			put_le32(m.p + HEADER_CRC, crc32c(0, m.p, HEADER_CRC));
		mapped_close(&m);
	} else if (in->n) {
		BUG_ON(mapped_open(&m, fuzz_path("journal"), in->n, 0, MAPPED_WRITE, NULL) < 0);
		memcpy(m.p, in->p, in->n);
		mapped_close(&m);
	}
}

static void read_all(void)
{
	struct journal j;
	struct buf out = {0};
	struct journal_cursor at;
	if (journal_open_read(&j, fuzz_dir(), NULL) < 0)
		return;
	(void)journal_head(&j);
	at = journal_tail(&j);
	enum journal_got got = JOURNAL_RECORD;
	for (int i = 0; i < 2000 && got != JOURNAL_NOTHING && got != JOURNAL_DAMAGED; i++) {
		out.n = 0;
		got = journal_read(&j, &at, &out, NULL, NULL);
	}
	buf_done(&out);
	journal_close(&j, false);
}

/* Whatever was there, a writer goes on, and what it writes is read. */
static void write_on(void)
{
	struct journal j;
	struct journal_cursor at;
	struct buf out = {0};
	BUG_ON(journal_open_write(&j, &options, NULL) < 0);
	for (uint32_t s = 100; s < 120; s++) {
		at = journal_head(&j);
		append(&j, s, s * 97 % 16000);
		BUG_ON(journal_read(&j, &at, &out, NULL, NULL) != JOURNAL_RECORD);
		out.n = 0;
	}
	journal_close(&j, true);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fuzz_in in = {bytes, n};
	options.dir = fuzz_dir();
	unlink(fuzz_path("journal"));
	make_file(&in);
	read_all();
	write_on();
	return 0;
}
