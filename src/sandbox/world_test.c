#include "sandbox/object.h"
#include "sandbox/world.h"
#include "test/unit.h"

#include <errno.h>

static const uint64_t now = UINT64_C(1700000000000000); /* us since 1970 */

static struct world_message *say(struct world *w, const char *text, uint64_t at_us)
{
	struct world_post post = {.channel_id = 7, .author_id = WORLD_ADA, .content = str_c(text)};
	return world_post(w, &post, at_us);
}

static void ids_grow_also_within_a_millisecond_and_backwards(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint64_t last = 0;
	for (int i = 0; i < 5000; i++) {
		uint64_t id = world_new_id(w, i == 4000 ? now - 1000000 : now);
		assert_true(id > last);
		last = id;
	}
	assert_int_equal((last >> 22) + 1420070400000, now / 1000);
	world_free(&w);
}

static void a_message_is_found_until_it_is_deleted(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct world_message *m = say(w, "hi", now);
	uint64_t id = m->id;
	assert_ptr_equal(world_message(w, 7, id), m);
	assert_null(world_message(w, 8, id));
	assert_null(world_message(w, 7, id + 1));
	assert_int_equal(world_channel(w, 7)->last_message_id, id);
	world_delete(w, m);
	assert_null(world_message(w, 7, id));
	assert_int_equal(world_channel(w, 7)->last_message_id, 0);
	world_free(&w);
}

static void the_oldest_messages_make_room(void **state)
{
	(void)state;
	struct world *w = world_new();
	uint64_t first = say(w, "first", now)->id, second = say(w, "second", now)->id;
	for (size_t i = 0; i < WORLD_MESSAGES - 1; i++)
		say(w, "more", now);
	assert_null(world_message(w, 7, first));
	assert_str(world_message(w, 7, second)->content, "second");
	say(w, "one more", now);
	assert_null(world_message(w, 7, second));
	assert_str(world_newest(w, 7, 0, 0)->content, "one more");
	assert_null(world_newest(w, 7, 0, WORLD_MESSAGES));
	world_free(&w);
}

static void newest_goes_back_from_a_place(void **state)
{
	(void)state;
	struct world *w = world_new();
	say(w, "a", now);
	struct world_message *b = say(w, "b", now);
	say(w, "c", now);
	assert_str(world_newest(w, 7, 0, 1)->content, "b");
	assert_str(world_newest(w, 7, b->id, 0)->content, "a");
	assert_null(world_newest(w, 7, b->id, 1));
	assert_null(world_newest(w, 8, 0, 0));
	world_free(&w);
}

static void a_nonce_is_known_for_five_minutes(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct world_post post = {
		.channel_id = 7, .author_id = WORLD_BOT, .content = STR("x"), .nonce = STR("n1")};
	struct world_message *m = world_post(w, &post, now);
	assert_ptr_equal(world_by_nonce(w, 7, WORLD_BOT, STR("n1"), now + 299000000), m);
	assert_null(world_by_nonce(w, 7, WORLD_BOT, STR("n1"), now + 301000000));
	assert_null(world_by_nonce(w, 7, WORLD_ADA, STR("n1"), now));
	assert_null(world_by_nonce(w, 8, WORLD_BOT, STR("n1"), now));
	assert_null(world_by_nonce(w, 7, WORLD_BOT, STR("n2"), now));
	world_free(&w);
}

static void a_user_reacts_once_with_an_emoji(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct world_message *m = say(w, "x", now);
	assert_int_equal(world_react(m, STR("😄"), WORLD_ADA), 0);
	assert_int_equal(world_react(m, STR("😄"), WORLD_ADA), -EEXIST);
	assert_int_equal(world_react(m, STR("😄"), WORLD_BOT), 0);
	assert_int_equal(world_unreact(m, STR("😄"), WORLD_ADA), 0);
	assert_int_equal(world_unreact(m, STR("😄"), WORLD_ADA), -ENOENT);
	assert_int_equal(world_unreact(m, STR(""), WORLD_ADA), -ENOENT);
	assert_int_equal(m->reactions[0].n_users, 1);
	world_free(&w);
}

static void more_than_twenty_emoji_are_refused(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct world_message *m = say(w, "x", now);
	for (int i = 0; i < WORLD_REACTIONS; i++) {
		char emoji[8] = {'e', (char)('a' + i)};
		assert_int_equal(world_react(m, str_c(emoji), WORLD_ADA), 0);
	}
	assert_int_equal(world_react(m, STR("z"), WORLD_ADA), -ENOSPC);
	world_free(&w);
}

static void content_is_blank_for_who_may_not_read_it(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct buf out = {0};
	struct world_post post = {
		.channel_id = 7, .author_id = WORLD_ADA, .content = STR("secret")};
	object_message(&out, w, world_post(w, &post, now), OBJECT_BLANK);
	assert_null(memmem(out.p, out.n, "secret", 6));
	out.n = 0;
	post.mentions[post.n_mentions++] = WORLD_BOT;
	object_message(&out, w, world_post(w, &post, now), OBJECT_BLANK);
	assert_non_null(memmem(out.p, out.n, "secret", 6));
	out.n = 0;
	post.n_mentions = 0;
	post.author_id = WORLD_BOT;
	object_message(&out, w, world_post(w, &post, now), OBJECT_BLANK);
	assert_non_null(memmem(out.p, out.n, "secret", 6));
	buf_done(&out);
	world_free(&w);
}

static void heavy_messages_make_room_by_their_weight(void **state)
{
	(void)state;
	struct world *w = world_new();
	struct buf text = {0};
	uint64_t first = 0, last = 0, now_us = 1700000000000000;
	for (int i = 0; i < 1 << 20; i++)
		buf_addc(&text, 'x');
	for (int i = 0; i < 200; i++) {
		struct world_post post = {.channel_id = 7, .content = buf_str(&text)};
		last = world_post(w, &post, now_us += 1000)->id;
		first = first ? first : last;
	}
	size_t n = 0;
	while (world_newest(w, 7, 0, n))
		n++;
	assert_int_equal(n, WORLD_BYTES >> 20);
	assert_null(world_message(w, 7, first));
	struct world_message *m = world_message(w, 7, last);
	text.n = 10;
	world_edit(m, buf_str(&text), now_us);
	world_weigh(w, m);
	struct world_post post = {.channel_id = 7, .content = STR("light")};
	assert_non_null(world_post(w, &post, now_us + 1));
	assert_non_null(world_newest(w, 7, 0, n)); /* the edit made room */
	buf_done(&text);
	world_free(&w);
}

static void the_tables_end_at_their_bounds(void **state)
{
	(void)state;
	struct world *w = world_new();
	int error = 0;
	uint64_t id = 1000;
	assert_int_equal(world_add_channel(w, 7, 1, STR("again")), -EEXIST);
	while (error == 0)
		error = world_add_guild(w, id++, STR("g"));
	assert_int_equal(error, -ENOSPC);
	assert_int_equal(world_guilds(w), WORLD_GUILDS);
	world_free(&w);
}

int main(void)
{
	return run_unit(
		test(ids_grow_also_within_a_millisecond_and_backwards),
		test(a_message_is_found_until_it_is_deleted), test(the_oldest_messages_make_room),
		test(newest_goes_back_from_a_place), test(a_nonce_is_known_for_five_minutes),
		test(a_user_reacts_once_with_an_emoji), test(more_than_twenty_emoji_are_refused),
		test(content_is_blank_for_who_may_not_read_it),
		test(heavy_messages_make_room_by_their_weight),
		test(the_tables_end_at_their_bounds));
}
