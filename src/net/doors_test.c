#include "net/doors.h"

#include "test/unit.h"

#include <errno.h>
#include <stdio.h>

static struct doors list[DOORS_MAX];
static struct why why;

static int read_text(const char *text)
{
	struct config config;
	why = (struct why){0};
	if (config_parse(&config, str_c(text), "x.toml", &why) < 0)
		fail_msg("%s", why.text);
	int n = doors_of(list, &config, 6000, &why);
	config_free(&config);
	return n;
}

static void without_connect_it_is_host_and_port(void **state)
{
	char name[DOORS_NAME];
	(void)state;
	assert_int_equal(read_text("[zmq]\nhost = \"10.1.2.3\"\n"), 1);
	doors_name(name, &list[0]);
	assert_string_equal(name, "10.1.2.3:6000");
}

static void each_entry_has_host_port_and_key(void **state)
{
	static const char text[] =
		"[zmq]\nserver_key = \"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLZb&z{\"\n"
		"connect = [\"a.example:7000\", \"[::1]:7004\", "
		"\"b rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\"]\n";
	char out[DOORS_ENDPOINT];
	(void)state;
	assert_int_equal(read_text(text), 3);
	assert_string_equal(list[0].host, "a.example");
	assert_int_equal(list[0].port, 7000);
	assert_string_equal(list[0].server_key, "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLZb&z{");
	doors_endpoint(out, &list[1], DOOR_CALL);
	assert_string_equal(out, "tcp://[::1]:7006");
	doors_name(out, &list[1]);
	assert_string_equal(out, "[::1]:7004");
	assert_int_equal(list[2].port, 6000);
	assert_string_equal(list[2].server_key, "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7");
}

static void what_is_no_place_is_refused(void **state)
{
	static const char *const bad[] = {"",          "a:0",          "a:65534",
					  "a:x",       "tcp://a:6000", "a:6000 key",
					  "[::1:6000", "../x",         "a b c"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[200];
		snprintf(text, sizeof text, "[zmq]\nconnect = [\"ok\", \"%s\"]\n", bad[i]);
		assert_int_equal(read_text(text), -EINVAL);
		assert_non_null(strstr(why.text, "defaults:2:1: zmq.connect has \""));
	}
}

static void one_gateway_is_not_read_twice(void **state)
{
	(void)state;
	assert_int_equal(read_text("[zmq]\nconnect = [\"a:6000\", \"b\", \"A\"]\n"), -EINVAL);
	assert_non_null(strstr(why.text, "\"A\", which is named twice"));
}

int main(void)
{
	return run_unit(test(without_connect_it_is_host_and_port),
			test(each_entry_has_host_port_and_key), test(what_is_no_place_is_refused),
			test(one_gateway_is_not_read_twice));
}
