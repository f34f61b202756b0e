#include "net/token.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOKEN_LEAST = 8 }; /* bytes */

static const char variable[] = "DISCORD_BOT_TOKEN";

void token_wipe(struct token *token)
{
	explicit_bzero(token, sizeof *token);
}

void token_take_env(struct token *out)
{
	struct str prefix = STR("DISCORD_BOT_TOKEN=");
	*out = (struct token){0};
	for (char **at = environ; at && *at; at++) {
		if (!str_starts(str_c(*at), prefix))
			continue;
		char *value = *at + prefix.n;
		size_t n = strlen(value);
		if (out->n == 0) { /* of one that is too long so much that it is known as that */
			out->n = n <= TOKEN_MAX ? n : TOKEN_MAX + 1;
			memcpy(out->text, value, out->n);
		}
		explicit_bzero(value, n);
	}
	unsetenv(variable);
}

/* It goes into a header line: whatever is not one plain word is a mistake or an attack. NULL: it is. */
static const char *flaw_of(struct str text)
{
#define ALL_OF_IT ": put there all of what the developer portal shows once, under Bot, Reset Token"
	if (text.n == 0)
		return "is empty" ALL_OF_IT;
	if (str_starts(text, STR("Bot ")))
		return "begins with \"Bot \": leave that out";
	if (strchr("\"'", text.p[0]))
		return "stands in quotation marks: leave them out";
	if (text.n < TOKEN_LEAST)
		return "is too short for one" ALL_OF_IT;
	if (text.n > TOKEN_MAX)
		return "is too long for one" ALL_OF_IT;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return "is not one word of plain ASCII" ALL_OF_IT;
	return NULL;
#undef ALL_OF_IT
}

int token_set(struct token *out, struct str text, struct why *why)
{
	text = str_trim(text);
	const char *flaw = flaw_of(text);
	if (flaw)
		return why_set(why, -EINVAL, "the token%s%s %s", *out->from ? " of " : "",
			       out->from, flaw);
	memmove(out->text, text.p, text.n);
	out->text[text.n] = 0;
	out->n = text.n;
	return 0;
}

/* All of a small descriptor, -EFBIG beyond room. */
static ssize_t read_all(int fd, char *out, size_t room)
{
	size_t got = 0;
	while (got < room) {
		ssize_t n = read(fd, out + got, room - got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return (ssize_t)got;
		got += (size_t)n;
	}
	return -EFBIG;
}

static int read_word(struct token *out, int fd, struct why *why)
{
	char text[TOKEN_MAX + 64]; /* some blanks may stand around it */
	ssize_t n = read_all(fd, text, sizeof text);
	int rc = n < 0 ? why_errno(why, (int)n, "the token of %s cannot be read", out->from)
		       : token_set(out, str_of(text, (size_t)n), why);
	explicit_bzero(text, sizeof text);
	return rc;
}

/* A line with the token, then where it is from: a path may hold any byte, a token no newline. */
int token_read(struct token *out, int fd, struct why *why)
{
	char text[TOKEN_MAX + TOKEN_FROM_MAX + 2];
	ssize_t n = read_all(fd, text, sizeof text);
	if (n < 0)
		return why_errno(why, (int)n, "the token cannot be read");
	struct str from = str_of(text, (size_t)n), word = str_cut(&from, '\n');
	snprintf(out->from, sizeof out->from, "%.*s", STR_FMT(from));
	int rc = token_set(out, word, why);
	explicit_bzero(text, sizeof text);
	return rc;
}

int token_pipe(const struct token *token)
{
	char text[TOKEN_MAX + TOKEN_FROM_MAX + 2];
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	int n = snprintf(text, sizeof text, "%.*s\n%s", STR_FMT(token_str(token)), token->from);
	ssize_t written = write(ends[1], text, (size_t)n); /* a pipe holds more than that */
	explicit_bzero(text, sizeof text);
	close(ends[1]);
	if (written == n)
		return ends[0];
	close(ends[0]);
	return -EIO;
}

static int judge_file(int fd, const char *path, bool is_private, struct why *why)
{
	struct stat is;
	if (fstat(fd, &is) < 0)
		return why_errno(why, -errno, "%s cannot be read", path);
	if (!S_ISREG(is.st_mode))
		return why_set(why, -EINVAL, "%s is not a file", path);
	if (!is_private)
		return 0;
	if (is.st_mode & 077)
		return why_set(why, -EPERM,
			       "%s has mode %04o: others may read the token; it must be 0600: "
			       "chmod 600 %s",
			       path, is.st_mode & 07777, path);
	if (is.st_uid != geteuid() && is.st_uid != 0)
		return why_set(why, -EPERM,
			       "%s belongs to user %u; it must belong to us or to root", path,
			       is.st_uid);
	return 0;
}

static int read_file(struct token *out, const char *path, bool is_private, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return why_errno(why, -errno, "the token's file %s cannot be read", path);
	int rc = judge_file(fd, path, is_private, why);
	if (rc == 0)
		rc = read_word(out, fd, why);
	close(fd);
	return rc;
}

/* systemd guards its own directory, and gives modes of its own. */
static bool credential_path(char out[static PATH_MAX])
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");
	return dir && *dir == '/' && snprintf(out, PATH_MAX, "%s/discord_token", dir) < PATH_MAX &&
	       access(out, F_OK) == 0;
}

int token_find(struct token *out, const struct token *env, const struct config *config,
	       struct why *why)
{
	char path[PATH_MAX];
	if (credential_path(path)) {
		snprintf(out->from, sizeof out->from, "the systemd credential %.200s", path);
		return read_file(out, path, false, why);
	}
	if (*config->discord_token_file) {
		snprintf(out->from, sizeof out->from, "discord.token_file %.200s",
			 config->discord_token_file);
		return read_file(out, config->discord_token_file, true, why);
	}
	if (env->n) {
		snprintf(out->from, sizeof out->from, "the environment variable %s", variable);
		return token_set(out, token_str(env), why);
	}
	return why_set(
		why, -ENOENT,
		"no token: set the environment variable %s, or discord.token_file in the "
		"configuration (a file of mode 0600), or the systemd credential discord_token",
		variable);
}

static int base64url_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* The base64url of a decimal number: of the application's id. */
static uint64_t decode_id(struct str part)
{
	char text[24];
	size_t n = 0;
	unsigned bits = 0, held = 0;
	uint64_t id = 0;
	for (size_t i = 0; i < part.n; i++) {
		int digit = base64url_digit(part.p[i]);
		if (digit < 0 || n == sizeof text)
			return 0;
		bits = bits << 6 | (unsigned)digit;
		held += 6;
		if (held >= 8) {
			held -= 8;
			text[n++] = (char)(bits >> held & 0xff);
		}
	}
	return str_to_u64(str_of(text, n), &id) ? id : 0;
}

uint64_t token_application(const struct token *token)
{
	struct str rest = token_str(token);
	struct str id = str_cut(&rest, '.'), stamp = str_cut(&rest, '.');
	bool has_shape = stamp.n > 0 && rest.n > 0 && str_find(rest, '.') == rest.n;
	return has_shape ? decode_id(id) : 0;
}

bool token_is_in_config(const struct config *config)
{
	struct token token = {0};
	const char *slash = strrchr(config->discord_token_file, '/');
	struct str name = str_c(slash ? slash + 1 : config->discord_token_file);
	if (name.n > TOKEN_MAX)
		return false;
	memcpy(token.text, name.p, name.n);
	token.n = name.n;
	bool is_one = token_application(&token) != 0;
	token_wipe(&token);
	return is_one;
}
