#include "sandbox/chat.h"

#include "sandbox/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1 << 20, READ_BYTES = 65536 };

struct chat {
	struct sandbox *sandbox;
	struct loop_fd *watch;
	struct loop_timer *timer; /* instead of watch: for a file, which epoll refuses */
	struct buf line;
	bool is_ended;
};

static void obey_line(struct chat *chat, struct str line)
{
	struct report *report = &chat->sandbox->report;
	if (report->is_terminal && !report->is_json) {
		/* What was typed comes again as what was said. */
		(void)!write(STDOUT_FILENO, "\033[A\r\033[K", 7);
		report->has_prompt = false;
	}
	command_line(chat->sandbox, str_trim(line));
	report_prompt(report);
}

static void obey_lines(struct chat *chat)
{
	struct str rest = buf_str(&chat->line);
	size_t used = 0, n;
	while ((n = str_find(rest, '\n')) < rest.n) {
		struct str line = str_cut(&rest, '\n');
		used += n + 1;
		obey_line(chat, line);
	}
	buf_shift(&chat->line, used);
	if (chat->line.n > LINE_MAX_BYTES) {
		report_text(&chat->sandbox->report, "error",
			    STR("a line above 1 MiB: thrown away"));
		chat->line.n = 0;
	}
}

static void input_end(struct chat *chat)
{
	chat->is_ended = true;
	loop_fd_free(&chat->watch);
	if (chat->line.n)
		obey_line(chat, buf_str(&chat->line));
	chat->line.n = 0;
	if (!chat->timer)
		sandbox_quit(chat->sandbox);
}

static void read_some(struct chat *chat)
{
	ssize_t n = read(STDIN_FILENO, buf_room(&chat->line, READ_BYTES), READ_BYTES);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		input_end(chat);
		return;
	}
	chat->line.n += (size_t)n;
	obey_lines(chat);
}

static void on_input(void *arg, int what)
{
	(void)what;
	read_some(arg);
}

static void on_file(void *arg)
{
	struct chat *chat = arg;
	read_some(chat);
	if (!chat->is_ended)
		loop_timer_in(chat->timer, 0);
}

struct chat *chat_new(struct sandbox *sandbox)
{
	struct chat *chat = mem_zero(sizeof *chat);
	struct stat how = {0};
	chat->sandbox = sandbox;
	bool is_closed = fstat(STDIN_FILENO, &how) < 0;
	bool is_watched = !is_closed &&
			  (isatty(STDIN_FILENO) || S_ISFIFO(how.st_mode) || S_ISSOCK(how.st_mode));
	if (is_watched) {
		chat->watch = loop_fd_new(sandbox->loop, STDIN_FILENO, LOOP_READ, on_input, chat);
	} else {
		chat->timer = loop_timer_new(sandbox->loop, on_file, chat);
		loop_timer_in(chat->timer, 0);
	}
	return chat;
}

void chat_free(struct chat **chat)
{
	if (!*chat)
		return;
	loop_fd_free(&(*chat)->watch);
	loop_timer_free(&(*chat)->timer);
	buf_done(&(*chat)->line);
	free(*chat);
	*chat = NULL;
}
