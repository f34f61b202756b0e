#include "base/json.h"
#include "test/unit.h"

#include <errno.h>
#include <stdlib.h>

struct world {
	struct json *json;
	struct json_at root;
	struct why why;
};

static int begin(void **state)
{
	struct world *w = mem_zero(sizeof *w);
	w->json = json_new();
	*state = w;
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;
	json_free(w->json);
	free(w);
	return 0;
}

static struct json_at parse(struct world *w, const char *text)
{
	if (json_parse(w->json, str_c(text), &w->root, &w->why) < 0)
		fail_msg("%s: %s", text, w->why.text);
	return w->root;
}

static void refuse(struct world *w, struct str text)
{
	assert_int_equal(json_parse(w->json, text, &w->root, &w->why), -EINVAL);
	assert_int_equal(json_kind(w->root), JSON_NONE);
	assert_true(w->why.text[0]);
}

static void every_kind_is_told(void **state)
{
	struct json_at d = parse(*state, "{\"o\":{},\"a\":[],\"s\":\"\",\"i\":1,\"u\":"
					 "18446744073709551615,\"f\":1.5,\"t\":true,\"n\":null}");
	assert_int_equal(json_kind(d), JSON_OBJECT);
	assert_int_equal(json_kind(json_get(d, "o")), JSON_OBJECT);
	assert_int_equal(json_kind(json_get(d, "a")), JSON_ARRAY);
	assert_int_equal(json_kind(json_get(d, "s")), JSON_STRING);
	assert_int_equal(json_kind(json_get(d, "i")), JSON_NUMBER);
	assert_int_equal(json_kind(json_get(d, "u")), JSON_NUMBER);
	assert_int_equal(json_kind(json_get(d, "f")), JSON_NUMBER);
	assert_int_equal(json_kind(json_get(d, "t")), JSON_BOOL);
	assert_int_equal(json_kind(json_get(d, "n")), JSON_NULL);
	assert_int_equal(json_kind(json_get(d, "absent")), JSON_NONE);
}

static void a_single_value_is_a_document(void **state)
{
	assert_str(json_str(parse(*state, " \"alone\" ")), "alone");
	assert_int_equal(json_i64(parse(*state, "-7")), -7);
	assert_int_equal(json_kind(parse(*state, "null")), JSON_NULL);
}

static void what_is_absent_yields_nothing_all_the_way(void **state)
{
	struct json_at gone = json_get(json_get(parse(*state, "{\"a\":1}"), "b"), "c");
	assert_str(json_str(gone), "");
	assert_false(json_bool(gone));
	assert_int_equal(json_i64(gone), 0);
	assert_int_equal(json_u64(gone), 0);
	assert_true(json_f64(gone) == 0);
	assert_int_equal(json_id(gone), 0);
	assert_int_equal(json_count(gone), 0);
	struct json_iter it = json_each(gone);
	assert_false(json_next(&it));
}

static void a_member_of_no_object_is_absent(void **state)
{
	assert_int_equal(json_kind(json_get(parse(*state, "[\"a\",1]"), "a")), JSON_NONE);
	assert_int_equal(json_kind(json_get(parse(*state, "\"a\""), "a")), JSON_NONE);
}

static void a_path_goes_down(void **state)
{
	struct json_at d =
		parse(*state, "{\"x\":{\"author\":0},\"author\":{\"b\":[],\"id\":\"5\"}}");
	assert_int_equal(json_id(json_path(d, "author.id")), 5);
	assert_int_equal(json_kind(json_path(d, "author.id.more")), JSON_NONE);
	assert_int_equal(json_kind(json_path(d, "x.id")), JSON_NONE);
}

static void a_key_inside_a_member_is_not_taken_for_its_neighbour(void **state)
{
	struct json_at d = parse(*state, "{\"a\":{\"k\":1},\"b\":[{\"k\":2}],\"s\":\"k\",\"k\":3}");
	assert_int_equal(json_i64(json_get(d, "k")), 3);
}

static void of_equal_keys_the_first_counts(void **state)
{
	assert_int_equal(json_i64(json_get(parse(*state, "{\"k\":1,\"k\":2}"), "k")), 1);
}

/* In whatever order, and whether they are there or not. */
static void what_is_picked_is_what_is_got(void **state)
{
	static const struct str keys[] = {STR_INIT("z"), STR_INIT("a"), STR_INIT("gone"),
					  STR_INIT("ab"), STR_INIT("")};
	static const char *const texts[] = {"{\"a\":1,\"ab\":{\"z\":2},\"a\":3,\"z\":[4],\"\":5}",
					    "{\"\\u0061\":1,\"A\":2,\"abc\":3}", "{}", "[\"a\",1]",
					    "\"a\""};
	enum { KEYS = sizeof keys / sizeof *keys };
	for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
		struct json_at d = parse(*state, texts[t]), at[KEYS];
		json_pick(d, keys, at, KEYS);
		for (size_t i = 0; i < KEYS; i++) {
			struct json_at got = json_get(d, keys[i].p);
			assert_ptr_equal(at[i].doc, got.doc);
			assert_int_equal(at[i].place, got.place);
		}
	}
}

static void integers_keep_every_bit(void **state)
{
	struct world *w = *state;
	assert_true(json_u64(parse(w, "18446744073709551615")) == UINT64_MAX);
	assert_true(json_i64(parse(w, "-9223372036854775808")) == INT64_MIN);
	assert_true(json_i64(parse(w, "9223372036854775807")) == INT64_MAX);
	assert_true(json_u64(parse(w, "9223372036854775807")) == (uint64_t)INT64_MAX);
}

static void an_integer_out_of_range_is_zero(void **state)
{
	struct world *w = *state;
	assert_true(json_i64(parse(w, "9223372036854775808")) == 0);
	assert_true(json_u64(parse(w, "-1")) == 0);
	assert_true(json_i64(parse(w, "1.5")) == 0);
	assert_true(json_u64(parse(w, "1e3")) == 0);
	assert_true(json_i64(parse(w, "\"12\"")) == 0);
}

static void whole_numbers_from_0_are_told_from_others(void **state)
{
	struct json_at d = parse(*state, "[0,18446744073709551615,7,-1,0.5,2.0,\"3\",true,null]");
	struct json_iter it = json_each(d);
	for (int i = 0; json_next(&it); i++) {
		uint64_t n = 99;
		assert_int_equal(json_is_whole(it.at, &n), i < 3);
		assert_int_equal(n, i == 0 ? 0 : i == 1 ? UINT64_MAX : i == 2 ? 7 : 99);
	}
	assert_false(json_is_whole((struct json_at){0}, &(uint64_t){0}));
}

static void every_number_is_a_double_too(void **state)
{
	struct world *w = *state;
	assert_true(json_f64(parse(w, "0.25")) == 0.25);
	assert_true(json_f64(parse(w, "-3")) == -3);
	assert_true(json_f64(parse(w, "18446744073709551615")) == 18446744073709551616.0);
	assert_true(json_f64(parse(w, "\"1\"")) == 0);
}

static void an_id_is_digits_or_a_number(void **state)
{
	struct json_at d = parse(*state, "[\"381870553235193857\",381870553235193857,\"\",\"12x\","
					 "\"-1\",null,\"99999999999999999999\"]");
	uint64_t expected[] = {381870553235193857, 381870553235193857, 0, 0, 0, 0, 0};
	struct json_iter it = json_each(d);
	for (size_t i = 0; json_next(&it); i++)
		assert_true(json_id(it.at) == expected[i]);
}

static void text_may_hold_a_nul(void **state)
{
	struct str s = json_str(parse(*state, "\"a\\u0000b\""));
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 3);
}

static void escapes_become_utf_8(void **state)
{
	assert_str(json_str(parse(*state, "\"\\ud83d\\ude04 \\u00e9 \\/ \\n\"")), "😄 é / \n");
}

static void members_come_in_order(void **state)
{
	struct json_at d = parse(*state, "{\"a\":[1,[2]],\"b\":{\"x\":{}},\"c\":3.5,\"d\":\"e\"}");
	struct json_iter it = json_each(d);
	char keys[8] = "";
	size_t n = 0;
	while (json_next(&it))
		keys[n++] = it.key.p[0];
	assert_string_equal(keys, "abcd");
	assert_int_equal(json_count(d), 4);
}

static void elements_come_in_order_and_have_no_key(void **state)
{
	struct json_at d = parse(*state, "[10,[99,98],-12,1.5]");
	struct json_iter it = json_each(d);
	assert_true(json_next(&it) && json_i64(it.at) == 10 && it.key.n == 0);
	assert_true(json_next(&it) && json_count(it.at) == 2);
	assert_true(json_next(&it) && json_i64(it.at) == -12);
	assert_true(json_next(&it) && json_f64(it.at) == 1.5);
	assert_false(json_next(&it));
	assert_false(json_next(&it));
}

static void a_scalar_has_no_members(void **state)
{
	struct json_iter it = json_each(parse(*state, "[1]"));
	assert_true(json_next(&it));
	it = json_each(it.at);
	assert_false(json_next(&it));
}

static void repeat(struct buf *out, const char *text, size_t n)
{
	while (n--)
		buf_adds(out, str_c(text));
}

static void nest(struct buf *out, size_t depth)
{
	out->n = 0;
	repeat(out, "[", depth);
	repeat(out, "]", depth);
}

static void sixty_levels_are_read(void **state)
{
	struct world *w = *state;
	struct buf text = {0};
	nest(&text, 60);
	assert_int_equal(json_parse(w->json, buf_str(&text), &w->root, &w->why), 0);
	buf_done(&text);
}

static void deeper_nesting_is_refused(void **state)
{
	struct world *w = *state;
	struct buf text = {0};
	nest(&text, 65);
	refuse(w, buf_str(&text));
	assert_non_null(strstr(w->why.text, "64 levels"));
	nest(&text, 200000);
	refuse(w, buf_str(&text));
	text.n = 0;
	repeat(&text, "{\"a\":", 100000);
	refuse(w, buf_str(&text));
	buf_done(&text);
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const bad[] = {
		"",        " ",      "{",         "}",     "[1,]",       "{\"a\"}",    "{\"a\":}",
		"{a:1}",   "nul",    "truex",     "01",    "+1",         "1.",         ".5",
		"- 1",     "1e",     "1e999",     "NaN",   "Infinity",   "\"",         "\"\\",
		"\"\\x\"", "\"\t\"", "\"\\u12\"", "[1] 2", "{} {}",      "[1 2]",      "//c\n1",
		"'a'",     "[\"a]",  "{\"a\":1",  "[1,2",  "{\"a\":1,}", "\"\\ud800\""};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refuse(*state, str_c(bad[i]));
}

static void a_nul_outside_text_is_refused(void **state)
{
	refuse(*state, STR("{\"a\":1}\0"));
	refuse(*state, STR("\0"));
}

static void bad_utf_8_is_refused(void **state)
{
	refuse(*state, STR("\"\xff\""));
	refuse(*state, STR("\"\xc0\xaf\""));
	refuse(*state, STR("\"\xed\xa0\x80\""));
	refuse(*state, STR("\"\xf0\x9f\x98\""));
}

static void numbers_beyond_64_bits_are_refused(void **state)
{
	refuse(*state, STR("99999999999999999999999999999999"));
	refuse(*state, STR("-9223372036854775809"));
}

static void every_cut_of_a_document_is_refused(void **state)
{
	struct str whole = STR("{\"t\":\"X\",\"d\":{\"n\":[1,-2.5e3,true,null,\"\\u00e9\"]}}");
	for (size_t n = 0; n < whole.n; n++)
		refuse(*state, str_of(whole.p, n));
}

static void a_refusal_never_quotes_the_text(void **state)
{
	struct world *w = *state;
	refuse(w, STR("{\"token\":\"very-secret\", oops}"));
	assert_null(strstr(w->why.text, "secret"));
}

static void a_parser_is_good_after_a_refusal(void **state)
{
	refuse(*state, STR("{\"a\":"));
	assert_int_equal(json_i64(json_get(parse(*state, "{\"a\":1}"), "a")), 1);
}

static void a_parser_takes_texts_of_any_size_in_any_order(void **state)
{
	struct world *w = *state;
	struct buf text = {0};
	size_t sizes[] = {10, 300000, 3, 900000, 100, 20};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		text.n = 0;
		buf_addc(&text, '[');
		repeat(&text, "12,", sizes[i]);
		buf_adds(&text, STR("7]"));
		assert_int_equal(json_parse(w->json, buf_str(&text), &w->root, &w->why), 0);
		assert_int_equal(json_count(w->root), sizes[i] + 1);
	}
	/* long enough for a large buffer to be given back */
	for (int i = 0; i < 3000; i++)
		assert_int_equal(json_i64(parse(w, "5")), 5);
	buf_done(&text);
}

static void more_members_than_the_tape_can_count_are_counted(void **state)
{
	enum { MANY = (1 << 24) + 5 };
	struct world *w = *state;
	char *text = mem_new(2 * MANY + 1);
	for (size_t i = 0; i < MANY; i++)
		memcpy(text + 2 * i, i ? ",1" : "[1", 2);
	text[2 * MANY] = ']';
	assert_int_equal(json_parse(w->json, str_of(text, 2 * MANY + 1), &w->root, &w->why), 0);
	assert_int_equal(json_count(w->root), MANY);
	free(text);
}

/* Mutations of a good text: each is refused, or what was read is written and reads again. */
static void no_text_brings_it_down(void **state)
{
	static const char good[] =
		"{\"t\":\"X\",\"d\":{\"n\":[1,-2.5e3,true,null,\"\\u00e9\\ud83d\\ude04\"],"
		"\"e\":{},\"u\":18446744073709551615},\"a\":[[],[[\"Ã©\"]]]}";
	static const char bytes[] = "[]{}\",:\\u0dD19-+.eEtfn \xff\xc3\x00\x7f";
	struct world *w = *state;
	uint32_t x = 3;
	for (unsigned i = 0; i < 20000; i++) {
		char text[sizeof good];
		struct buf out = {0};
		memcpy(text, good, sizeof good);
		for (unsigned n = 1 + i % 4; n; n--) {
			x = x * 1664525 + 1013904223;
			text[x / 65536 % (sizeof good - 1)] = bytes[x / 256 % (sizeof bytes - 1)];
		}
		size_t n = i % 3 ? sizeof good - 1 : x / 65536 % sizeof good;
		if (json_parse(w->json, str_of(text, n), &w->root, &w->why) == 0) {
			json_minify(&out, w->root);
			assert_int_equal(json_parse(w->json, buf_str(&out), &w->root, &w->why), 0);
		}
		buf_done(&out);
	}
}

static void assert_written(struct str text, const char *expected)
{
	struct buf out = {0};
	json_add_str(&out, text);
	assert_str(buf_str(&out), expected);
	buf_done(&out);
}

static void written_text_is_escaped(void **state)
{
	(void)state;
	assert_written(STR("plain é 😄"), "\"plain é 😄\"");
	assert_written(STR(""), "\"\"");
	assert_written(STR("a\"b\\c\n\r\t\b\f"), "\"a\\\"b\\\\c\\n\\r\\t\\b\\f\"");
	assert_written(STR("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\"");
	assert_written((struct str){NULL, 0}, "\"\"");
}

static void written_bad_utf_8_is_replaced(void **state)
{
	(void)state;
	assert_written(STR("a\xff"
			   "b"),
		       "\"a\xef\xbf\xbd"
		       "b\"");
	assert_written(STR("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_written(STR("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	assert_written(STR("\xf4\x90\x80\x80 \xc3"),
		       "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\"");
}

/* Whatever bytes are written, the parser takes them back. */
static void whatever_is_written_parses(void **state)
{
	struct world *w = *state;
	uint32_t x = 1;
	for (int round = 0; round < 2000; round++) {
		char raw[24];
		struct buf out = {0};
		for (size_t i = 0; i < sizeof raw; i++)
			raw[i] = (char)((x = x * 1664525 + 1013904223) >> 24);
		json_add_str(&out, str_of(raw, (size_t)round % sizeof raw));
		assert_int_equal(json_parse(w->json, buf_str(&out), &w->root, &w->why), 0);
		buf_done(&out);
	}
}

static void minified(struct world *w, const char *text, const char *expected)
{
	struct buf out = {0};
	json_minify(&out, parse(w, text));
	assert_str(buf_str(&out), expected);
	buf_done(&out);
}

static void a_parsed_value_is_written_again(void **state)
{
	minified(*state,
		 " { \"a\" : [ 1 , -2, 18446744073709551615 , 2.5 , 1.0, true,false,null ],"
		 " \"b\\n\" : { } , \"c\" : [ ], \"d\":\"\\u00e9\\u0000\" } ",
		 "{\"a\":[1,-2,18446744073709551615,2.5,1.0,true,false,null],\"b\\n\":{},\"c\":[],"
		 "\"d\":\"é\\u0000\"}");
	minified(*state, "[1e300,-0.0,1e-7]", "[1e+300,-0.0,1e-07]");
}

#define with(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	return run_unit(
		with(every_kind_is_told), with(a_single_value_is_a_document),
		with(what_is_absent_yields_nothing_all_the_way),
		with(a_member_of_no_object_is_absent), with(a_path_goes_down),
		with(a_key_inside_a_member_is_not_taken_for_its_neighbour),
		with(of_equal_keys_the_first_counts), with(what_is_picked_is_what_is_got),
		with(integers_keep_every_bit), with(an_integer_out_of_range_is_zero),
		with(every_number_is_a_double_too), with(whole_numbers_from_0_are_told_from_others),
		with(an_id_is_digits_or_a_number), with(text_may_hold_a_nul),
		with(escapes_become_utf_8), with(members_come_in_order),
		with(elements_come_in_order_and_have_no_key), with(a_scalar_has_no_members),
		with(sixty_levels_are_read), with(deeper_nesting_is_refused),
		with(what_is_no_json_is_refused), with(a_nul_outside_text_is_refused),
		with(bad_utf_8_is_refused), with(numbers_beyond_64_bits_are_refused),
		with(every_cut_of_a_document_is_refused), with(a_refusal_never_quotes_the_text),
		with(a_parser_is_good_after_a_refusal),
		with(a_parser_takes_texts_of_any_size_in_any_order),
		with(more_members_than_the_tape_can_count_are_counted),
		with(no_text_brings_it_down), test(written_text_is_escaped),
		test(written_bad_utf_8_is_replaced), with(whatever_is_written_parses),
		with(a_parsed_value_is_written_again));
}
