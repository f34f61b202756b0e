#include "net/zsock.h"
#include "test/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* One end: what it received is joined with | in text, messages end in a newline. */
struct end {
	struct zsock *sock;
	struct buf text;
	char identity[256];
	size_t identity_n, messages, garbage, limit;
	bool frees_itself;
};

static void came(void *arg, const struct str *frames, size_t n)
{
	struct end *e = arg;
	e->messages++;
	e->identity_n = frames[0].n < sizeof e->identity ? frames[0].n : 0;
	memcpy(e->identity, frames[0].p, e->identity_n);
	for (size_t i = 0; i < n && e->text.n < 4096; i++) {
		buf_adds(&e->text, frames[i]);
		buf_addc(&e->text, i + 1 < n ? '|' : '\n');
	}
	if (e->frees_itself)
		zsock_free(&e->sock);
	if (e->limit && e->messages == e->limit)
		zsock_pause(e->sock, true);
}

static void garbage(void *arg)
{
	((struct end *)arg)->garbage++;
}

static struct end *end_new(struct loop *loop, enum zsock_kind kind)
{
	struct end *e = mem_zero(sizeof *e);
	e->sock = zsock_new(loop, &(struct zsock_options){.kind = kind,
							  .max_message = 100000,
							  .send_high = 1000,
							  .receive_high = 1000,
							  .fn = came,
							  .arg = e,
							  .on_garbage = garbage});
	return e;
}

static void end_free(struct end *e)
{
	zsock_free(&e->sock);
	buf_done(&e->text);
	free(e);
}

/* Two connected ends on ipc in a directory of their own, below the current one. */
struct pair {
	struct loop *loop;
	char dir[32], endpoint[64], path[48];
	struct end *bound, *other;
};

static struct pair *pair_new(enum zsock_kind bound, enum zsock_kind other)
{
	struct pair *p = mem_zero(sizeof *p);
	p->loop = loop_new();
	snprintf(p->dir, sizeof p->dir, "zsock_test.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof p->path, "%s/door", p->dir);
	snprintf(p->endpoint, sizeof p->endpoint, "ipc://%s", p->path);
	p->bound = end_new(p->loop, bound);
	assert_int_equal(zsock_bind(p->bound->sock, p->endpoint, NULL), 0);
	p->other = end_new(p->loop, other);
	assert_int_equal(zsock_connect(p->other->sock, p->endpoint, NULL), 0);
	return p;
}

static void pair_free(struct pair *p)
{
	end_free(p->bound);
	end_free(p->other);
	loop_free(&p->loop);
	unlink(p->path);
	rmdir(p->dir);
	free(p);
	zsock_end();
}

/* Turns the loop until the end has so many messages, at most 10 s. */
static void until(struct pair *p, const struct end *e, size_t messages)
{
	uint64_t end = loop_now_us() + 10000000;
	while (e->messages + e->garbage < messages && loop_now_us() < end)
		loop_step(p->loop, 100);
	assert_int_equal(e->messages + e->garbage, messages);
}

static void frames_go_there_and_back(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_ROUTER, ZSOCK_DEALER);
	zsock_send(p->other->sock, (struct str[]){STR("O"), STR(""), STR("{}")}, 3);
	until(p, p->bound, 1);
	assert_true(str_ends(buf_str(&p->bound->text), STR("|O||{}\n")));
	struct str identity = str_of(p->bound->identity, p->bound->identity_n);
	assert_int_equal(zsock_send(p->bound->sock, (struct str[]){identity, STR("N")}, 2), 0);
	until(p, p->other, 1);
	assert_str(buf_str(&p->other->text), "N\n");
	pair_free(p);
}

static void socket_file_is_for_owner_and_group(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_ROUTER, ZSOCK_DEALER);
	struct stat st;
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	pair_free(p);
}

static void unknown_peer_is_unreachable(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_ROUTER, ZSOCK_DEALER);
	struct str frames[] = {STR("nobody"), STR("N")};
	assert_int_equal(zsock_send(p->bound->sock, frames, 2), -EHOSTUNREACH);
	/* and leaves nothing half sent behind */
	zsock_send(p->other->sock, (struct str[]){STR("hi")}, 1);
	until(p, p->bound, 1);
	struct str identity = str_of(p->bound->identity, p->bound->identity_n);
	assert_int_equal(zsock_send(p->bound->sock, (struct str[]){identity, STR("ok")}, 2), 0);
	until(p, p->other, 1);
	assert_str(buf_str(&p->other->text), "ok\n");
	pair_free(p);
}

static void full_queue_says_so(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_ROUTER, ZSOCK_DEALER);
	zsock_send(p->other->sock, (struct str[]){STR("hi")}, 1);
	until(p, p->bound, 1);
	zsock_pause(p->other->sock, true);
	static char bytes[4096];
	struct str frames[] = {str_of(p->bound->identity, p->bound->identity_n),
			       str_of(bytes, sizeof bytes)};
	int rc = 0;
	for (int i = 0; i < 100000 && rc == 0; i++)
		rc = zsock_send(p->bound->sock, frames, 2);
	assert_int_equal(rc, -EAGAIN);
	pair_free(p);
}

static void too_many_frames_are_garbage(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_ROUTER, ZSOCK_DEALER);
	struct str frames[ZSOCK_FRAMES + 10];
	for (size_t i = 0; i < ZSOCK_FRAMES + 10; i++)
		frames[i] = STR("x");
	zsock_send(p->other->sock, frames, ZSOCK_FRAMES); /* and the identity */
	zsock_send(p->other->sock, frames, ZSOCK_FRAMES + 10);
	zsock_send(p->other->sock, frames, ZSOCK_FRAMES - 1);
	until(p, p->bound, 3);
	assert_int_equal(p->bound->garbage, 2);
	pair_free(p);
}

static void paused_socket_takes_no_more(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_ROUTER, ZSOCK_DEALER);
	p->bound->limit = 3;
	for (int i = 0; i < 10; i++)
		zsock_send(p->other->sock, (struct str[]){STR("x")}, 1);
	until(p, p->bound, 3);
	loop_step(p->loop, 20);
	assert_int_equal(p->bound->messages, 3);
	zsock_pause(p->bound->sock, false);
	until(p, p->bound, 10);
	pair_free(p);
}

static void all_messages_come_over_many_turns(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_ROUTER, ZSOCK_DEALER);
	size_t sent = 0;
	for (int i = 0; i < 3 * ZSOCK_TURN; i++)
		sent += zsock_send(p->other->sock, (struct str[]){STR("x")}, 1) == 0;
	until(p, p->bound, sent);
	pair_free(p);
}

static void callback_may_free_its_socket(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_ROUTER, ZSOCK_DEALER);
	p->bound->frees_itself = true;
	zsock_send(p->other->sock, (struct str[]){STR("x")}, 1);
	until(p, p->bound, 1);
	assert_null(p->bound->sock);
	loop_step(p->loop, 10);
	pair_free(p);
}

static void subscriber_gets_what_it_asked_for(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_XPUB, ZSOCK_SUB);
	assert_int_equal(zsock_subscribe(p->other->sock, STR("MESSAGE_CREATE.")), 0);
	until(p, p->bound, 1);
	assert_str(buf_str(&p->bound->text), "\1MESSAGE_CREATE.\n");
	zsock_send(p->bound->sock, (struct str[]){STR("MESSAGE_CREATE_X.1.2."), STR("a")}, 2);
	zsock_send(p->bound->sock, (struct str[]){STR("MESSAGE_CREATE.1.2."), STR("b")}, 2);
	until(p, p->other, 1);
	assert_str(buf_str(&p->other->text), "MESSAGE_CREATE.1.2.|b\n");
	pair_free(p);
}

static void many_subscriptions_all_arrive(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_XPUB, ZSOCK_SUB);
	char topic[32];
	for (int i = 0; i < 3000; i++) {
		snprintf(topic, sizeof topic, "T%d.", i);
		assert_int_equal(zsock_subscribe(p->other->sock, str_c(topic)), 0);
	}
	until(p, p->bound, 3000);
	pair_free(p);
}

static void one_body_goes_to_many(void **state)
{
	(void)state;
	struct pair *p = pair_new(ZSOCK_ROUTER, ZSOCK_DEALER);
	zsock_send(p->other->sock, (struct str[]){STR("hi")}, 1);
	until(p, p->bound, 1);
	struct zsock_msg *body = zsock_msg_new(50000);
	memset(zsock_msg_bytes(body), 'b', 50000);
	struct str frames[] = {str_of(p->bound->identity, p->bound->identity_n), STR("E")};
	for (int i = 0; i < 3; i++)
		assert_int_equal(zsock_send_msg(p->bound->sock, frames, 2, body), 0);
	zsock_msg_free(&body);
	until(p, p->other, 3);
	assert_true(str_starts(buf_str(&p->other->text), STR("E|bbbb")));
	pair_free(p);
}

/* A hook that sends may swallow the signal of what came for its socket, after that socket's own
 * hook ran: the loop must not sleep on it. */
static bool sends_once(void *arg)
{
	struct end *e = arg;
	if (e->limit++ == 0)
		zsock_send(e->sock, (struct str[]){STR("from a hook")}, 1);
	return false;
}

static void sending_from_a_hook_is_seen_before_sleep(void **state)
{
	(void)state;
	struct loop *loop = loop_new();
	struct end *e = end_new(loop, ZSOCK_DEALER);
	loop_step(loop, 0);
	/* the newest hook runs first, so this one is made before the socket that must run again */
	struct loop_hook *hook = loop_hook_new(loop, sends_once, e);
	struct end *other = end_new(loop, ZSOCK_DEALER);
	loop_step(loop, 0);
	assert_int_equal(e->limit, 2); /* the hooks had a second pass in one turn */
	e->limit = 0;
	loop_hook_free(&hook);
	end_free(other);
	end_free(e);
	loop_free(&loop);
	zsock_end();
}

static void bad_endpoint_is_a_sentence(void **state)
{
	(void)state;
	struct loop *loop = loop_new();
	struct end *e = end_new(loop, ZSOCK_ROUTER);
	struct why why = {0};
	assert_true(zsock_bind(e->sock, "tcp://256.0.0.1:x", &why) < 0);
	assert_non_null(strstr(why.text, "cannot listen on tcp://256.0.0.1:x"));
	end_free(e);
	loop_free(&loop);
	zsock_end();
}

int main(void)
{
	return run_unit(test(frames_go_there_and_back), test(socket_file_is_for_owner_and_group),
			test(unknown_peer_is_unreachable), test(full_queue_says_so),
			test(too_many_frames_are_garbage), test(paused_socket_takes_no_more),
			test(all_messages_come_over_many_turns), test(callback_may_free_its_socket),
			test(subscriber_gets_what_it_asked_for),
			test(many_subscriptions_all_arrive), test(one_body_goes_to_many),
			test(sending_from_a_hook_is_seen_before_sleep),
			test(bad_endpoint_is_a_sentence));
}
