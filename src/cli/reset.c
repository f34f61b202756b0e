/* tutti reset: begins afresh. Says what that costs, asks, and takes away what tuttid and its bots
 * remember; nothing while one of them runs. The token, keys and the count of the day's identifies
 * stay: Discord counts on, whatever we forget. */
#include "cli/arguments.h"
#include "cli/tool.h"
#include "net/lock.h"
#include "proto/cursor.h"
#include "proto/journal.h"
#include "proto/sessions.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

static const char more[] =
	"Takes away the journal, Discord's sessions, how far each bot is, and the cursors of that\n"
	"journal in $TUTTI_STATE, else bot.state_dir, else ~/.local/state/tutti. Cursors of "
	"another\n"
	"tuttid's journal stay where they are. The token, keys and the "
	"count of\n"
	"the day's identifies stay. Nothing is done while tuttid or one of those bots runs.\n"
	"--yes: does not ask. Ends with 0, 75 where somebody runs, 64 where nobody can be asked.\n";

/* What is in which directory. A journal on tmpfs has a copy in the state directory between two
 * runs; .new and .part are halves, .bad what was put aside. */
enum { IN_STATE, IN_JOURNAL, PLACES };
static const struct {
	int in;
	const char *name;
} files[] = {
	{IN_STATE, "sessions"},  {IN_STATE, "sessions.new"},  {IN_STATE, "sessions.bad"},
	{IN_STATE, "commits"},   {IN_STATE, "commits.new"},   {IN_STATE, "commits.bad"},
	{IN_STATE, "self"},      {IN_STATE, "journal"},       {IN_STATE, "journal.part"},
	{IN_JOURNAL, "journal"}, {IN_JOURNAL, "journal.new"}, {IN_JOURNAL, "journal.bad"},
};
enum { FILES = sizeof files / sizeof *files };

struct reset {
	struct place place;
	const char *dir[PLACES];
	char *cursor_dir;
	struct buf cursors; /* the names of their files, a NUL behind each */
	size_t n_cursors, n_files;
	size_t n_foreign; /* cursors of other journals: left alone */
	size_t n_unknown; /* that name none, so nobody knows whose: likewise */
};

typedef char path_text[PATH_MAX];

static bool path_of(path_text out, const char *dir, const char *name)
{
	return snprintf(out, PATH_MAX, "%s/%s", dir, name) < PATH_MAX;
}

static bool is_cursor(struct str name)
{
	return str_ends(name, STR(".cursor")) || str_ends(name, STR(".cursor.bad")) ||
	       str_ends(name, STR(".pos")) || str_ends(name, STR(".pos.bad"));
}

/* Of the line in the file of a bot in Python or JavaScript; 0: it says none. */
static uint64_t pos_epoch_of(const char *path)
{
	char line[64];
	uint64_t epoch;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof line);
	if (fd >= 0)
		close(fd);
	struct str rest = str_of(line, n > 0 ? (size_t)n : 0);
	return str_to_u64(str_cut(&rest, ' '), &epoch) ? epoch : 0;
}

/* Of the journal that is to go, or of its copy; 0: there is none. */
static uint64_t find_epoch(const struct reset *r)
{
	const char *const dirs[] = {r->dir[IN_JOURNAL], r->dir[IN_STATE]};
	uint64_t epoch = 0;
	for (size_t i = 0; i < 2 && !epoch; i++) {
		struct journal journal;
		struct why why;
		if (journal_open_read(&journal, dirs[i], &why) < 0)
			continue;
		epoch = journal.epoch;
		journal_close(&journal, false);
	}
	return epoch;
}

/* name: below the directory of cursors. */
static void take_cursor(struct reset *r, const char *name, uint64_t ours)
{
	path_text path;
	if (!is_cursor(str_c(name)) || !path_of(path, r->cursor_dir, name))
		return;
	bool is_line = str_ends(str_c(name), STR(".pos")) || str_ends(str_c(name), STR(".pos.bad"));
	uint64_t epoch = is_line ? pos_epoch_of(path) : cursor_epoch_of(path);
	if (!epoch || epoch != ours) {
		*(epoch ? &r->n_foreign : &r->n_unknown) += 1;
		return;
	}
	buf_add(&r->cursors, name, strlen(name) + 1);
	r->n_cursors++;
}

/* All tuttids of a user may share the directory: a cursor is ours if it is of our journal; one that
 * says nothing may be anybody's. A bot with zmq.connect has one for each tuttid, in a directory
 * HOST:PORT. */
static void find_cursors(struct reset *r, const char *below, uint64_t ours)
{
	path_text path, name;
	const struct dirent *entry;
	DIR *dir = path_of(path, r->cursor_dir, below) ? opendir(path) : NULL;
	while (dir && (entry = readdir(dir))) {
		if (snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "",
			     entry->d_name) >= (int)sizeof name)
			continue;
		if (!*below && strchr(entry->d_name, ':'))
			find_cursors(r, name, ours);
		else
			take_cursor(r, name, ours);
	}
	if (dir)
		closedir(dir);
}

static void find_files(struct reset *r)
{
	path_text path;
	for (size_t i = 0; i < FILES; i++)
		if (path_of(path, r->dir[files[i].in], files[i].name) && access(path, F_OK) == 0)
			r->n_files++;
}

static int refuse(const struct why *why)
{
	fprintf(stderr, "tutti reset: %s%s; nothing was taken away\n", why->text,
		why->code == -EWOULDBLOCK ? ": stop it first" : "");
	return why->code == -EWOULDBLOCK ? EX_TEMPFAIL : EX_NOPERM;
}

/* Held until we end, so that none can start meanwhile. */
static int lock_tuttid(const struct reset *r)
{
	static const char *const names[] = {
		"tuttid",
#define ROLE(name, wants_token, is_limited) #name,
#include "net/roles.def"
#undef ROLE
	};
	const char *const dirs[] = {r->place.config.state_dir, r->place.run_dir};
	struct why why;
	for (size_t d = 0; d < 2; d++)
		for (size_t i = 0; access(dirs[d], F_OK) == 0 && i < sizeof names / sizeof *names;
		     i++)
			if (lock_take(dirs[d], names[i], 0, &why) < 0)
				return refuse(&why);
	return 0;
}

/* A bot holds its cursor as long as it runs. */
static int lock_cursors(const struct reset *r)
{
	struct str rest = buf_str(&r->cursors);
	while (rest.n) {
		struct mapped cursor; /* never closed: held until we end */
		struct why why;
		path_text path;
		struct str name = str_cut(&rest, 0);
		if (!path_of(path, r->cursor_dir, name.p))
			continue;
		int rc = mapped_open(&cursor, path, 1, 0, MAPPED_WRITE | MAPPED_LOCK, &why);
		if (rc == -EWOULDBLOCK)
			why_set(&why, rc, "a bot runs with the cursor %s", path);
		if (rc < 0)
			return refuse(&why);
	}
	return 0;
}

static void say_journal(const struct reset *r)
{
	struct journal journal;
	struct why why;
	if (journal_open_read(&journal, r->dir[IN_JOURNAL], &why) < 0)
		return;
	uint64_t tail = journal_tail(&journal).pos, head = journal_head(&journal).pos;
	printf("  journal   %llu events in %s: a bot that has not done them never will\n",
	       (unsigned long long)(head - tail), r->dir[IN_JOURNAL]);
	journal_close(&journal, false);
}

static void say_sessions(const struct reset *r)
{
	static const uint8_t none[16];
	struct sessions sessions;
	struct session_saved saved = {0};
	struct why why;
	path_text path;
	if (!path_of(path, r->dir[IN_STATE], "sessions") || access(path, F_OK) < 0 ||
	    sessions_open(&sessions, r->dir[IN_STATE], 1, none, 0, &why) < 0)
		return;
	if (sessions_get(&sessions, 0, &saved))
		printf("  sessions  of %u shard%s: each takes one of the day's identifies, and "
		       "what "
		       "happens on\n            Discord until then is lost\n",
		       saved.shards, saved.shards == 1 ? "" : "s");
	sessions_close(&sessions);
}

static void say_cursors(const struct reset *r)
{
	struct str rest = buf_str(&r->cursors);
	if (r->n_cursors)
		printf("  cursors   %zu in %s: these bots begin at what comes next:\n",
		       r->n_cursors, r->cursor_dir);
	while (rest.n)
		printf("            %s\n", str_cut(&rest, 0).p);
}

static void say_left(const struct reset *r, size_t n, const char *which)
{
	if (n)
		printf("      %zu cursor%s in %s, %s\n", n, n == 1 ? "" : "s", r->cursor_dir,
		       which);
}

static void say_kept(const struct reset *r)
{
	say_left(r, r->n_foreign, "of other journals");
	say_left(r, r->n_unknown, "of which nobody knows the journal: left alone");
}

static void say_cost(const struct reset *r)
{
	printf("tutti reset: tuttid begins afresh. That costs:\n");
	say_journal(r);
	say_sessions(r);
	say_cursors(r);
	printf("kept: the token, keys, configuration, and the count of the day's identifies\n");
	say_kept(r);
}

static bool is_told_yes(void)
{
	char line[16];
	printf("Go on? yes or no: ");
	fflush(stdout);
	if (!fgets(line, sizeof line, stdin))
		return false;
	struct str word = str_trim(str_c(line));
	return str_eq(word, STR("yes")) || str_eq(word, STR("y"));
}

/* 0: go on. */
static int ask(bool is_yes)
{
	fflush(stdout);
	if (is_yes)
		return 0;
	if (!isatty(STDIN_FILENO)) {
		fputs("tutti reset: nothing was taken away; --yes does it without a question\n",
		      stderr);
		return EX_USAGE;
	}
	if (is_told_yes())
		return 0;
	fputs("nothing was taken away\n", stdout);
	return EX_USAGE;
}

static int take_away(const struct reset *r)
{
	struct str rest = buf_str(&r->cursors);
	struct why why = {0};
	path_text path;
	for (size_t i = 0; i < FILES; i++)
		if (path_of(path, r->dir[files[i].in], files[i].name) &&
		    mapped_remove(path, &why) < 0)
			fprintf(stderr, "tutti reset: %s\n", why.text);
	while (rest.n)
		if (path_of(path, r->cursor_dir, str_cut(&rest, 0).p) &&
		    mapped_remove(path, &why) < 0)
			fprintf(stderr, "tutti reset: %s\n", why.text);
	if (why.code)
		return EX_NOPERM;
	puts("done: the next tuttid and its bots begin afresh");
	return 0;
}

static int reset(struct reset *r, bool is_yes)
{
	int status = lock_tuttid(r);
	if (status == 0)
		status = lock_cursors(r);
	if (status)
		return status;
	if (r->n_files + r->n_cursors == 0) {
		puts("nothing to take away: tuttid and its bots begin afresh as it is");
		say_kept(r);
		return 0;
	}
	say_cost(r);
	status = ask(is_yes);
	return status ? status : take_away(r);
}

int reset_main(int argc, char **argv)
{
	struct arguments arguments;
	struct reset r = {0};
	int status = arguments_read(&arguments, argc, argv);
	if (status)
		return status;
	if (arguments.help)
		return arguments_usage("reset", more);
	status = place_find(&r.place, &arguments);
	if (status)
		return status;
	r.dir[IN_STATE] = r.place.config.state_dir;
	r.dir[IN_JOURNAL] = config_journal_dir(&r.place.config, r.place.run_dir);
	r.cursor_dir = config_cursor_dir(&r.place.config);
	find_files(&r);
	find_cursors(&r, "", find_epoch(&r));
	status = reset(&r, arguments.yes);
	buf_done(&r.cursors);
	free(r.cursor_dir);
	place_done(&r.place);
	return status;
}
