#define BOT idle
#include "bot/public.h"

#include "test/unit.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sysexits.h>
#include <tutti/embed.h>
#include <unistd.h>

/* Nobody listens there: serve() waits for a tuttid that does not come. */
enum { PORT = 9, STOPPERS = 4 };

tt_on_message_create(",never", never);
static tt_result never(tt_client *client, const tt_message *message)
{
	(void)client, (void)message;
	return tt_handled();
}
tt_export_bot(idle, "Waits.");

static atomic_bool has_returned;

static int run(void)
{
	int status = tt_serve(TT_BOTS(&idle), PORT, .name = "idle", .ignore_arguments = true,
			      .ignore_signals = true);
	atomic_store(&has_returned, true);
	return status;
}

static void *serve_all(void *arg)
{
	*(int *)arg = run();
	return NULL;
}

static void *stop_often(void *arg)
{
	(void)arg;
	while (!atomic_load(&has_returned))
		tt_stop();
	return NULL;
}

static void what_was_stopped_before_it_began_returns_at_once(void **state)
{
	(void)state;
	tt_stop();
	tt_stop();
	assert_int_equal(run(), 0);
}

static void several_threads_stop_it_before_it_is_ready_and_all_the_time(void **state)
{
	(void)state;
	pthread_t stopper[STOPPERS];
	for (int round = 0; round < 5; round++) {
		atomic_store(&has_returned, false);
		for (int i = 0; i < STOPPERS; i++)
			assert_int_equal(pthread_create(&stopper[i], NULL, stop_often, NULL), 0);
		assert_int_equal(run(), 0);
		for (int i = 0; i < STOPPERS; i++)
			pthread_join(stopper[i], NULL);
	}
	tt_stop(); /* one may have come late: obeyed here */
	assert_int_equal(run(), 0);
}

static void serving_happens_once_in_a_process(void **state)
{
	(void)state;
	tt_serving *serving =
		tt_open(TT_BOTS(&idle), PORT, .name = "idle", .ignore_arguments = true);
	assert_non_null(serving);
	assert_int_equal(run(), EX_CONFIG);
	assert_null(tt_open(TT_BOTS(&idle), PORT, .name = "idle"));
	assert_int_equal(tt_close(serving), 0);
	assert_int_equal(tt_close(NULL), EX_CONFIG);
}

static void an_embedded_one_ends_when_it_is_stopped_from_elsewhere(void **state)
{
	(void)state;
	pthread_t stopper;
	tt_serving *serving = tt_open(TT_BOTS(&idle), PORT, .name = "idle");
	struct pollfd watch = {.fd = tt_fd(serving), .events = POLLIN};
	assert_true(tt_step(serving));
	assert_int_equal(poll(&watch, 1, 0), 0); /* nothing to do: not readable */
	atomic_store(&has_returned, false);
	assert_int_equal(pthread_create(&stopper, NULL, stop_often, NULL), 0);
	do
		assert_int_equal(poll(&watch, 1, -1), 1);
	while (tt_step(serving));
	assert_false(tt_step(serving));
	atomic_store(&has_returned, true);
	pthread_join(stopper, NULL);
	assert_int_equal(tt_close(serving), 0);
}

static void it_may_be_served_again_and_on_another_thread(void **state)
{
	(void)state;
	pthread_t server;
	int status = -1;
	atomic_store(&has_returned, false);
	assert_int_equal(pthread_create(&server, NULL, serve_all, &status), 0);
	while (!atomic_load(&has_returned))
		tt_stop();
	pthread_join(server, NULL);
	assert_int_equal(status, 0);
}

int main(void)
{
	char dir[] = "/tmp/tutti-serve-XXXXXX";
	if (!mkdtemp(dir))
		return 1;
	setenv("TUTTI_STATE", dir, 1);
	int failed = run_unit(test(what_was_stopped_before_it_began_returns_at_once),
			      test(several_threads_stop_it_before_it_is_ready_and_all_the_time),
			      test(serving_happens_once_in_a_process),
			      test(an_embedded_one_ends_when_it_is_stopped_from_elsewhere),
			      test(it_may_be_served_again_and_on_another_thread));
	unlink(tt_fmt("%s/idle.cursor", dir));
	rmdir(dir);
	return failed;
}
