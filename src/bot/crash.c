#include "bot/crash.h"

#include "base/log.h"
#include "bot/client.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STACK_BYTES = 16 * 1024 }; /* beside what the kernel puts there itself */

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS};
enum { SIGNALS = sizeof signals / sizeof *signals };

static struct {
	const char *name;
	pid_t pid; /* 0: closed */
	struct sigaction before[SIGNALS];
} crash;

static _Thread_local struct {
	struct cursor *cursor; /* NULL: at no event */
	uint64_t epoch, pos;
	const struct tt_client *client; /* NULL: in no handler */
	bool is_counted;                /* a handler before us may call exit() */
	bool has_stack;
} at;

/* ------------------------------------------------------------------ inside a signal handler */

struct line {
	char p[512];
	size_t n;
};

static void add_some(struct line *l, const char *text, size_t n)
{
	while (n-- && l->n < sizeof l->p - 1)
		l->p[l->n++] = *text++;
}

static void add(struct line *l, const char *text)
{
	add_some(l, text, strlen(text));
}

static void add_number(struct line *l, const char *key, uint64_t n)
{
	char digits[21], *w = digits + sizeof digits - 1;
	*w = 0;
	do
		*--w = (char)('0' + n % 10);
	while (n /= 10);
	add(l, key);
	add(l, w);
}

/* how: " signal=", " status=" */
static void say(const char *what, unsigned crashes, const char *how, int number)
{
	struct line l = {.n = 0};
	const struct tt_route *route = at.client ? at.client->route : NULL;
	char stamp[LOG_STAMP];
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	log_stamp(stamp, &now);
	add(&l, stamp);
	add(&l, " error ");
	add(&l, what);
	add(&l, " by=");
	add(&l, crash.name);
	if (route) {
		add(&l, " handler=");
		add(&l, route->handler);
		add(&l, " at=");
		add(&l, route->file);
		add_number(&l, ":", (uint64_t)route->line);
	}
	if (at.client && at.client->event.name.n) {
		add(&l, " event=");
		add_some(&l, at.client->event.name.p, at.client->event.name.n);
	}
	add_number(&l, " epoch=", at.epoch);
	add_number(&l, " pos=", at.pos);
	add_number(&l, how, (uint64_t)number);
	if (crashes)
		add_number(&l, " crashes=", crashes);
	l.p[l.n++] = '\n';
	ssize_t n = write(STDERR_FILENO, l.p, l.n);
	(void)n; /* nobody is left to be told */
}

/* 0: not ours to count. */
static unsigned count(int number)
{
	if (!at.cursor || at.is_counted || !at.cursor->file.p || getpid() != crash.pid)
		return 0;
	at.is_counted = true;
	return cursor_crash(at.cursor, at.epoch, at.pos, number);
}

/* As if we had not been there: a handler before us is called, and without one the signal comes
 * again, by the instruction that is repeated or by ourselves, and finds the default. */
static void hand_on(const struct sigaction *before, int number, siginfo_t *info, void *context)
{
	if (before->sa_flags & SA_SIGINFO) {
		before->sa_sigaction(number, info, context);
	} else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) {
		before->sa_handler(number);
	} else {
		sigaction(number, before, NULL);
		if (info->si_code <= 0)
			raise(number);
	}
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	size_t i = 0;
	while (i < SIGNALS - 1 && signals[i] != number)
		i++;
	bool is_own = (info->si_code > 0 || info->si_pid == getpid()) && getpid() == crash.pid;
	unsigned crashes = is_own ? count(number) : 0;
	if (is_own && (crashes || at.client) && !(crash.before[i].sa_flags & SA_SIGINFO) &&
	    crash.before[i].sa_handler == SIG_DFL)
		say("handler_crashed", crashes, " signal=", number);
	hand_on(&crash.before[i], number, info, context);
}

/* ------------------------------------------------------------------ outside */

static void on_exit_call(int status, void *arg)
{
	unsigned crashes = count(0);
	(void)arg;
	if (crashes)
		say("handler_called_exit", crashes, " status=", status & 0xff);
}

static pthread_key_t stack_key;

static void drop_stack(void *stack)
{
	sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
	free(stack);
}

static void once(void)
{
	int error = pthread_key_create(&stack_key, drop_stack) || on_exit(on_exit_call, NULL);
	BUG_ON(error != 0);
}

/* A sanitizer has given the thread one already, and wants it back. */
static void give_stack(void)
{
	stack_t has;
	at.has_stack = true;
	if (sigaltstack(NULL, &has) < 0 || !(has.ss_flags & SS_DISABLE))
		return;
	long least = sysconf(_SC_MINSIGSTKSZ);
	size_t n = STACK_BYTES + (least > 0 ? (size_t)least : 0);
	void *stack = mem_new(n);
	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = n}, NULL);
	pthread_setspecific(stack_key, stack);
}

void crash_open(const char *name)
{
	static pthread_once_t is_done = PTHREAD_ONCE_INIT;
	struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	pthread_once(&is_done, once);
	crash.name = name;
	crash.pid = getpid();
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &action, &crash.before[i]);
}

void crash_close(void)
{
	for (size_t i = 0; i < SIGNALS; i++)
		sigaction(signals[i], &crash.before[i], NULL);
	crash.pid = 0;
}

void crash_enter(struct cursor *cursor, uint64_t epoch, uint64_t pos,
		 const struct tt_client *client)
{
	if (!at.has_stack)
		give_stack();
	at.epoch = epoch;
	at.pos = pos;
	at.client = client;
	at.is_counted = false;
	at.cursor = pos ? cursor : NULL;
}

void crash_leave(void)
{
	at.cursor = NULL;
	at.client = NULL;
}
