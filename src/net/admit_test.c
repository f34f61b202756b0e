#include "net/admit.h"

#include "net/zsock.h"
#include "test/dir.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT = 64, KEPT = 16, FLOOD = 200 };

static int knock(const char *name)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(to.sun_path, sizeof to.sun_path, "%s", in_dir(name));
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void nothing(void *arg, const struct str *frames, size_t n)
{
	(void)arg, (void)frames, (void)n;
}

/* A child: a listener of ZeroMQ with few descriptors; who knocks is greeted by a thread of libzmq.
 * What it ends with. */
static int listen_with_few(int ready, int stop)
{
	struct rlimit limit = {LIMIT, LIMIT};
	char endpoint[200], byte = 0;
	setrlimit(RLIMIT_NOFILE, &limit);
	int admit = admit_keep(KEPT);
	struct why why = {0};
	struct zsock *door = zsock_new(loop_new(), &(struct zsock_options){.kind = ZSOCK_ROUTER,
									   .max_message = 100,
									   .send_high = 1,
									   .receive_high = 1,
									   .fn = nothing});
	snprintf(endpoint, sizeof endpoint, "ipc://%s", in_dir("door"));
	if (admit < 0 || zsock_bind(door, endpoint, &why) < 0 || write(ready, &byte, 1) != 1)
		return 2;
	if (read(stop, &byte, 1) != 1)
		return 3;
	return admit_refused(admit) > 0 && dup(0) >= LIMIT - KEPT ? 0 : 4;
}

/* As many as it takes are greeted; the others see the end of the connection. libzmq aborts without. */
static void a_flood_of_connections_leaves_some_descriptors(void **state)
{
	(void)state;
	int ready[2], stop[2], status = 0, fds[FLOOD], greeted = 0;
	char byte = 0;
	assert_int_equal(pipe(ready) | pipe(stop), 0);
	pid_t child = fork();
	if (child == 0)
		_exit(listen_with_few(ready[1], stop[0]));
	assert_int_equal(read(ready[0], &byte, 1), 1);
	for (int i = 0; i < FLOOD; i++)
		fds[i] = knock("door");
	for (int i = 0; i < FLOOD; i++)
		greeted += read(fds[i], &byte, 1) == 1;
	assert_true(greeted > 10 && greeted < LIMIT - KEPT);
	assert_int_equal(write(stop[1], &byte, 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	for (int i = 0; i < FLOOD; i++)
		close(fds[i]);
	close(ready[0]), close(ready[1]), close(stop[0]), close(stop[1]);
}

int main(void)
{
	return run_unit_in_dir(test(a_flood_of_connections_leaves_some_descriptors));
}
