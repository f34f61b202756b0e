/* A bot for scenarios: writes down every message it is given, one line each, by one write(2):
 *
 *     pos epoch shard session s flags content
 *
 * RECORD_FILE: where; RECORD_SLEEP_MS: how long each handler takes; RECORD_REPLY: answers too. */
#define BOT record
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <tutti/bot.h>
#include <unistd.h>

static int file = -1;
static unsigned sleep_ms;

on_message_create(with("", .from_bots = true), write_down);
tt_result write_down(tt_client *client, const tt_message *message)
{
	const tt_event *event = tt_event_of(client);
	const char *line = fmt("%llu %llu %u %u %u %u %.*s\n", (unsigned long long)event->pos,
			       (unsigned long long)event->epoch, event->shard, event->session,
			       event->s, event->flags, STR(message->content));
	size_t n = 0;
	while (line[n])
		n++;
	if (write(file, line, n) != (ssize_t)n)
		return tt_error("the line was not written");
	if (sleep_ms)
		usleep(sleep_ms * 1000);
	if (getenv("RECORD_REPLY") && !message->author.bot)
		return create_message(client, message->channel_id,
				      .content = fmt("recorded %.*s", STR(message->content)));
	return tt_handled();
}

export_bot(record, "Writes down what it is given.");

int main(void)
{
	const char *path = getenv("RECORD_FILE"), *sleep_text = getenv("RECORD_SLEEP_MS");
	const char *workers = getenv("RECORD_WORKERS");
	file = open(path ? path : "/dev/stdout", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (file < 0) {
		perror(path);
		return 78;
	}
	sleep_ms = sleep_text ? (unsigned)atoi(sleep_text) : 0;
	return serve(BOTS(&record), 0, .workers = workers ? (unsigned)atoi(workers) : 0);
}
