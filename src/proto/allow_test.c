#include "proto/allow.h"

#include "proto/zap.h"
#include "test/unit.h"

#include <errno.h>
#include <stdio.h>

#define KEY_A "0000000000000000000000000000000000000000"
#define KEY_B "1111111111111111111111111111111111111111"
#define KEY_C "!/*?&<>()[]{}@%$#0000000000000000000000#"

static struct allow allow;

static int read_list(const char *text)
{
	static struct why why;
	int rc = allow_read(&allow, str_c(text), "allow", &why);
	if (rc < 0)
		assert_true(why.text[0] && str_starts(str_c(why.text), STR("allow:")));
	return rc;
}

static const struct allow_key *one(const char *rights)
{
	char line[400];
	snprintf(line, sizeof line, "echo %s %s\n", KEY_A, rights);
	allow_done(&allow);
	assert_int_equal(read_list(line), 0);
	return allow_find(&allow, STR(KEY_A));
}

static bool reads(const char *rights, const char *event, uint64_t guild, uint32_t shard)
{
	return allow_may_read(one(rights), str_c(event), guild, shard);
}

static bool calls(const char *rights, const char *method, const char *path)
{
	return allow_may_call(one(rights), str_c(method), str_c(path));
}

static bool sends(const char *rights, int op, uint64_t guild, uint32_t shard)
{
	return allow_may_send(one(rights), op, guild, shard);
}

static int drop(void **state)
{
	(void)state;
	allow_done(&allow);
	return 0;
}

static void gateway_ops_are_given_one_by_one(void **state)
{
	(void)state;
	assert_false(sends("", 3, 0, 0));
	assert_false(sends("gateway=none", 8, 1, 0));
	assert_true(sends("gateway=*", 3, 0, UINT32_MAX));
	assert_true(sends("gateway=PRESENCE_UPDATE,REQUEST_GUILD_MEMBERS", 8, 1, 0));
	assert_false(sends("gateway=PRESENCE_UPDATE", 8, 1, 0));
	assert_true(sends("gateway=* guilds=5", 4, 5, 0));
	assert_false(sends("gateway=* guilds=5", 4, 6, 0));
	assert_false(sends("gateway=* guilds=5", 3, 0, 0));
	assert_true(sends("gateway=* shards=2", 8, 5, 2));
	assert_false(sends("gateway=* shards=2", 3, 0, UINT32_MAX));
	assert_false(sends("gateway=*", -1, 0, 0));
	assert_false(sends("gateway=*", 64, 0, 0));
	assert_false(sends("gateway=*", 2, 0, 0));
	static const char *const bad[] = {
		"gateway=",      "gateway=IDENTIFY", "gateway=presence_update",
		"gateway=HELLO", "gateway=3",        "gateway=*,HELLO"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char line[200];
		snprintf(line, sizeof line, "echo " KEY_A " %s\n", bad[i]);
		allow_done(&allow);
		assert_int_equal(read_list(line), -EINVAL);
	}
}

static void keys_are_found_and_no_others(void **state)
{
	(void)state;
	assert_int_equal(read_list("# of the bots\n\n b " KEY_B "\t\r\na " KEY_A "\nc " KEY_C), 0);
	assert_int_equal(allow.n, 3);
	assert_true(str_eq(allow_find(&allow, STR(KEY_A))->name, STR("a")));
	assert_true(str_eq(allow_find(&allow, STR(KEY_C))->name, STR("c")));
	assert_null(allow_find(&allow, STR("2222222222222222222222222222222222222222")));
	assert_null(allow_find(&allow, STR("")));
	assert_null(allow_find(&(struct allow){0}, STR(KEY_A)));
}

static void bad_lines_are_refused_by_number(void **state)
{
	static const char *const lines[] = {
		"echo",
		"echo short",
		"e/o " KEY_A,
		"echo " KEY_A " read=",
		"echo " KEY_A " read=NOPE",
		"echo " KEY_A " write=*",
		"echo " KEY_A " read",
		"echo " KEY_A " guilds=x",
		"echo " KEY_A " guilds=",
		"echo " KEY_A " call=GET",
		"echo " KEY_A " call=STEAL:/x",
		"echo " KEY_A " call=basic call=none",
		"echo " KEY_A " guilds=1 guilds=2",
		"echo " KEY_A " read=INTERACTION_CREATE call=none",
		"a " KEY_A "\nb " KEY_A,
		"echo 000000000000000000000000000000000000000\"",
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		assert_int_equal(read_list(lines[i]), -EINVAL);
}

static void ordinary_bot_needs_no_rights_said(void **state)
{
	(void)state;
	assert_true(reads("", "MESSAGE_CREATE", 1, 0) && reads("", "INTERACTION_CREATE", 1, 0));
	assert_true(calls("", "POST", "/channels/7/messages"));
	assert_true(calls("", "PUT", "/channels/7/messages/8/reactions/%F0%9F%98%84/@me"));
	assert_true(calls("", "PUT", "/channels/7/messages/8/reactions/name:123/@me"));
	assert_true(calls("", "POST", "/interactions/9/aW50ZXJhY3Rpb24/callback"));
	assert_true(calls("", "PATCH", "/webhooks/9/token/messages/@original"));
	assert_false(calls("", "DELETE", "/channels/7"));
	assert_false(calls("", "DELETE", "/channels/7/messages/8"));
	assert_false(calls("", "PUT", "/guilds/1/bans/5"));
	assert_false(calls("", "DELETE", "/channels/7/messages/8/reactions/%F0%9F%98%84/5"));
	assert_true(allow_reads_everything(one("")));
}

static void reading_is_limited_by_event_guild_and_shard(void **state)
{
	(void)state;
	assert_true(reads("read=MESSAGE_CREATE", "MESSAGE_CREATE", 1, 0));
	assert_false(reads("read=MESSAGE_CREATE", "MESSAGE_UPDATE", 1, 0));
	assert_false(reads("read=MESSAGE_CREATE", "INTERACTION_CREATE", 1, 0));
	assert_true(reads("read=MESSAGE_CREATE", "TUTTI_SESSION_LOST", 0, 0));
	assert_true(reads("guilds=1,2", "MESSAGE_CREATE", 2, 0));
	assert_false(reads("guilds=1,2", "MESSAGE_CREATE", 3, 0));
	assert_false(reads("guilds=1,2", "MESSAGE_CREATE", 0, 0));
	assert_false(reads("guilds=1", "TUTTI_TOO_LARGE", 3, 0));
	assert_true(reads("shards=0,4", "MESSAGE_CREATE", 3, 4));
	assert_false(reads("shards=0,4", "MESSAGE_CREATE", 3, 1));
	assert_true(allow_reads_nothing(one("read=none")));
	assert_false(allow_reads_everything(one("guilds=1")));
}

static void interactions_are_for_who_may_answer(void **state)
{
	(void)state;
	assert_false(reads("call=none", "INTERACTION_CREATE", 1, 0));
	assert_true(reads("call=none", "MESSAGE_CREATE", 1, 0));
	assert_true(reads("call=*", "INTERACTION_CREATE", 1, 0));
	assert_true(reads("call=POST:/interactions/{a}/{b}/callback", "INTERACTION_CREATE", 1, 0));
	assert_false(allow_reads_everything(one("call=none")));
}

static void routes_are_given_one_by_one(void **state)
{
	(void)state;
	const char *message = "call=GET:/channels/{c}/messages/{m}";
	assert_true(calls(message, "GET", "/channels/7/messages/8"));
	assert_false(calls(message, "GET", "/channels/7/messages/pins"));
	assert_false(calls(message, "GET", "/channels/7/messages"));
	assert_false(calls(message, "POST", "/channels/7/messages/8"));
	assert_true(calls("call=*:/guilds/{g}/bans/{u}", "DELETE", "/guilds/1/bans/5"));
	assert_true(calls("call=*", "DELETE", "/anything/at/all"));
	assert_false(calls("call=none", "GET", "/users/@me"));
	assert_true(calls("call=basic,DELETE:/channels/{c}", "DELETE", "/channels/7"));
	assert_true(calls("call=GET:/new/{thing}", "GET", "/new/1"));
	assert_false(calls("call=GET:/new/{thing}", "GET", "/new/1/more"));
}

static const uint8_t known[32] = {0x8E, 0x0B, 0xDD, 0x69, 0x76, 0x28, 0xB9, 0x1D, 0x8F, 0x24, 0x55,
				  0x87, 0xEE, 0x95, 0xC5, 0xB0, 0x4D, 0x48, 0x96, 0x3F, 0x79, 0x25,
				  0x98, 0x77, 0xB4, 0x9C, 0xD9, 0x06, 0x3A, 0xEA, 0xD3, 0xB7};
#define KNOWN "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

static void z85_is_that_of_the_specification(void **state)
{
	char text[ALLOW_KEY];
	(void)state;
	allow_z85(text, known);
	assert_memory_equal(text, KNOWN, ALLOW_KEY);
}

static bool admits(const char *domain, const char *mechanism, struct str credentials, size_t n)
{
	struct zap_answer answer;
	struct str frames[] = {STR("1.0"), STR("7"),         str_c(domain), STR("10.0.0.2"),
			       STR(""),    str_c(mechanism), credentials};
	zap_answer(&answer, frames, n, &allow);
	assert_true(str_eq(answer.frames[2], STR("200")) == (answer.key != NULL));
	return answer.key != NULL;
}

static void only_known_keys_are_admitted(void **state)
{
	struct str key = str_of((const char *)known, 32);
	uint8_t other[32];
	(void)state;
	assert_int_equal(read_list("echo " KNOWN), 0);
	memcpy(other, known, 32);
	other[31] ^= 1;
	assert_true(admits("events", "CURVE", key, 7) && admits("live", "CURVE", key, 7));
	assert_false(admits("events", "CURVE", str_of((char *)other, 32), 7));
	assert_false(admits("events", "CURVE", str_of((char *)other, 31), 7));
	assert_false(admits("events", "NULL", key, 7) || admits("events", "PLAIN", key, 7));
	assert_false(admits("events", "CURVE", key, 6) || admits("events", "CURVE", key, 0));
	allow_done(&allow);
	assert_int_equal(read_list("echo " KNOWN " read=MESSAGE_CREATE"), 0);
	assert_true(admits("events", "CURVE", key, 7));
	assert_false(admits("live", "CURVE", key, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(keys_are_found_and_no_others, drop),
		cmocka_unit_test_teardown(bad_lines_are_refused_by_number, drop),
		cmocka_unit_test_teardown(ordinary_bot_needs_no_rights_said, drop),
		cmocka_unit_test_teardown(reading_is_limited_by_event_guild_and_shard, drop),
		cmocka_unit_test_teardown(interactions_are_for_who_may_answer, drop),
		cmocka_unit_test_teardown(routes_are_given_one_by_one, drop),
		cmocka_unit_test_teardown(gateway_ops_are_given_one_by_one, drop),
		cmocka_unit_test(z85_is_that_of_the_specification),
		cmocka_unit_test_teardown(only_known_keys_are_admitted, drop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
