/* The journal's killer: a writer at full speed, killed at random moments, begun again and again.
 *
 *     killer SECONDS
 *
 * Records of 48 bytes to 2 MB in a ring of 8 MiB. A fast and a slow reader check every byte and the
 * order; after each kill the whole ring is proved from outside, and again by the writer that goes
 * on. Nothing that a reader has seen may be gone or changed. Prints one line of counts; 1 if
 * anything was wrong. Uses about one core: it pauses after each kill as long as the writer ran. */
#include "content.h"
#include "proto/journal_layout.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 8 << 20, READERS = 2 };

struct counts {
	/* pos << 24 | incarnation of the newest record read: one word, so never half of it */
	_Atomic uint64_t newest;
	_Atomic uint64_t records, bytes, large, seam, overtaken;
	_Atomic uint64_t torn, disorder;
};

static struct shared {
	_Atomic bool is_over;
	_Atomic uint64_t new_epochs; /* recoveries that refused the ring */
	struct counts reader[READERS];
} * shared;

static char dir[256];
static struct why why;

static void die(const char *what)
{
	fprintf(stderr, "killer: %s: %s\n", what, why.text);
	_exit(3);
}

static void in_child(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	BUG_ON(nice(5) < 0);
}

static void write_on(void)
{
	struct journal_options o = {.dir = dir,
				    .size = SIZE,
				    .max_event = SIZE / 8,
				    .shards = 1,
				    .now_ms = (uint64_t)time(NULL) * 1000};
	struct journal j;
	in_child();
	if (journal_open_write(&j, &o, &why) < 0)
		die("writer");
	if (j.is_new && j.reason.code != -ENOENT) {
		fprintf(stderr, "killer: refused: %s\n", j.reason.text);
		atomic_fetch_add(&shared->new_epochs, 1);
	}
	for (;;) {
		struct wire_header h = {.session = (uint32_t)j.incarnation,
					.s = (uint32_t)j.last_pos + 1,
					.topic = STR("A.0.0.")};
		if (journal_append(&j, &h, content_of(j.last_pos + 1, j.incarnation)) < 0)
			die("append");
	}
}

static bool is_right(const struct wire_header *h, struct str payload)
{
	return str_eq(payload, content_of(h->pos, h->session)) && h->s == (uint32_t)h->pos;
}

static void count(struct counts *n, const struct wire_header *h, struct str payload,
		  uint64_t offset)
{
	n->records++;
	n->bytes += payload.n;
	n->large += payload.n > 1000000;
	n->seam += (offset % SIZE) + record_size(WIRE_HEADER + h->topic.n, payload.n) > SIZE;
	n->torn += !is_right(h, payload);
	n->newest = h->pos << 24 | (h->session & 0xffffff);
}

/* pause_us: after every hundredth record, so that a slow one is overtaken. */
static void read_on(struct counts *n, unsigned pause_us)
{
	struct journal j;
	struct buf out = {0};
	in_child();
	while (journal_open_read(&j, dir, &why) < 0)
		usleep(1000);
	struct journal_cursor at = journal_tail(&j);
	while (!shared->is_over) {
		struct journal_cursor was = at;
		struct wire_header h = {0};
		struct str payload = {0};
		out.n = 0;
		switch (journal_read(&j, &at, &out, &h, &payload)) {
		case JOURNAL_NOTHING: usleep(200); break;
		case JOURNAL_OVERTAKEN:
			n->overtaken++;
			n->disorder += at.pos <= was.pos;
			break;
		case JOURNAL_DAMAGED: n->torn++; _exit(0);
		case JOURNAL_RECORD:
			n->disorder += h.pos != was.pos;
			count(n, &h, payload, was.offset);
			break;
		}
		if (pause_us && n->records % 100 == 0)
			usleep(pause_us);
	}
	buf_done(&out);
	journal_close(&j, false);
	_exit(0);
}

/* What a kill has left: every record whole, what the readers saw still there. NULL, or what is not.
 */
static const char *prove(const uint64_t seen[READERS], uint64_t *head, uint64_t *last)
{
	struct journal j;
	struct buf out = {0};
	struct wire_header h = {0};
	struct str payload;
	const char *wrong = NULL;
	uint64_t newest = 0, before = 0; /* session << 32 | s of the last two */
	if (journal_open_read(&j, dir, &why) < 0)
		return why.text;
	struct journal_cursor at = journal_tail(&j);
	enum journal_got got;
	while ((got = journal_read(&j, &at, &out, &h, &payload)) == JOURNAL_RECORD && !wrong) {
		if (!is_right(&h, payload))
			wrong = "a record with bytes of another";
		for (int i = 0; i < READERS; i++)
			if (h.pos == seen[i] >> 24 &&
			    (h.session & 0xffffff) != (seen[i] & 0xffffff))
				wrong = "a record that was read became another";
		before = newest;
		newest = (uint64_t)h.session << 32 | h.s;
		out.n = 0;
	}
	if (!wrong && got != JOURNAL_NOTHING)
		wrong = "a damaged record";
	for (int i = 0; i < READERS && !wrong; i++)
		if (at.pos <= seen[i] >> 24)
			wrong = "a record that was read is gone";
	uint64_t slot = journal_slot(&j, 0);
	if (!wrong && slot != newest && slot != before)
		wrong = "the slot is more than one record behind";
	*head = at.offset;
	*last = at.pos - 1;
	buf_done(&out);
	journal_close(&j, false);
	return wrong;
}

static pid_t start(void (*run)(void))
{
	pid_t pid = fork();
	if (pid == 0)
		run();
	return pid;
}

static void read_fast(void)
{
	read_on(&shared->reader[0], 0);
}

static void read_slowly(void)
{
	read_on(&shared->reader[1], 3000);
}

/* One life of a writer: 0.3 to 25 ms. False: something is wrong. */
static bool one_kill(uint64_t *head, uint64_t *last)
{
	uint64_t seen[READERS];
	useconds_t life = 300 + (useconds_t)rand() % 24700;
	pid_t pid = start(write_on);
	usleep(life);
	kill(pid, SIGKILL);
	int status;
	waitpid(pid, &status, 0);
	if (!WIFSIGNALED(status)) {
		printf("killer FAIL: the writer ended with %d\n", status);
		return false;
	}
	for (int i = 0; i < READERS; i++)
		seen[i] = shared->reader[i].newest;
	char path[300];
	snprintf(path, sizeof path, "%s/journal", dir);
	const char *wrong = access(path, F_OK) == 0 ? prove(seen, head, last) : NULL;
	if (wrong)
		printf("killer FAIL: %s\n", wrong);
	usleep(life);
	return !wrong;
}

static uint64_t sum(size_t at)
{
	uint64_t total = 0;
	for (int i = 0; i < READERS; i++)
		total += *(_Atomic uint64_t *)(void *)((char *)&shared->reader[i] + at);
	return total;
}
#define SUM(field) ((unsigned long long)sum(offsetof(struct counts, field)))

static void make_dir(void)
{
	const char *base = getenv("TMPDIR");
	if (!base)
		base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : P_tmpdir;
	snprintf(dir, sizeof dir, "%s/tutti-killer-XXXXXX", base);
	BUG_ON(!mkdtemp(dir));
}

static void remove_dir(void)
{
	static const char *const names[] = {"journal", "journal.new", "journal.bad"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[300];
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

/* True if nothing was torn, out of order or refused, and there was something to be wrong about. */
static bool report(bool is_good, unsigned kills, uint64_t head, uint64_t last)
{
	unsigned long long refused = shared->new_epochs;
	is_good &= !SUM(torn) && !SUM(disorder) && !refused && kills && SUM(records);
	printf("killer %s: %u kills, %llu records, %llu laps, read %llu (%llu MB), %llu over 1 MB, "
	       "%llu "
	       "across the seam, %llu overtaken, %llu torn, %llu out of order, %llu refused\n",
	       is_good ? "ok" : "FAIL", kills, (unsigned long long)last,
	       (unsigned long long)(head / SIZE), SUM(records), SUM(bytes) / 1000000, SUM(large),
	       SUM(seam), SUM(overtaken), SUM(torn), SUM(disorder), refused);
	return is_good;
}

int main(int argc, char **argv)
{
	uint64_t seconds, head = 0, last = 0;
	unsigned kills = 0;
	if (argc != 2 || !str_to_u64(str_c(argv[1]), &seconds)) {
		fputs("usage: killer SECONDS\n", stderr);
		return 2;
	}
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	BUG_ON(shared == MAP_FAILED);
	content_make(SIZE / 4 - RECORD_LEAST - 16);
	make_dir();
	srand((unsigned)getpid());
	pid_t readers[READERS] = {start(read_fast), start(read_slowly)};
	time_t until = time(NULL) + (time_t)seconds;
	bool is_good = true;
	while (is_good && time(NULL) < until) {
		is_good = one_kill(&head, &last);
		kills++;
	}
	shared->is_over = true;
	for (int i = 0; i < READERS; i++)
		waitpid(readers[i], NULL, 0);
	is_good = report(is_good, kills, head, last);
	remove_dir();
	free(content_table);
	return !is_good;
}
