/* tutti keys: CURVE keys, for bots on other hosts and for tuttid. */
#include "net/keys.h"
#include "cli/tool.h"
#include "proto/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

static int usage(int status)
{
	fputs("tutti keys new NAME [DIRECTORY]\n\n"
	      "Makes DIRECTORY/NAME.key, mode 0600, and prints NAME's line for the file that\n"
	      "zmq.allow names. NAME is the bot's name. tuttid has a key of its own:\n"
	      "\"tutti keys new tuttid\", zmq.curve_key names the file, and its public key is\n"
	      "zmq.server_key in the configurations of bots.\n",
	      status ? stderr : stdout);
	return status;
}

/* Never over a key that is there: its bot would be locked out. */
static int write_file(const char *path, const struct buf *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	ssize_t n = write(fd, text->p, text->n);
	int rc = n == (ssize_t)text->n && fsync(fd) == 0 ? 0 : -EIO;
	close(fd);
	if (rc < 0)
		unlink(path);
	return rc;
}

static int make(const char *name, const char *dir)
{
	struct zsock_curve pair;
	struct buf path = {0}, text = {0};
	zsock_keys_new(&pair);
	buf_addf(&path, "%s/%s.key%c", dir, name, 0);
	keys_write(&text, name, &pair);
	int rc = write_file(path.p, &text);
	if (rc < 0) {
		fprintf(stderr, "tutti keys: %s: %s\n", path.p, strerror(-rc));
	} else {
		fprintf(stderr, "made %s; keep it there. The line for the allow list:\n", path.p);
		printf("%s %s\n", name, pair.public);
	}
	explicit_bzero(&pair, sizeof pair);
	explicit_bzero(text.p, text.cap);
	buf_done(&text);
	buf_done(&path);
	return rc < 0 ? EX_CANTCREAT : 0;
}

/* It becomes a file's name, and a word of command lines. */
static bool is_name(const char *name)
{
	return wire_is_bot(str_c(name)) && name[0] != '.' && name[0] != '-';
}

static const char *what_is_wrong(int argc, char **argv)
{
	if (argc < 2 || !str_eq(str_c(argv[1]), STR("new")))
		return "the word new is missing: keys new NAME [DIRECTORY]";
	if (argc < 3)
		return "the NAME of the bot is missing";
	return argc > 4 ? "more than a NAME and a DIRECTORY" : NULL;
}

int keys_main(int argc, char **argv)
{
	if (argc > 1 && str_eq(str_c(argv[argc - 1]), STR("--help")))
		return usage(0);
	const char *wrong = what_is_wrong(argc, argv);
	if (wrong) {
		fprintf(stderr, "tutti keys: %s\n", wrong);
		return usage(EX_USAGE);
	}
	if (!is_name(argv[2])) {
		fprintf(stderr, "tutti keys: a name is 1 to 64 of A-Z a-z 0-9 . _ -, and begins "
				"with neither . nor -\n");
		return EX_USAGE;
	}
	return make(argv[2], argc == 4 ? argv[3] : ".");
}
