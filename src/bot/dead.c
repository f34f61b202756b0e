#include "bot/dead.h"

#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* d as it is, on one line; as text where it cannot be read: then that was what killed the bot. */
static void add_payload(struct buf *out, struct str payload, struct json *parser)
{
	struct json_at d;
	if (payload.n > DEAD_EVENT)
		buf_adds(out, STR("null"));
	else if (json_parse(parser, payload, &d, NULL) == 0)
		json_minify(out, d);
	else
		json_add_str(out, payload);
}

static void add_line(struct buf *out, struct str bot, unsigned part, unsigned parts,
		     const struct job *job, struct json *parser)
{
	const struct wire_header *h = &job->h;
	struct str event = {0};
	uint64_t guild_id = 0, channel_id = 0;
	(void)wire_topic_split(h->topic, &event, &guild_id, &channel_id);
	buf_addf(out, "{\"set_aside\":%llu,\"bot\":", (unsigned long long)loop_wall_us());
	json_add_str(out, bot);
	buf_addf(out, ",\"part\":[%u,%u],\"crashes\":%u,\"signal\":%d,\"event\":", part, parts,
		 job->crashes, job->signal);
	json_add_str(out, event);
	buf_addf(out, ",\"epoch\":%llu,\"pos\":%llu,\"shard\":%u,\"session\":%u,\"s\":%u",
		 (unsigned long long)h->epoch, (unsigned long long)h->pos, h->shard, h->session,
		 h->s);
	buf_addf(out, ",\"guild_id\":\"%llu\",\"channel_id\":\"%llu\",\"received\":%llu",
		 (unsigned long long)guild_id, (unsigned long long)channel_id,
		 (unsigned long long)h->received);
	buf_addf(out, ",\"bytes\":%zu,\"d\":", job->payload.n);
	add_payload(out, job->payload, parser);
	buf_adds(out, STR("}\n"));
}

static int open_for(const char *path, size_t more)
{
	char old[PATH_MAX];
	struct stat is;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &is) < 0 || (size_t)is.st_size + more <= DEAD_FILE ||
	    is.st_size == 0)
		return fd;
	close(fd);
	snprintf(old, sizeof old, "%s.1", path);
	if (rename(path, old) < 0)
		return -1;
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int dead_write(const char *dir, struct str bot, unsigned part, unsigned parts,
	       const struct job *job, struct json *parser, struct why *why)
{
	char path[PATH_MAX - 2];
	struct buf line = {0};
	if (parts > 1)
		snprintf(path, sizeof path, "%s/%.*s.%u-of-%u.dead.jsonl", dir, STR_FMT(bot), part,
			 parts);
	else
		snprintf(path, sizeof path, "%s/%.*s.dead.jsonl", dir, STR_FMT(bot));
	add_line(&line, bot, part, parts, job, parser);
	int fd = open_for(path, line.n);
	ssize_t n = fd < 0 ? -1 : write(fd, line.p, line.n);
	int error = n < 0 ? -errno : n < (ssize_t)line.n ? -ENOSPC : 0;
	if (error && n > 0 && ftruncate(fd, lseek(fd, 0, SEEK_END) - n) < 0)
		error = -errno; /* half a line stays, and the next try goes behind it */
	if (fd >= 0)
		close(fd);
	buf_done(&line);
	return error ? why_errno(why, error, "%s", path) : 0;
}
