/* tutti new: a bot to begin with, out of the files in src/cli/new/. */
#include "cli/new.h"

#include "cli/arguments.h"
#include "cli/new_files.h"
#include "cli/tool.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

enum { NAME_BYTES = 40 };

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What make and tuttid know as something else there: files, targets, GNU make's own words. */
static bool is_taken(struct str name)
{
	static const char *const names[] = {
		"bot_test", "clean",  "define",   "discord",  "else",     "endef",
		"endif",    "export", "ifdef",    "ifeq",     "ifndef",   "ifneq",
		"include",  "load",   "override", "private",  "run",      "sinclude",
		"state",    "test",   "token",    "undefine", "unexport", "vpath"};
	for (size_t i = 0; i < n_new_files; i++)
		if (str_eq(name, new_files[i].name))
			return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(name, str_c(names[i])))
			return true;
	return false;
}

/* It becomes a directory, a program, the bot's name at tuttid and, with "_bot", a word of C. */
bool new_is_name(struct str name)
{
	if (name.n == 0 || name.n > NAME_BYTES || !is_letter(name.p[0]))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!is_letter(name.p[i]) && !is_digit(name.p[i]) && name.p[i] != '_' &&
		    name.p[i] != '-')
			return false;
	return !is_taken(name);
}

static void add_name(struct buf *out, const struct new_words *words)
{
	buf_adds(out, words->name);
}

static void add_module(struct buf *out, const struct new_words *words)
{
	for (size_t i = 0; i < words->name.n; i++)
		buf_addc(out, words->name.p[i] == '-' ? '_' : words->name.p[i]);
	buf_adds(out, STR("_bot"));
}

/* A name that make or a shell would take apart is left out: the Makefile says what to set then. */
static bool is_plain(struct str path)
{
	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] <= ' ' || strchr("'\"$#\\:;&|<>()*?", path.p[i]))
			return false;
	return path.n > 0;
}

static void add_pkg_config(struct buf *out, const struct new_words *words)
{
	if (is_plain(words->build_dir))
		buf_addf(out,
			 "# Where tutti was built; once it is installed, this line can go.\n"
			 "PKG_CONFIG ?= PKG_CONFIG_PATH=%.*s:$$PKG_CONFIG_PATH pkg-config",
			 STR_FMT(words->build_dir));
	else
		buf_adds(out, STR("PKG_CONFIG ?= pkg-config"));
}

static const struct {
	struct str mark;
	void (*add)(struct buf *out, const struct new_words *words);
} marks[] = {{STR_INIT("@NAME@"), add_name},
	     {STR_INIT("@MODULE@"), add_module},
	     {STR_INIT("@PKG_CONFIG@"), add_pkg_config}};
enum { MARKS = sizeof marks / sizeof *marks };

/* How many bytes of text are a mark, which is filled in then; else 0. */
static size_t fill_mark(struct buf *out, struct str text, const struct new_words *words)
{
	for (size_t i = 0; i < MARKS; i++)
		if (str_starts(text, marks[i].mark)) {
			marks[i].add(out, words);
			return marks[i].mark.n;
		}
	return 0;
}

void new_fill(struct buf *out, struct str text, const struct new_words *words)
{
	while (text.n) {
		size_t n = fill_mark(out, text, words);
		if (n == 0)
			buf_addc(out, text.p[0]);
		text = str_of(text.p + (n ? n : 1), text.n - (n ? n : 1));
	}
}

/* The program's own directory, where that is the one it was built in. */
static struct str find_build_dir(char out[static PATH_MAX])
{
	char path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	while (n > 0 && out[n - 1] != '/')
		n--;
	if (n <= 1)
		return STR("");
	struct str dir = str_of(out, (size_t)n - 1);
	snprintf(path, sizeof path, "%.*s/tutti-uninstalled.pc", STR_FMT(dir));
	return access(path, R_OK) == 0 ? dir : STR("");
}

/* "bot.c.in" is DIR/bot.c, "gitignore" is DIR/.gitignore. */
static void add_file_path(struct buf *out, const char *dir, struct str name)
{
	if (str_ends(name, STR(".in")))
		name.n -= 3;
	buf_addf(out, "%s/%s%.*s%c", dir, str_eq(name, STR("gitignore")) ? "." : "", STR_FMT(name),
		 0);
}

static int write_file(const char *path, const struct buf *text)
{
	FILE *f = fopen(path, "wxe");
	if (!f)
		return -errno;
	int rc = fwrite(text->p, 1, text->n, f) == text->n ? 0 : -errno;
	return fclose(f) == 0 || rc ? rc : -errno;
}

static int make_file(const char *dir, const struct embedded *file, const struct new_words *words)
{
	struct buf path = {0}, text = {0};
	add_file_path(&path, dir, file->name);
	new_fill(&text, file->text, words);
	int rc = write_file(path.p, &text);
	if (rc < 0)
		fprintf(stderr, "tutti new: %s: %s\n", path.p, strerror(-rc));
	buf_done(&path);
	buf_done(&text);
	return rc;
}

/* Takes back what was made of it. */
static void remove_all(const char *dir)
{
	for (size_t i = 0; i < n_new_files; i++) {
		struct buf path = {0};
		add_file_path(&path, dir, new_files[i].name);
		unlink(path.p);
		buf_done(&path);
	}
	rmdir(dir);
}

static int make(const char *name)
{
	char exe[PATH_MAX];
	struct new_words words = {.name = str_c(name), .build_dir = find_build_dir(exe)};
	if (mkdir(name, 0777) < 0) {
		fprintf(stderr, "tutti new: %s: %s\n", name,
			errno == EEXIST ? "is there already; nothing was changed"
					: strerror(errno));
		return EX_CANTCREAT;
	}
	for (size_t i = 0; i < n_new_files; i++)
		if (make_file(name, &new_files[i], &words) < 0) {
			remove_all(name);
			return EX_CANTCREAT;
		}
	printf("made %s: a bot in bot.c, which answers \",hello world\".\n"
	       "    cd %s\n"
	       "    make test       builds it and tests it\n"
	       "    make discord    a fake Discord with a chat page, and tuttid; it stays\n"
	       "    make run        in another terminal: the bot\n",
	       name, name);
	return 0;
}

int new_main(int argc, char **argv)
{
	if (argc == 2 && str_eq(str_c(argv[1]), STR("--help")))
		return arguments_usage("new", "NAME: letters, digits, _ and -, a letter first, at "
					      "most 40. It becomes a directory here,\nand the "
					      "bot's name at tuttid.\n");
	if (argc != 2) {
		fputs("tutti new: wants one NAME\n", stderr);
		return EX_USAGE;
	}
	if (new_is_name(str_c(argv[1])))
		return make(argv[1]);
	fprintf(stderr,
		"tutti new: \"%.60s\" is no name for a bot: letters, digits, _ and -, a letter "
		"first, at most %d, and no file, target or word of its Makefile\n",
		argv[1], NAME_BYTES);
	return EX_USAGE;
}
