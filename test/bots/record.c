/* A bot for scenarios and the soak: writes down every message it is given, two lines each, each by
 * one write(2): when its handler begins, and when it ends.
 *
 *     b PID EPOCH POS SHARD SESSION S FLAGS GUILD CHANNEL ID MESSAGE_CREATE CONTENT
 *     e PID EPOCH POS
 *     g PID EPOCH FROM TO horizon|epoch
 *
 * RECORD_FILE: where; RECORD_SLEEP_MS: how long each handler takes; RECORD_REPLY: answers each that
 * ends in "reply", or with "all" each; RECORD_REPLY_MS: how long that handler goes on then;
 * RECORD_PART: "0/2"; RECORD_NAME: its identity; RECORD_CRASH: content that kills it; RECORD_HANG: content
 * whose handler never ends. */
#define BOT record
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tutti/bot.h>
#include <unistd.h>

static int file = -1;
static unsigned sleep_ms, reply_ms;
static const char *replies, *crash, *hang;

static bool put(const char *line)
{
	size_t n = strlen(line);
	return write(file, line, n) == (ssize_t)n;
}

static bool is_to_reply(const tt_message *message)
{
	size_t n = message->content.n;
	if (!replies || message->author.bot)
		return false;
	return !strcmp(replies, "all") ||
	       (n > 5 && !memcmp(message->content.p + n - 5, "reply", 5));
}

static bool is_text(const tt_message *message, const char *text)
{
	return text && message->content.n == strlen(text) &&
	       !memcmp(message->content.p, text, message->content.n);
}

on_message_create(with("", .from_bots = true), write_down);
tt_result write_down(tt_client *client, const tt_message *message)
{
	const tt_event *e = tt_event_of(client);
	tt_result result = tt_handled();
	if (!put(fmt("b %d %llu %llu %u %u %u %u %llu %llu %llu MESSAGE_CREATE %.*s\n", getpid(),
		     (unsigned long long)e->epoch, (unsigned long long)e->pos, e->shard, e->session,
		     e->s, e->flags, (unsigned long long)message->guild_id,
		     (unsigned long long)message->channel_id, (unsigned long long)message->id,
		     STR(message->content))))
		return tt_error("the line was not written");
	if (is_text(message, crash))
		abort();
	while (is_text(message, hang))
		pause();
	if (sleep_ms)
		usleep(sleep_ms * 1000);
	if (is_to_reply(message)) {
		result = create_message(client, message->channel_id,
					.content = fmt("recorded %.*s", STR(message->content)));
		usleep(reply_ms * 1000);
	}
	put(fmt("e %d %llu %llu\n", getpid(), (unsigned long long)e->epoch,
		(unsigned long long)e->pos));
	return result;
}

on_gap(gap);
static tt_result gap(tt_client *client, const tt_gap *lost)
{
	(void)client;
	if (!put(fmt("g %d %llu %llu %llu %s\n", getpid(), (unsigned long long)lost->epoch,
		     (unsigned long long)lost->from, (unsigned long long)lost->to,
		     lost->is_epoch ? "epoch" : "horizon")))
		return tt_error("the line was not written");
	return tt_handled();
}

export_bot(record, "Writes down what it is given.");

int main(void)
{
	const char *path = getenv("RECORD_FILE"), *sleep_text = getenv("RECORD_SLEEP_MS");
	const char *reply_text = getenv("RECORD_REPLY_MS");
	const char *workers = getenv("RECORD_WORKERS"), *part = getenv("RECORD_PART");
	unsigned i = 0, n = 0;
	replies = getenv("RECORD_REPLY");
	crash = getenv("RECORD_CRASH");
	hang = getenv("RECORD_HANG");
	if (part && sscanf(part, "%u/%u", &i, &n) != 2)
		return 78;
	file = open(path ? path : "/dev/stdout", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (file < 0) {
		perror(path);
		return 78;
	}
	sleep_ms = sleep_text ? (unsigned)atoi(sleep_text) : 0;
	reply_ms = reply_text ? (unsigned)atoi(reply_text) : 0;
	return serve(BOTS(&record), 0, .workers = workers ? (unsigned)atoi(workers) : 0, .part = i,
		     .parts = n, .name = getenv("RECORD_NAME"));
}
