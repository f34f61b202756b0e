#define BOT good
#include "bot/registry.h"

#include "test/unit.h"

#define NOTHING                                                          \
	{                                                                \
		(void)client;                                            \
		return message->id || client ? tt_pass() : tt_handled(); \
	}

tt_on_message_create("^,first (.*)$", first, rest);
tt_on_message_create(tt_with("^,also (.*)$", .help = "the same"), first, rest);
static tt_result first(tt_client *client, const tt_message *message, tt_str text)
{
	(void)text;
	NOTHING
}
tt_on_message_create(tt_with("^,second$", .from_bots = true, .usage = "none"), second);
static tt_result second(tt_client *client, const tt_message *message) NOTHING
	tt_on_message_reaction_add("(.)", third, str);
static tt_result third(tt_client *client, const tt_message_reaction_add *reaction, tt_str name)
{
	(void)client, (void)reaction, (void)name;
	return tt_pass();
}
tt_export_bot(good, "Three handlers.");

#undef BOT
#define BOT bad
tt_on_message_create("^,open (", unclosed);
static tt_result unclosed(tt_client *client, const tt_message *message) NOTHING
	tt_on_message_create("^,two (a) (b)$", one_capture, str);
static tt_result one_capture(tt_client *client, const tt_message *message, tt_str a)
{
	(void)a;
	NOTHING
}
tt_on_message_create(tt_emoji("😄"), no_emoji);
static tt_result no_emoji(tt_client *client, const tt_message *message) NOTHING
	tt_on_message_reaction_add(tt_emoji("smile"), no_character);
static tt_result no_character(tt_client *client, const tt_message_reaction_add *reaction)
{
	(void)client, (void)reaction;
	return tt_pass();
}
tt_on_event("typing_start", lower_case);
tt_on_event("", lower_case);
static tt_result lower_case(tt_client *client, const tt_event *event)
{
	(void)client, (void)event;
	return tt_pass();
}
tt_on_error(first_error);
static tt_result first_error(tt_client *client, const tt_failure *failure)
{
	(void)client, (void)failure;
	return tt_pass();
}
tt_on_error(second_error);
static tt_result second_error(tt_client *client, const tt_failure *failure)
{
	(void)client, (void)failure;
	return tt_pass();
}
tt_export_bot(bad, "Everything is wrong.", one_capture, nobody);

#undef BOT
#define BOT unsure
tt_on_event("MESAGE_CREATE", misspelt);
tt_on_event("TUTTI_SESSION_LOST", misspelt);
tt_on_event("TUTTI_GAP", misspelt);
static tt_result misspelt(tt_client *client, const tt_event *event)
{
	(void)client, (void)event;
	return tt_pass();
}
#define TWIN ",twin"
tt_on_message_create(TWIN, twin);
tt_on_message_create(TWIN, twin_of_it);
tt_on_message_create(",other", other_twin);
tt_on_message_reaction_add(TWIN, no_twin);
static tt_result twin(tt_client *client, const tt_message *message)
{
	(void)client, (void)message;
	return tt_handled();
}
static tt_result twin_of_it(tt_client *client, const tt_message *message)
{
	return twin(client, message);
}
static tt_result other_twin(tt_client *client, const tt_message *message)
{
	return twin(client, message);
}
static tt_result no_twin(tt_client *client, const tt_message_reaction_add *reaction)
{
	(void)client, (void)reaction;
	return tt_handled();
}
tt_export_bot(unsure, "Might be right.");

#undef BOT
#define BOT leaf
tt_on_message_create("leaf", in_leaf);
static tt_result in_leaf(tt_client *client, const tt_message *message) NOTHING
	tt_export_bot(leaf, "Used twice.");

#undef BOT
#define BOT left
tt_use_module(leaf);
tt_export_bot(left, "Has nothing of its own.");

#undef BOT
#define BOT root
tt_on_message_create("root", in_root);
static tt_result in_root(tt_client *client, const tt_message *message) NOTHING tt_use_module(left);
tt_use_module(leaf);
tt_export_bot(root, "Uses.", in_root, left, leaf);

extern const tt_bot ring_b;
#undef BOT
#define BOT ring_a
tt_use_module(ring_b);
tt_export_bot(ring_a, "Round.");
#undef BOT
#define BOT ring_b
tt_use_module(ring_a);
tt_export_bot(ring_b, "And round.");

#undef BOT
#define BOT empty
TT_HAVE_BOT(~);
tt_export_bot(empty, "No route.");

static struct registry registry;

static int set_up(const tt_bot *const *bots)
{
	registry_init(&registry, bots);
	return registry.faults.n == 0 ? 0 : -1;
}

static void faults_contain(const char *wanted)
{
	buf_addc(&registry.faults, 0);
	registry.faults.n--;
	if (!strstr(registry.faults.p, wanted))
		fail_msg("no \"%s\" in:\n%s", wanted, registry.faults.p);
}

static void routes_stand_in_the_order_of_the_file(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&good)), 0);
	assert_int_equal(registry.module[0].n, 4);
	static const char *const handlers[] = {"first", "first", "second", "third"};
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(registry.module[0].route[i]->handler, handlers[i]);
	registry_done(&registry);
}

static void routes_are_found_by_event(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&good)), 0);
	const struct event_routes *routes =
		module_routes(&registry.module[0], STR("MESSAGE_CREATE"));
	assert_int_equal(routes->n, 3);
	assert_int_equal(module_routes(&registry.module[0], STR("MESSAGE_REACTION_ADD"))->n, 1);
	assert_true(registry_wants(&registry, STR("MESSAGE_CREATE")));
	assert_false(registry_wants(&registry, STR("TYPING_START")));
	registry_done(&registry);
}

static void each_event_is_named_once(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&good, &root)), 0);
	size_t at = 0;
	struct str event;
	assert_true(registry_next_event(&registry, &at, &event));
	assert_str(event, "MESSAGE_CREATE");
	assert_true(registry_next_event(&registry, &at, &event));
	assert_str(event, "MESSAGE_REACTION_ADD");
	assert_false(registry_next_event(&registry, &at, &event));
	registry_done(&registry);
}

static void what_with_says_arrives(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&good)), 0);
	const struct tt_route *const *route = registry.module[0].route;
	assert_null(route[0]->with.help);
	assert_string_equal(route[1]->with.help, "the same");
	assert_string_equal(route[2]->with.usage, "none");
	assert_true(route[2]->with.from_bots && !route[1]->with.from_bots);
	assert_string_equal(route[0]->types, " rest");
	registry_done(&registry);
}

static void every_fault_is_told_with_file_and_line(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&bad)), -1);
	faults_contain("registry_test.c:");
	faults_contain(
		"error: missing closing parenthesis at offset 8 in the pattern \"^,open (\" of "
		"unclosed");
	faults_contain(
		"the pattern \"^,two (a) (b)$\" has 2 groups, but one_capture takes 1 capture");
	faults_contain("MESSAGE_CREATE has no emoji, only a reaction has");
	faults_contain(
		"\"smile\" is neither a character nor \"name:id\" in the emojis of no_character");
	faults_contain("unclosed is annotated, but export_bot(bad, ...) does not list it");
	faults_contain("export_bot(bad, ...) lists nobody, which has no annotation line");
	registry_done(&registry);
}

static void used_modules_stand_once_behind_their_first_user(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&root, &leaf, &root)), 0);
	assert_int_equal(registry.n, 3);
	static const tt_bot *const order[] = {&root, &left, &leaf};
	for (int i = 0; i < 3; i++) {
		assert_ptr_equal(registry.module[i].bot, order[i]);
		assert_int_equal(registry.module[i].parent, i - 1);
	}
	assert_int_equal(registry_routes(&registry), 2);
	struct buf text = {0};
	registry_print(&registry, &text);
	buf_addc(&text, 0);
	assert_non_null(strstr(text.p, "leaf: Used twice. (used by left)\n"));
	buf_done(&text);
	registry_done(&registry);
}

static void a_module_that_uses_itself_is_a_fault(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&ring_a)), -1);
	faults_contain("error: ring_a uses itself through others");
	registry_done(&registry);
}

static void a_module_has_one_on_error(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&bad)), -1);
	faults_contain("error: a second on_error() in bad; the first is first_error in line ");
	registry_done(&registry);
}

static void a_name_of_no_event_is_a_fault(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&bad)), -1);
	faults_contain("error: \"typing_start\" is no name of an event");
	faults_contain("error: \"\" is no name of an event");
	registry_done(&registry);
}

static void a_name_tutti_does_not_know_is_a_warning(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&unsure)), 0);
	buf_addc(&registry.warnings, 0);
	assert_non_null(strstr(registry.warnings.p,
			       "warning: MESAGE_CREATE is not in Discord's list of events as "
			       "tutti knows it; did you mean MESSAGE_CREATE\n"));
	assert_null(strstr(registry.warnings.p, "TUTTI_"));
	assert_true(registry_wants(&registry, STR("MESAGE_CREATE")));
	registry_done(&registry);
}

static void the_same_pattern_twice_is_a_warning_with_both_places(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&unsure)), 0);
	buf_addc(&registry.warnings, 0);
	const char *at =
		strstr(registry.warnings.p, "warning: the pattern \",twin\" of twin_of_it is "
					    "also that of twin, ");
	assert_non_null(at);
	assert_non_null(strstr(at, "registry_test.c:"));
	assert_null(strstr(at + 1, "warning: the pattern"));
	assert_null(strstr(registry.warnings.p, "no_twin"));
	registry_done(&registry);
}

static void a_module_without_a_route_says_so(void **state)
{
	(void)state;
	assert_int_equal(set_up(TT_BOTS(&empty)), -1);
	faults_contain("error: empty has no route");
	registry_done(&registry);
}

static void no_module_at_all_is_a_fault(void **state)
{
	(void)state;
	static const tt_bot *const none[] = {NULL};
	assert_int_equal(set_up(none), -1);
	buf_addc(&registry.faults, 0);
	assert_string_equal(registry.faults.p,
			    "error: no module was given: serve(BOTS(&my_bot), ...)\n");
	registry_done(&registry);
}

static void the_table_shows_pattern_types_file_and_line(void **state)
{
	(void)state;
	struct buf text = {0};
	assert_int_equal(set_up(TT_BOTS(&good)), 0);
	registry_print(&registry, &text);
	buf_addc(&text, 0);
	assert_non_null(strstr(text.p, "good: Three handlers."));
	assert_non_null(strstr(text.p, "^,first (.*)$"));
	assert_non_null(strstr(text.p, " rest "));
	assert_non_null(strstr(text.p, "registry_test.c:"));
	assert_non_null(strstr(text.p, "from bots too"));
	buf_done(&text);
	registry_done(&registry);
}

int main(void)
{
	return run_unit(test(routes_stand_in_the_order_of_the_file),
			test(routes_are_found_by_event), test(each_event_is_named_once),
			test(what_with_says_arrives), test(every_fault_is_told_with_file_and_line),
			test(used_modules_stand_once_behind_their_first_user),
			test(a_module_that_uses_itself_is_a_fault), test(a_module_has_one_on_error),
			test(a_name_of_no_event_is_a_fault),
			test(a_name_tutti_does_not_know_is_a_warning),
			test(the_same_pattern_twice_is_a_warning_with_both_places),
			test(a_module_without_a_route_says_so), test(no_module_at_all_is_a_fault),
			test(the_table_shows_pattern_types_file_and_line));
}
