#define BOT declared
#include "bot/dispatch.h"
#include "bot/register.h"

#include "test/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <tutti/register.h>
#include <unistd.h>

static struct buf trace;
static struct registry registry;
static struct dispatch dispatch;
static struct tt_client client;
static tt_bot *bot;
static uint64_t registration; /* what handlers take away */

static void note(const char *who, tt_str what)
{
	buf_addf(&trace, "%s(%.*s) ", who, TT_STR(what));
}

static const tt_str nothing;

tt_on_message_create("^,(echo|pass) (.*)$", first, str, str);
static tt_result first(tt_client *c, const tt_message *message, tt_str word, tt_str text)
{
	(void)c, (void)message;
	note("first", text);
	return tt_equal(word, "pass") ? tt_pass() : tt_handled();
}
tt_export_bot(declared, "Has a route of its own.");

#undef BOT
#define BOT bare
TT_HAVE_BOT(~);
tt_export_bot(bare, "Has none.");

static tt_result none(tt_client *c, const tt_message *message)
{
	(void)c;
	note("none", message->content);
	return tt_handled();
}

static tt_result one(tt_client *c, const tt_message *message, tt_str a)
{
	(void)c, (void)message;
	note("one", a);
	return tt_handled();
}

static tt_result two(tt_client *c, const tt_message *message, tt_str a, tt_str b)
{
	(void)c, (void)message;
	note("two", a);
	note("two", b);
	return tt_pass();
}

static tt_result three(tt_client *c, const tt_message *message, tt_str a, tt_str b, tt_str d)
{
	(void)c, (void)message, (void)a, (void)b;
	note("three", d);
	return tt_handled();
}

static tt_result sum(tt_client *c, const tt_message *message, const struct tt_captures *captures)
{
	int64_t total = 0, n;
	(void)c, (void)message;
	for (unsigned i = 0; i < 4; i++) {
		if (!tt_take_i64(captures, i, &n))
			return tt_unconverted();
		total += n;
	}
	const char *text = tt_fmt("%lld", (long long)total);
	note("sum", (tt_str){text, strlen(text)});
	return tt_handled();
}

static tt_result smile(tt_client *c, const tt_message_reaction_add *reaction, tt_str name)
{
	(void)c, (void)reaction;
	note("smile", name);
	return tt_handled();
}

static tt_result any_reaction(tt_client *c, const tt_message_reaction_add *reaction)
{
	(void)c;
	note("any", reaction->emoji.name);
	return tt_handled();
}

static tt_result adds_one(tt_client *c, const tt_message *message)
{
	(void)c, (void)message;
	note("adds_one", nothing);
	assert_int_not_equal(tt_register(bot, tt_command("^,new (.*)$"), one), 0);
	return tt_pass();
}

static tt_result takes_away(tt_client *c, const tt_message *message)
{
	(void)c, (void)message;
	note("takes_away", nothing);
	assert_true(tt_unregister(bot, registration));
	return tt_pass();
}

static void say_done(void *arg)
{
	note("done", (tt_str){arg, strlen(arg)});
}

static tt_result says_arg(tt_client *c, const tt_message *message)
{
	(void)message;
	const char *arg = tt_arg(c);
	assert_true(tt_unregister(bot, registration)); /* itself: arg stays until the end */
	note("arg", (tt_str){arg, strlen(arg)});
	return tt_handled();
}

static void begin(const tt_bot *const *bots)
{
	registry_init(&registry, bots);
	dispatch = (struct dispatch){.registry = &registry, .own_user_id = 2};
}

static int set_up(void **state)
{
	(void)state;
	bot = tt_bot_new("imperative", "Registers.");
	client_init(&client);
	client.bot = "unit";
	begin(TT_BOTS(bot, &declared));
	assert_int_equal(registry.faults.n, 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	client_done(&client);
	registry_done(&registry);
	tt_reset(&declared);
	tt_reset(&bare);
	tt_bot_free(bot);
	buf_done(&trace);
	return 0;
}

static void run(const char *topic, const char *payload)
{
	struct wire_header h = {.epoch = 1000, .pos = 42, .topic = str_c(topic)};
	(void)dispatch_event(&dispatch, &client, &h, str_c(payload), 0);
}

static void say(const char *content)
{
	char payload[256];
	snprintf(
		payload, sizeof payload,
		"{\"id\":\"99\",\"channel_id\":\"7\",\"content\":\"%s\",\"author\":{\"id\":\"5\"}}",
		content);
	run("MESSAGE_CREATE.1.7.", payload);
}

static void react(const char *name, const char *id)
{
	char payload[256];
	snprintf(payload, sizeof payload,
		 "{\"user_id\":\"5\",\"message_id\":\"9\",\"emoji\":{\"id\":%s,\"name\":\"%s\"}}",
		 id, name);
	run("MESSAGE_REACTION_ADD.1.7.", payload);
}

static void heard_was(const char *wanted)
{
	assert_str(buf_str(&trace), wanted);
	trace.n = 0;
}

static void captures_become_arguments(void **state)
{
	(void)state;
	tt_register(bot, tt_command("^,none$"), none);
	tt_register(bot, tt_command("^,one (.*)$"), one);
	tt_register(bot, tt_command("^,two (\\S+) (\\S+)$"), two);
	tt_register(bot, tt_command("^,three (.)(.)(.)$"), three);
	tt_register(bot, tt_command("^,sum (\\S+) (\\S+) (\\S+) (\\S+)$"), sum);
	say(",none");
	say(",one hi");
	say(",two a b");
	say(",three xyz");
	say(",sum 1 2 3 40");
	say(",sum 1 2 3 x");
	heard_was("none(,none) one(hi) two(a) two(b) three(z) sum(46) ");
}

static void a_reaction_sets_off_by_its_emoji_or_by_any(void **state)
{
	(void)state;
	tt_register(bot, tt_reaction("😄", "❤", "party:41"), smile);
	tt_register(bot, tt_reaction(NULL), any_reaction);
	react("❤️", "null");
	react("renamed", "\"41\"");
	react("👍", "null");
	heard_was("smile(❤️) smile(renamed) any(👍) ");
}

static void registered_routes_stand_behind_the_declared_in_their_order(void **state)
{
	(void)state;
	tt_register(&declared, tt_command("^,(\\S+) (\\S+)$"), two);
	tt_register(&declared, tt_command("(.*)"), one);
	say(",echo x");
	heard_was("first(x) ");
	say(",pass x");
	heard_was("first(x) two(pass) two(x) one(,pass x) ");
}

static void a_handler_may_register_for_the_next_event(void **state)
{
	(void)state;
	tt_register(bot, tt_command("^,new x$"), adds_one);
	say(",new x");
	heard_was("adds_one() ");
	say(",new x");
	heard_was("adds_one() one(x) ");
}

static void what_is_unregistered_is_not_called_any_more(void **state)
{
	(void)state;
	tt_register(bot, tt_command("^,x$"), takes_away);
	registration = tt_register(bot, tt_command("^,x$"), none);
	say(",x"); /* the same event does not reach it */
	heard_was("takes_away() ");
	assert_false(tt_unregister(bot, registration));
	assert_false(tt_unregister(&declared, registration));
}

static void reset_leaves_the_declared_routes(void **state)
{
	(void)state;
	tt_register(&declared, tt_command("(.*)"), one);
	tt_register(&declared, tt_reaction(NULL), any_reaction);
	assert_true(registry_wants(&registry, STR("MESSAGE_REACTION_ADD")));
	tt_reset(&declared);
	assert_false(registry_wants(&registry, STR("MESSAGE_REACTION_ADD")));
	react("👍", "null");
	say(",pass x");
	heard_was("first(x) ");
	tt_register(&declared, tt_command("(.*)"), one);
	say("y");
	heard_was("one(y) ");
}

static void a_module_made_by_a_call_is_switched_off_and_on(void **state)
{
	(void)state;
	tt_register(bot, tt_command("(.*)"), one);
	tt_enable(bot, false);
	say("x");
	heard_was("");
	tt_enable(bot, true);
	say("y");
	heard_was("one(y) ");
}

static tt_result fails(tt_client *c, const tt_message *message)
{
	(void)c, (void)message;
	return tt_error("no luck");
}

static tt_result hears(tt_client *c, const tt_failure *failure)
{
	(void)c;
	note(failure->handler, failure->reason);
	return tt_handled();
}

static void a_registered_handler_has_its_on_error(void **state)
{
	(void)state;
	tt_register(bot, tt_command("x", .on_error = hears), fails);
	say("x");
	heard_was("fails(no luck) ");
}

static void arg_is_done_with_when_no_handler_has_it(void **state)
{
	(void)state;
	char mine[] = "mine", yours[] = "yours";
	registration =
		tt_register(bot, tt_command("^,x$", .arg = mine, .done = say_done), says_arg);
	struct tt_reaction on = tt_reaction("😄");
	on.arg = yours;
	on.done = say_done;
	uint64_t other = tt_register(bot, on, smile);
	say(",x");
	heard_was("arg(mine) done(mine) ");
	react("😄", "null");
	tt_unregister(bot, other);
	heard_was("smile(😄) done(yours) ");
}

static void what_a_trigger_says_is_copied(void **state)
{
	(void)state;
	char pattern[] = "^,mine (.*)$", emoji[] = "😄";
	tt_register(bot, tt_command(pattern), one);
	tt_register(bot, tt_reaction(emoji), smile);
	memset(pattern, '(', sizeof pattern - 1);
	memset(emoji, 'x', sizeof emoji - 1);
	say(",mine x");
	react("😄", "null");
	heard_was("one(x) smile(😄) ");
}

static void events_are_asked_for_when_they_are_registered(void **state)
{
	(void)state;
	struct str event;
	size_t at = 0;
	registry_done(&registry);
	begin(TT_BOTS(bot));
	assert_false(registry_next_event(&registry, &at, &event));
	tt_register(bot, tt_reaction(NULL), any_reaction);
	at = 0;
	assert_true(registry_next_event(&registry, &at, &event));
	assert_str(event, "MESSAGE_REACTION_ADD");
	assert_false(registry_next_event(&registry, &at, &event));
	assert_true(registry_wants(&registry, STR("MESSAGE_REACTION_ADD")));
	assert_false(registry_wants(&registry, STR("MESSAGE_CREATE")));
}

static void faults_have(const char *wanted)
{
	if (!strstr(registry.faults.p, wanted))
		fail_msg("no \"%s\" in:\n%s", wanted, registry.faults.p);
}

static void what_can_never_work_is_refused_with_its_place(void **state)
{
	(void)state;
	registry_done(&registry);
	tt_bot *wrong = tt_bot_new("wrong", "Everything is.");
	assert_int_equal(tt_register(wrong, tt_command("^,open ("), none), 0);
	assert_int_equal(tt_register(wrong, tt_command("^,a (b) (c)"), one), 0);
	assert_int_equal(tt_register(wrong, tt_reaction("smile"), smile), 0);
	begin(TT_BOTS(wrong));
	buf_addc(&registry.faults, 0);
	faults_have("register_test.c:");
	faults_have("error: missing closing parenthesis at offset 8 in the pattern \"^,open (\" of "
		    "none");
	faults_have("error: the pattern \"^,a (b) (c)\" has 2 groups, but one takes 1 capture\n");
	faults_have(
		"error: \"smile\" is neither a character nor \"name:id\" in the emojis of smile\n");
	/* from now on the program hears of it by 0 and the log; it goes on */
	assert_int_equal(tt_register(wrong, tt_command("("), none), 0);
	say(",open (");
	heard_was("");
	tt_bot_free(wrong);
}

static void a_name_that_export_bot_could_not_have_is_refused(void **state)
{
	(void)state;
	static const char *const names[] = {NULL, "", "my bot", "2nd", "a-b"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		registry_done(&registry);
		tt_bot *odd = tt_bot_new(names[i], NULL);
		assert_int_not_equal(tt_register(odd, tt_command("x"), none), 0);
		begin(TT_BOTS(odd));
		buf_addc(&registry.faults, 0);
		faults_have("register_test.c:");
		faults_have("\" is no name of a module");
		tt_bot_free(odd);
	}
}

/* In a process of its own: what is wrong before serve() stays wrong. */
static void a_handler_of_no_bot_is_refused(void **state)
{
	int status;
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		uint64_t id = tt_register(NULL, tt_command("x"), none);
		begin(TT_BOTS(&declared));
		buf_addc(&registry.faults, 0);
		_exit(id == 0 &&
		      strstr(registry.faults.p, "error: none is registered with no bot"));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void a_declared_module_without_routes_may_have_registered_ones(void **state)
{
	(void)state;
	registry_done(&registry);
	begin(TT_BOTS(&bare));
	assert_int_not_equal(registry.faults.n, 0);
	registry_done(&registry);
	tt_register(&bare, tt_command("(.*)"), one);
	begin(TT_BOTS(&bare));
	assert_int_equal(registry.faults.n, 0);
}

static void ten_thousand_are_enough(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_int_not_equal(tt_register(bot, tt_reaction(NULL), any_reaction), 0);
	assert_int_equal(tt_register(bot, tt_reaction(NULL), any_reaction), 0);
	tt_reset(bot);
	assert_int_not_equal(tt_register(bot, tt_reaction(NULL), any_reaction), 0);
}

enum { MANY = 4000 };

/* Of this process: others may be busy. */
static clock_t time_of_many(bool with_events)
{
	clock_t began = clock();
	char text[64];
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof text, "^,command%d (.*)$", i);
		assert_int_not_equal(tt_register(bot, tt_command(text), one), 0);
		if (with_events) {
			say(",command0 x");
			heard_was("one(x) ");
		}
	}
	began = clock() - began;
	tt_reset(bot);
	return began;
}

static void an_event_behind_each_registration_costs_what_is_new(void **state)
{
	(void)state;
	clock_t alone = time_of_many(false), times = time_of_many(true) / (alone ? alone : 1);
	printf("with an event behind each: %ld times what they cost alone\n", (long)times);
	assert_true(times < 30); /* some 3; where all is compiled again each time, 300 */
}

static void the_order_of_registration_holds_however_they_came(void **state)
{
	(void)state;
	/* alone, together, and one taken out of the middle */
	tt_register(bot, tt_command("^,(.).*$"), one);
	say(",x");
	for (int i = 0; i < 5; i++)
		tt_register(bot, tt_command("^,.*$"), none);
	say(",x");
	tt_register(bot, tt_command("^(.)(.).*$"), two);
	say(",x");
	heard_was("one(x) one(x) one(x) ");
	tt_reset(bot);
	uint64_t a = tt_register(bot, tt_command("^,(b)(.).*$"), two); /* passes */
	say(",ba");
	uint64_t b = tt_register(bot, tt_command("^,(.)(.).*$"), two);
	say(",ba");
	tt_register(bot, tt_command("^,b(.)$"), one);
	say(",ba");
	assert_true(tt_unregister(bot, a));
	say(",ba");
	assert_true(tt_unregister(bot, b));
	say(",ba");
	heard_was("two(b) two(a) two(b) two(a) two(b) two(a) two(b) two(a) two(b) two(a) one(a) "
		  "two(b) two(a) one(a) one(a) ");
}

static void the_table_shows_them(void **state)
{
	(void)state;
	struct buf text = {0};
	tt_register(bot, tt_command("^,one (.*)$", .help = "says one"), one);
	tt_register(bot, tt_reaction("😄"), smile);
	registry_print(&registry, &text);
	buf_addc(&text, 0);
	assert_non_null(strstr(text.p, "imperative: Registers."));
	assert_non_null(strstr(text.p, "^,one (.*)$"));
	assert_non_null(strstr(text.p, "register_test.c:"));
	assert_non_null(strstr(text.p, "says one"));
	assert_non_null(strstr(text.p, "😄"));
	buf_done(&text);
}

enum { ROUNDS = 300, DISPATCHERS = 3 };
static _Atomic unsigned counted, done_with;
static _Atomic bool is_over;

static tt_result counts(tt_client *c, const tt_message *message)
{
	(void)message;
	const unsigned *alive = tt_arg(c);
	counted += *alive; /* read after free, were done() too early */
	return tt_pass();
}

static void free_alive(void *arg)
{
	done_with++;
	free(arg);
}

static void *dispatches(void *arg)
{
	struct tt_client mine;
	struct wire_header h = {.epoch = 1, .pos = 1, .topic = STR("MESSAGE_CREATE.1.7.")};
	(void)arg;
	client_init(&mine);
	while (!is_over)
		(void)dispatch_event(&dispatch, &mine, &h, STR("{\"content\":\"x\"}"), 0);
	client_done(&mine);
	return NULL;
}

static void routes_come_and_go_while_others_run(void **state)
{
	(void)state;
	pthread_t thread[DISPATCHERS];
	is_over = false;
	counted = done_with = 0;
	for (unsigned i = 0; i < DISPATCHERS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, dispatches, NULL), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned *alive = mem_new(sizeof *alive);
		*alive = 1;
		unsigned before = counted;
		uint64_t id =
			tt_register(bot, tt_command("x", .arg = alive, .done = free_alive), counts);
		while (counted == before)
			;
		assert_true(tt_unregister(bot, id));
	}
	is_over = true;
	for (unsigned i = 0; i < DISPATCHERS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(done_with, ROUNDS);
}

#define checked(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	return run_unit(test(a_handler_of_no_bot_is_refused), checked(captures_become_arguments),
			checked(a_reaction_sets_off_by_its_emoji_or_by_any),
			checked(registered_routes_stand_behind_the_declared_in_their_order),
			checked(a_handler_may_register_for_the_next_event),
			checked(what_is_unregistered_is_not_called_any_more),
			checked(reset_leaves_the_declared_routes),
			checked(a_module_made_by_a_call_is_switched_off_and_on),
			checked(a_registered_handler_has_its_on_error),
			checked(arg_is_done_with_when_no_handler_has_it),
			checked(what_a_trigger_says_is_copied),
			checked(events_are_asked_for_when_they_are_registered),
			checked(what_can_never_work_is_refused_with_its_place),
			checked(a_name_that_export_bot_could_not_have_is_refused),
			checked(a_declared_module_without_routes_may_have_registered_ones),
			checked(ten_thousand_are_enough),
			checked(an_event_behind_each_registration_costs_what_is_new),
			checked(the_order_of_registration_holds_however_they_came),
			checked(the_table_shows_them),
			checked(routes_come_and_go_while_others_run));
}
