#include "net/doors.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

enum { PORT_MOST = 65533 }; /* two doors lie above it */

/* "host", "host:port", "[::1]:port", and behind a blank a key. */
const char *doors_read(struct doors *out, struct str entry)
{
	struct str key = str_trim(entry), where = str_cut(&key, ' ');
	struct url url = {.port = out->port};
	key = str_trim(key);
	if (!url_split_authority(&url, where) || url.port > PORT_MOST)
		return "is not a host, or host:port with a port up to 65533";
	if (key.n && key.n != ZSOCK_KEY)
		return "has no public key of 40 characters behind the blank";
	memcpy(out->host, url.host, sizeof out->host);
	out->port = url.port;
	if (key.n)
		memcpy(out->server_key, key.p, ZSOCK_KEY);
	return NULL;
}

static int bad(const struct config *config, const char *entry, const char *what, struct why *why)
{
	return config_bad(config, CONFIG_zmq_connect, why, "has \"%.80s\", which %s", entry, what);
}

/* Two cursors for one journal would run every event twice. */
static bool is_named_before(const struct doors *list, size_t i)
{
	for (size_t before = 0; before < i; before++)
		if (list[before].port == list[i].port &&
		    strcmp(list[before].host, list[i].host) == 0)
			return true;
	return false;
}

static int read_connect(struct doors *out, const struct config *config, struct why *why)
{
	const struct config_words *words = &config->zmq_connect;
	if (words->n > DOORS_MAX)
		return bad(config, words->word[DOORS_MAX], "is the 65th: 64 may be named", why);
	for (size_t i = 0; i < words->n; i++) {
		const char *what = doors_read(&out[i], str_c(words->word[i]));
		if (!what && is_named_before(out, i))
			what = "is named twice";
		if (what)
			return bad(config, words->word[i], what, why);
	}
	return (int)words->n;
}

int doors_of(struct doors out[static DOORS_MAX], const struct config *config, unsigned port,
	     struct why *why)
{
	struct doors standard = {.port = port};
	snprintf(standard.host, sizeof standard.host, "%s", config->zmq_host);
	snprintf(standard.server_key, sizeof standard.server_key, "%s", config->zmq_server_key);
	for (size_t i = 0; i < DOORS_MAX; i++)
		out[i] = standard;
	return config->zmq_connect.n ? read_connect(out, config, why) : 1;
}

static bool is_near(const struct doors *doors)
{
	struct url url;
	snprintf(url.host, sizeof url.host, "%s", doors->host);
	return url_is_loopback(&url);
}

int doors_look_up(const struct doors *doors, struct why *why)
{
	struct addrinfo *found = NULL;
	int rc = getaddrinfo(doors->host, NULL, NULL, &found);
	if (rc != 0)
		return why_set(why, -ENOENT, "the host \"%.80s\" is not found: %s", doors->host,
			       gai_strerror(rc));
	freeaddrinfo(found);
	return 0;
}

void doors_tcp(char out[static DOORS_ENDPOINT], const char *host, unsigned port, enum door door)
{
	char authority[URL_AUTHORITY];
	url_authority(authority, host, port + door);
	snprintf(out, DOORS_ENDPOINT, "tcp://%s", authority);
}

void doors_remedy(struct buf *out, const struct config *config, int error)
{
	static const struct {
		int error;
		enum config_id id;
		const char *before, *behind;
	} rows[] = {
		{EADDRINUSE, CONFIG_zmq_port, "another program has it: give ",
		 " another number, of three that are free"},
		{EACCES, CONFIG_zmq_port, "below 1024 is for root: give ",
		 " a number from 1024 on"},
		{EADDRNOTAVAIL, CONFIG_zmq_bind, "give ", " an address of this host"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].error != error)
			continue;
		buf_adds(out, str_c(rows[i].before));
		config_where_say(out, config, rows[i].id);
		buf_adds(out, str_c(rows[i].behind));
	}
}

static const char *const files[] = {"live", "events", "call"};

int doors_bind_ipc(struct zsock *sock, enum door door, const char *run_dir, struct why *why)
{
	char endpoint[256];
	snprintf(endpoint, sizeof endpoint, "ipc://%s/%s", run_dir, files[door]);
	return zsock_bind(sock, endpoint, why);
}

int doors_bind_tcp(struct zsock *sock, enum door door, const struct config *config, struct why *why)
{
	char endpoint[DOORS_ENDPOINT];
	struct buf remedy = {0};
	struct why inner = {0};
	if (!config->zmq_port)
		return 0;
	doors_tcp(endpoint, config->zmq_bind, (unsigned)config->zmq_port, door);
	int rc = zsock_bind(sock, endpoint, &inner);
	if (rc == 0)
		return 0;
	doors_remedy(&remedy, config, -rc);
	why_set(why, rc, "%s%s%.*s", inner.text, remedy.n ? "; " : "", STR_FMT(buf_str(&remedy)));
	buf_done(&remedy);
	return rc;
}

int doors_bind(struct zsock *sock, enum door door, const char *run_dir, const struct config *config,
	       struct why *why)
{
	int rc = doors_bind_ipc(sock, door, run_dir, why);
	return rc < 0 ? rc : doors_bind_tcp(sock, door, config, why);
}

void doors_endpoint(char out[static DOORS_ENDPOINT], const struct doors *doors, enum door door)
{
	char dir[108], path[160];
	struct why why;
	if (is_near(doors) && config_run_dir(dir, doors->port, false, &why) == 0) {
		snprintf(path, sizeof path, "%s/%s", dir, files[door]);
		if (access(path, R_OK | W_OK) == 0) {
			snprintf(out, DOORS_ENDPOINT, "ipc://%s", path);
			return;
		}
	}
	doors_tcp(out, doors->host, doors->port, door);
}

void doors_name(char out[static DOORS_NAME], const struct doors *doors)
{
	url_authority(out, doors->host, doors->port);
}
