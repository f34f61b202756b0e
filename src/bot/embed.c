/* The doors and their loop on a thread of their own, the handlers on the program's. */
#include "base/log.h"
#include "base/why.h"
#include "bot/serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <tutti/embed.h>
#include <unistd.h>

enum { STEP_EVENTS = 64 }; /* then the program's other work has its turn */

struct tt_serving {
	struct serve *serve;
	pthread_t thread;
	int fd; /* readable: an event waits, or it is over */
	atomic_bool is_over;
	bool is_stepping;
};

static void ring(void *arg)
{
	const tt_serving *serving = arg;
	uint64_t one = 1;
	ssize_t n = write(serving->fd, &one, sizeof one);
	BUG_ON(n != sizeof one);
}

static void *run(void *arg)
{
	tt_serving *serving = arg;
	serve_run(serving->serve);
	atomic_store(&serving->is_over, true);
	ring(serving);
	return NULL;
}

/* The program's signals stay with its own threads. */
static void start_thread(tt_serving *serving)
{
	sigset_t every, before;
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	int error = pthread_create(&serving->thread, NULL, run, serving);
	BUG_ON(error != 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

tt_serving *tt_open_with(const tt_bot *const *bots, const struct tt_serve *how)
{
	tt_serving *serving = mem_zero(sizeof *serving);
	struct tt_serve mine = *how;
	mine.ignore_arguments = mine.ignore_signals = true;
	serving->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	BUG_ON(serving->fd < 0);
	(void)serve_open(&serving->serve, bots, &mine, ring, serving);
	if (!serving->serve) {
		close(serving->fd);
		free(serving);
		return NULL;
	}
	start_thread(serving);
	return serving;
}

tt_serving *tt_open_one_with(const tt_bot *bot, const struct tt_serve *how)
{
	return tt_open_with(TT_BOTS(bot), how);
}

int tt_fd(const tt_serving *serving)
{
	return serving->fd;
}

static void run_ready(tt_serving *serving)
{
	uint64_t count;
	ssize_t n = read(serving->fd, &count, sizeof count);
	BUG_ON(n < 0 && errno != EAGAIN);
	for (int i = 0; i < STEP_EVENTS; i++)
		if (!serve_step(serving->serve))
			return;
	ring(serving);
}

bool tt_step(tt_serving *serving)
{
	if (serving->is_stepping) /* a handler came back here */
		return true;
	serving->is_stepping = true;
	if (!atomic_load(&serving->is_over))
		run_ready(serving);
	serving->is_stepping = false;
	return !atomic_load(&serving->is_over);
}

int tt_close(tt_serving *serving)
{
	if (!serving)
		return EX_CONFIG; /* tt_open() has said why */
	tt_stop();
	if (serving->is_stepping) {
		log_error("closed_in_handler", "advice=%s", log_quote(STR("return tt_exit()")));
		return -1;
	}
	pthread_join(serving->thread, NULL);
	int status = serve_close(&serving->serve);
	close(serving->fd);
	free(serving);
	return status;
}
