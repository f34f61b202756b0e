/* A bot inside a program with a loop of its own: "poll" or "libevent". It counts without a lock,
 * since handlers run on its own thread, and says at the end how often it was woken for them. */
#define BOT embedded
#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <tutti/embed.h>

static pthread_t program;
static tt_serving *serving;
static unsigned handled, steps;
static volatile sig_atomic_t is_asked;

on_message_create("^,(echo|count|bye|close) ?(.*)", echo, str, str);
tt_result echo(tt_client *client, const tt_message *message, tt_str word, tt_str text)
{
	if (!pthread_equal(pthread_self(), program))
		return tt_error("another thread");
	if (!tt_step(serving))
		return tt_error("it has ended in its midst");
	handled++;
	if (tt_equal(word, "count"))
		return tt_handled();
	if (tt_equal(word, "bye"))
		return tt_exit();
	if (tt_equal(word, "close"))
		return tt_close(serving) == -1 ? tt_handled() : tt_error("closed in a handler");
	return create_message(client, message->channel_id, .content = fmt("%.*s", STR(text)));
}
export_bot(embedded, "Lives in another loop.");

static void ask(int number)
{
	(void)number;
	is_asked = 1;
}

static bool step(void)
{
	steps++;
	return tt_step(serving);
}

static void by_poll(void)
{
	struct pollfd watch = {.fd = tt_fd(serving), .events = POLLIN};
	while (!is_asked && (poll(&watch, 1, -1) < 0 || step()))
		;
}

static void woken(evutil_socket_t fd, short what, void *base)
{
	(void)fd, (void)what;
	if (!step())
		event_base_loopbreak(base);
}

static void on_usr1(evutil_socket_t fd, short what, void *base)
{
	(void)fd, (void)what;
	event_base_loopbreak(base);
}

static void by_libevent(void)
{
	struct event_base *base = event_base_new();
	struct event *ready = event_new(base, tt_fd(serving), EV_READ | EV_PERSIST, woken, base);
	struct event *usr1 = evsignal_new(base, SIGUSR1, on_usr1, base);
	event_add(ready, NULL);
	event_add(usr1, NULL);
	event_base_dispatch(base);
	event_free(ready);
	event_free(usr1);
	event_base_free(base);
}

int main(int argc, char **argv)
{
	program = pthread_self();
	signal(SIGUSR1, ask);
	serving = tt_open(BOTS(&embedded), 0);
	if (!serving)
		return tt_close(serving);
	if (argc > 1 && !strcmp(argv[1], "libevent"))
		by_libevent();
	else
		by_poll();
	int status = tt_close(serving);
	printf("handled=%u steps=%u status=%d\n", handled, steps, status);
	return status;
}
