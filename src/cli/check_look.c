/* tutti check, without a network: the token, the intents, and who may read and write what. */
#include "cli/check.h"

#include "base/metric.h"
#include "net/doors.h"
#include "net/lock.h"
#include "net/refuse.h"
#include "net/url.h"
#include "proto/discord.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static bool is_discord(const struct config *config)
{
	struct url url;
	struct why why;
	return url_split(&url, str_c(config->discord_api_url), &why) == 0 && !url_is_loopback(&url);
}

static void look_at_token(struct check *check, const struct token *env)
{
	struct why why;
	if (token_find(&check->token, env, check->config, &why) < 0) {
		check_bad(check, EX_CONFIG, "token", "%s", why.text);
		return;
	}
	const char *from = check->token.from;
	uint64_t id = token_application(&check->token);
	if (id)
		check_ok("token", "from %s; by its shape the token of bot %llu", from,
			 (unsigned long long)id);
	else if (is_discord(check->config))
		check_note(
			"token",
			"from %s; it has not the shape of a bot's token (three parts with dots "
			"between): take it from the developer portal, Bot, Reset Token; a client "
			"secret or a public key is none",
			from);
	else
		check_ok("token", "from %s; no shape that Discord would know, but this is none",
			 from);
}

static bool has_intent(const struct config_words *words, const char *name)
{
	for (size_t i = 0; i < words->n; i++)
		if (strcmp(words->word[i], name) == 0)
			return true;
	return false;
}

/* What a bot would miss without a word from Discord. */
static void say_absent(const struct config_words *words)
{
	bool has_direct = has_intent(words, "direct_messages");
	if (!has_direct)
		check_note("intents", "no direct messages: without direct_messages in "
				      "discord.intents none comes");
	if (!has_intent(words, "message_content") &&
	    (has_direct || has_intent(words, "guild_messages")))
		check_note("intents",
			   "no message_content: messages come without their text, but for "
			   "direct ones and those that mention the bot");
}

static void look_at_intents(const struct config *config)
{
	struct buf privileged = {0};
	const struct config_words *words = &config->discord_intents;
	for (size_t i = 0; i < words->n; i++)
		if (intent_is_privileged(intent_by_name(str_c(words->word[i]))))
			buf_addf(&privileged, "%s%s", privileged.n ? ", " : "", words->word[i]);
	if (privileged.n)
		check_note("intents",
			   "%.*s: privileged; switch on in the developer portal, Bot, Privileged "
			   "Gateway Intents, else Discord closes with 4014",
			   STR_FMT(buf_str(&privileged)));
	else
		check_ok("intents", "%zu, none of them privileged", words->n);
	buf_done(&privileged);
	say_absent(words);
}

static const char *owner_name(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);
	return user ? user->pw_name : "somebody else";
}

/* The directory itself, or the nearest above it that is there. */
static void nearest(char path[static PATH_MAX])
{
	while (access(path, F_OK) < 0) {
		char *slash = strrchr(path, '/');
		if (!slash || slash == path) {
			memcpy(path, "/", 2);
			return;
		}
		*slash = 0;
	}
}

static void say_unwritable(struct check *check, const char *key, const char *dir, const char *path,
			   const char *remedy)
{
	struct stat is = {0};
	if (errno == EROFS || stat(path, &is) < 0)
		check_bad(check, EX_NOPERM, "files", "%s %s: %s: %s: %s", key, dir, path,
			  strerror(errno), remedy);
	else
		check_bad(check, EX_NOPERM, "files",
			  "%s %s: %s belongs to %s and may not be written by us: %s", key, dir,
			  path, owner_name(is.st_uid), remedy);
}

static void look_at_dir(struct check *check, const char *key, const char *dir, const char *remedy)
{
	char path[PATH_MAX];
	struct stat is;
	snprintf(path, sizeof path, "%s", dir);
	nearest(path);
	bool is_there = strcmp(path, dir) == 0;
	if (stat(path, &is) < 0 || access(path, W_OK | X_OK) < 0)
		say_unwritable(check, key, dir, path, remedy);
	else if (is_there && is.st_mode & S_IWOTH)
		check_bad(check, EX_NOPERM, "files",
			  "%s %s: every user could change it: chmod o-w %s", key, dir, dir);
	else
		check_ok("files", "%s %s: %s", key, dir,
			 is_there ? "ours to write" : "will be made");
}

static void look_at_config_file(struct check *check)
{
	struct stat is;
	const char *path = check->config->path;
	if (!*path || stat(path, &is) < 0)
		return;
	if (is.st_mode & S_IWOTH)
		check_bad(
			check, EX_NOPERM, "files",
			"%s: every user could change it, and read the token by that: chmod o-w %s",
			path, path);
}

static void look_at_files(struct check *check)
{
	const struct config *config = check->config;
	char run_dir[108];
	struct why why;
	look_at_config_file(check);
	look_at_dir(check, "state.dir", config->state_dir,
		    "give state.dir a directory of your own");
	if (config_run_dir_to_be(run_dir, (unsigned)config->zmq_port, &why) < 0)
		check_bad(check, EX_CONFIG, "files", "%s", why.text);
	else
		look_at_dir(check, "run directory", run_dir,
			    "set XDG_RUNTIME_DIR to a directory of your own");
	if (*config->journal_dir)
		look_at_dir(check, "journal.dir", config->journal_dir,
			    "give journal.dir a directory of your own");
}

/* An IP address and a port, for bind(); 0: it is none. "*": every address of IPv4. */
static socklen_t name_of(struct sockaddr_storage *out, const char *at, unsigned port)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
	*out = (struct sockaddr_storage){0};
	if (inet_pton(AF_INET, strcmp(at, "*") == 0 ? "0.0.0.0" : at, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		return sizeof *v4;
	}
	if (inet_pton(AF_INET6, at, &v6->sin6_addr) != 1)
		return 0;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)port);
	return sizeof *v6;
}

/* 0 or errno. As ZeroMQ binds. */
static int try_port(const struct sockaddr_storage *name, socklen_t size)
{
	int one = 1, fd = socket(name->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 0;
	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (const struct sockaddr *)name, size) < 0 || listen(fd, 1) < 0)
		rc = errno;
	close(fd);
	return rc;
}

static bool is_running(const struct config *config)
{
	struct metric_view view;
	struct why why;
	char run_dir[108];
	if (config_run_dir_to_be(run_dir, (unsigned)config->zmq_port, &why) < 0 ||
	    metric_view_open(&view, run_dir, "bus", &why) < 0)
		return false;
	bool is_alive = view.is_alive;
	metric_view_close(&view);
	return is_alive;
}

/* Both locks name it, where it is of this state directory. */
static void say_running(struct check *check, unsigned first)
{
	char run_dir[108];
	struct why why;
	struct buf where = {0};
	uint64_t pid =
		config_run_dir_to_be(run_dir, first, &why) < 0 ? 0 : lock_holder(run_dir, "tuttid");
	config_where_say(&where, check->config, CONFIG_zmq_port);
	if (pid && pid == lock_holder(check->config->state_dir, "tuttid"))
		check_ok("ports", "%u to %u: our tuttid runs there", first, first + 2);
	else
		check_bad(check, EX_TEMPFAIL, "ports",
			  "%u to %u: another tuttid runs there, process %llu, with a state "
			  "directory of its own: give %.*s another number, of three that are "
			  "free, or end it",
			  first, first + 2, (unsigned long long)pid, STR_FMT(buf_str(&where)));
	buf_done(&where);
}

static void say_port(struct check *check, unsigned port, int error)
{
	char authority[URL_AUTHORITY];
	struct buf remedy = {0};
	url_authority(authority, check->config->zmq_bind, port);
	doors_remedy(&remedy, check->config, error);
	check_bad(check, EX_TEMPFAIL, "ports", "%s: %s%s%.*s", authority, strerror(error),
		  remedy.n ? ": " : "", STR_FMT(buf_str(&remedy)));
	buf_done(&remedy);
}

static void look_at_ports(struct check *check)
{
	const struct config *config = check->config;
	unsigned first = (unsigned)config->zmq_port;
	struct sockaddr_storage name;
	socklen_t size = name_of(&name, config->zmq_bind, first);
	int rc = 0;
	if (!size)
		return; /* said above */
	if (is_running(config)) {
		say_running(check, first);
		return;
	}
	for (unsigned port = first; port < first + 3 && !rc; port++) {
		size = name_of(&name, config->zmq_bind, port);
		rc = try_port(&name, size);
		if (rc)
			say_port(check, port, rc);
	}
	if (!rc)
		check_ok("ports", "%u to %u: free", first, first + 2);
}

void check_look(struct check *check, const struct token *env)
{
	look_at_token(check, env);
	look_at_intents(check->config);
	look_at_files(check);
	look_at_ports(check);
}
