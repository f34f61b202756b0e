/* A bot in C++20: every annotation and every call that takes .name = value. */
#define BOT in_cpp
#include <string>

#include <tutti/embed.h>
#include <tutti/register.h>
#include <tutti/test.h>

static tt_error_handler of_route;

on_message_create(with("^,add (\\S+) (\\S+)$", .help = "adds", .usage = "numbers, please",
		       .on_error = of_route),
		  add, i64, opt_i64);
tt_result add(tt_client *client, const tt_message *message, int64_t a, tt_opt_i64 b)
{
	std::string text = std::to_string(a + b.value);
	return create_message(client, message->channel_id, .content = text.c_str(),
			      .reply_to = message->id);
}

on_message_create("^,fail$", fail);
tt_result fail(tt_client *client, const tt_message *message)
{
	return tt_call(client, "GET", "/channels/{channel_id}/messages/{message_id}",
		       .ids = {{"channel_id", message->channel_id}, {"message_id", 1}});
}

on_message_reaction_add(with(emoji("😄", "party:41771983429993937"), .help = "smiles"), smile);
tt_result smile(tt_client *client, const tt_message_reaction_add *reaction)
{
	return create_reaction(client, reaction->channel_id, reaction->message_id, "😸");
}

on_event(with("TYPING_START", .help = "fingers"), nothing);
tt_result nothing(tt_client *, const tt_event *)
{
	return tt_pass();
}

on_ready(ready);
tt_result ready(tt_client *, const tt_ready *)
{
	return tt_handled();
}

on_gap(gap);
tt_result gap(tt_client *, const tt_gap *)
{
	return tt_handled();
}

on_error(of_module);
tt_result of_module(tt_client *client, const tt_failure *failure)
{
	return create_message(client, failure->channel_id, .content = "sorry");
}

static tt_result of_route(tt_client *, const tt_failure *)
{
	return tt_pass();
}

static tt_result registered(tt_client *client, const tt_message *message, tt_str text)
{
	return tt_reply(client, message, "registered %.*s", STR(text));
}

export_bot(in_cpp, "In C++.");

int main(int argc, char **)
{
	const tt_bot *const array[] = {&in_cpp, nullptr};
	tt_register(&in_cpp, tt_command("^,registered (.*)$", .help = "by a call"), registered);
	tt_register(&in_cpp, tt_reaction("😄", "party:5"), smile);
	if (argc > 40) {
		tt_test *test = tt_test_new(&in_cpp);
		tt_test_message(test, ",x", .channel_id = 8, .is_bot = true);
		tt_test_reaction(test, "party:5", .is_direct = true);
		tt_test_free(test);
	}
	if (argc > 30)
		return tt_close(tt_open(&in_cpp, 0, .ignore_signals = true));
	if (argc > 20)
		return serve(array, 0);
	if (argc > 10)
		return serve(BOTS(&in_cpp), 0, .config = "etc/dev.toml", .workers = 2);
	return serve(&in_cpp, 0);
}
