#include "net/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_closed(struct buf *out, const char *path, struct why *why)
{
	struct stat is;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return why_errno(why, -errno, "%s: cannot be read", path);
	ssize_t n = -1;
	if (fstat(fd, &is) == 0 && S_ISREG(is.st_mode))
		n = read(fd, buf_room(out, 4096), 4096);
	close(fd);
	if (n < 0)
		return why_set(why, -EINVAL, "%s: is not a file that can be read", path);
	out->n = (size_t)n;
	if ((is.st_mode & 077) || (is.st_uid != geteuid() && is.st_uid != 0))
		return why_set(why, -EACCES, "%s: holds a secret: chmod 0600, and owned by you",
			       path);
	return 0;
}

/* secret = "40 characters" */
static bool take_secret(struct zsock_curve *out, struct str text)
{
	static const struct str head = STR_INIT("secret = \"");
	while (text.n) {
		struct str line = str_trim(str_cut(&text, '\n'));
		if (!str_starts(line, head) || line.n != head.n + ZSOCK_KEY + 1 ||
		    line.p[line.n - 1] != '"')
			continue;
		memcpy(out->secret, line.p + head.n, ZSOCK_KEY);
		out->secret[ZSOCK_KEY] = 0;
		return zsock_keys_public(out);
	}
	return false;
}

int keys_read(struct zsock_curve *out, const char *path, struct why *why)
{
	struct buf text = {0};
	*out = (struct zsock_curve){.secret = {0}};
	int rc = read_closed(&text, path, why);
	if (rc == 0 && !take_secret(out, buf_str(&text)))
		rc = why_set(why, -EINVAL, "%s: holds no key; \"tutti keys new\" makes one", path);
	if (text.p)
		explicit_bzero(text.p, text.cap);
	buf_done(&text);
	return rc;
}

void keys_write(struct buf *out, const char *name, const struct zsock_curve *pair)
{
	buf_addf(out,
		 "# The CURVE key of %s. Whoever reads the secret is %s: keep it at 0600.\n"
		 "public = \"%s\"\nsecret = \"%s\"\n",
		 name, name, pair->public, pair->secret);
}

int keys_of_bot(struct zsock_curve *out, const struct config *config, const char *server_key,
		struct why *why)
{
	if (!*config->zmq_client_key)
		return 0;
	int rc = keys_read(out, config->zmq_client_key, why);
	if (rc < 0)
		return rc;
	if (strlen(server_key) != ZSOCK_KEY)
		return why_set(
			why, -EINVAL,
			"zmq.server_key: has to be tuttid's public key, 40 characters, where "
			"there is a zmq.client_key");
	memcpy(out->server, server_key, ZSOCK_KEY + 1);
	return 1;
}
