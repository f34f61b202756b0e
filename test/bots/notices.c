/* A bot for the soak: writes down which sessions it is told are lost, a line each, by one write(2):
 *
 *     l PID EPOCH POS SHARD SESSION
 *
 * NOTICES_FILE: where. */
#define BOT notices
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tutti/bot.h>
#include <unistd.h>

static int file = -1;

on_event("TUTTI_SESSION_LOST", lost);
static tt_result lost(tt_client *client, const tt_event *event)
{
	(void)client;
	const char *line =
		fmt("l %d %llu %llu %llu %llu\n", getpid(), (unsigned long long)event->epoch,
		    (unsigned long long)event->pos,
		    (unsigned long long)tt_json_u64(tt_json_path(event->json, "shard")),
		    (unsigned long long)tt_json_u64(tt_json_path(event->json, "session")));
	if (write(file, line, strlen(line)) != (ssize_t)strlen(line))
		return tt_error("the line was not written");
	return tt_handled();
}

export_bot(notices, "Writes down which sessions are lost.");

int main(void)
{
	const char *path = getenv("NOTICES_FILE");
	file = open(path ? path : "/dev/stdout", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (file < 0) {
		perror(path);
		return 78;
	}
	return serve(BOTS(&notices), 0);
}
