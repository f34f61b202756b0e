"""Wrong bots, compiled with gcc and clang: what the author is told. Right ones: nothing at all."""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FLAGS = ["-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-I" + os.path.join(ROOT, "include")]
HEAD = "#define BOT my_bot\n#include <tutti/bot.h>\n"
USE = "(void)client, (void)message"
BODY = "{{ {use}; return tt_handled(); }}"


def handler(params, name="echo", result="tt_result", use=USE, body=None):
    return f"{result} {name}(tt_client *client, {params}) " + (body or "{ " + use + "; return tt_handled(); }")


def registers(lines):
    return "void use(void);\nvoid use(void)\n{\n\ttt_bot *bot = tt_bot_new(\"x\", \"y\");\n\t" + lines + "\n\ttt_bot_free(bot);\n}\n"


def bot(line, function, tail='export_bot(my_bot, "x");'):
    return f"{HEAD}{line}\n{function}\n{tail}\n"


MESSAGE = "const tt_message *message"
REGISTER = """#include <tutti/register.h>
tt_result none(tt_client *client, const tt_message *message);
tt_result three(tt_client *client, const tt_message *message, tt_str a, tt_str b, tt_str c);
tt_result all(tt_client *client, const tt_message *message, const struct tt_captures *captures);
tt_result smile(tt_client *client, const tt_message_reaction_add *reaction);
tt_result other(tt_client *client, int number);
"""
GOOD = bot('on_message_create(",echo (.*)", echo, str);', handler(MESSAGE + ", tt_str a", use=USE + ", (void)a"))
# name, source, what gcc says, what clang says (None: compiles without a word)
CASES = [
    ("a good bot", GOOD, None, None),
    ("no captures", bot('on_message_create(",hi", echo);', handler(MESSAGE)), None, None),
    ("all options of a route",
     bot('on_message_create(with(",(\\\\d+)", .help = "a, b", .usage = "(x, y)", .from_bots = true), echo, opt_i64);',
         handler(MESSAGE + ", tt_opt_i64 a", use=USE + ", (void)a")), None, None),
    ("a list of emojis",
     bot('on_message_reaction_add(emoji("😄", "party:41"), echo);\n'
         'on_message_reaction_add(with(NULL, .emoji = TT_EMOJI("❤"), .help = "x"), echo);',
         handler("const tt_message_reaction_add *message")), None, None),
    ("two annotation lines above one function",
     bot('on_message_create(",a (.*)", echo, str);\non_message_create(with(",b (.*)"), echo, str);',
         handler(MESSAGE + ", tt_str a", use=USE + ", (void)a")), None, None),
    ("ten captures of every kind",
     bot('on_message_create(".", echo, str, i64, u64, f64, boolean, rest, user_id, channel_id, role_id, duration);',
         handler(MESSAGE + ", tt_str a, int64_t b, uint64_t c, double d, bool e, tt_str f, tt_id g, tt_id h, tt_id i,"
                 " uint64_t j", use=USE + ", (void)a,(void)b,(void)c,(void)d,(void)e,(void)f,(void)g,(void)h,(void)i,"
                 "(void)j")), None, None),
    ("every optional word",
     bot('on_message_create(".", echo, opt_str, opt_i64, opt_u64, opt_f64, opt_boolean, opt_rest, opt_user_id,'
         ' opt_channel_id, opt_role_id, opt_duration);',
         handler(MESSAGE + ", tt_str a, tt_opt_i64 b, tt_opt_u64 c, tt_opt_f64 d, tt_opt_boolean e, tt_str f, tt_id g,"
                 " tt_id h, tt_id i, tt_opt_u64 j",
                 use=USE + ", (void)a,(void)b,(void)c,(void)d,(void)e,(void)f,(void)g,(void)h,(void)i,(void)j")),
     None, None),
    ("the list of handlers", GOOD.replace('"x");', '"x", echo);'), None, None),
    ("serve with and without options", GOOD +
     'int main(int argc, char **argv) { (void)argv; return argc > 1 ? serve(BOTS(&my_bot), 0)'
     ' : serve(BOTS(&my_bot, &my_bot), 6000, .config = "etc/dev.toml", .name = "x", .workers = 2); }\n', None, None),
    ("calls of every kind",
     bot('on_message_create(".", echo);', handler(MESSAGE, body="""{
       tt_result made = create_message(client, message->channel_id, .content = fmt("%d", 1), .mention = TT_MENTION_USERS);
       if (tt_failed(made)) return made;
       made = tt_reply(client, message, "%s", "x");
       if (tt_failed(made)) return made;
       made = tt_call(client, "PATCH", "/guilds/{guild_id}", .ids = {{"guild_id", 1}}, .params = {{"a", "b"}, {"c", "d"}},
                      .body = fmt("{\\"name\\":%s}", tt_quote(message->content)), .reason = "r");
       return tt_failed(made) ? tt_error("no: %d", made.status) : create_reaction(client, 1, 2, "x"); }""")), None, None),
    ("globals with the names of parameters",
     GOOD.replace("#include <tutti/bot.h>", "#include <tutti/bot.h>\nextern int client, payload, captures;")
     .replace("tt_client *client", "tt_client *c").replace("(void)client", "(void)c"), None, None),
    ("handlers that are registered", REGISTER +
     registers('tt_register(bot, tt_command(".", .help = "x", .from_bots = true), none);'
               'tt_register(bot, tt_command("(.)(.)(.)"), three);'
               'tt_register(bot, tt_command(".", .arg = bot), all);'
               'uint64_t id = tt_register(bot, tt_reaction("x", "y:1"), smile);'
               'tt_unregister(bot, id); tt_reset(bot);'), None, None),
    ("a command that calls a reaction's handler", REGISTER + registers('tt_register(bot, tt_command("."), smile);'),
     "expected .struct tt_reaction. but argument is of type .struct tt_command.",
     "passing 'struct tt_command' to parameter of incompatible type 'struct tt_reaction'"),
    ("a function that no trigger calls", REGISTER + registers('tt_register(bot, tt_command("."), other);'),
     "_Generic. selector of type .tt_result .*int.* is not compatible with any association",
     "controlling expression type 'tt_result .*int.* not compatible with any generic association"),
    ("an event by its name", bot('on_event("TYPING_START", f);\non_event(with("NEWEST", .help = "a, b"), f);',
                                 handler("const tt_event *e", "f", use="(void)client, (void)e")), None, None),
    ("on_ready, on_gap, on_error",
     bot("on_ready(f);\non_gap(g);\non_error(h);",
         handler("const tt_ready *r", "f", use="(void)client, (void)r")
         + handler("const tt_gap *r", "g", use="(void)client, (void)r")
         + handler("const tt_failure *r", "h", use="(void)client, (void)r")), None, None),
    ("on_error of a route and of serve",
     GOOD.replace('on_message_create(",echo (.*)"', 'static tt_error_handler oops;\n'
                  'on_message_create(with(",echo (.*)", .on_error = oops)')
     + handler("const tt_failure *f", "oops", "static tt_result", "(void)client, (void)f")
     + 'int main(void) { return serve(BOTS(&my_bot), 0, .on_error = oops); }\n', None, None),
    ("a removed reaction", bot('on_message_reaction_remove("(.)", echo, str);',
                               handler("const tt_message_reaction_remove *r, tt_str a", use="(void)client, (void)r, (void)a")),
     None, None),
    ("a module that uses another, and one module alone in serve",
     GOOD.replace("export_bot(", "use_module(other);\nexport_bot(") +
     'int main(void) { tt_enable(&other, false); return serve(&my_bot, 0); }\n', None, None),
    ("a part of a module", bot("bot_parts(a, b);\nbot_part(b);\n" + 'on_event("READY", f);',
                               handler("const tt_event *e", "f", use="(void)client, (void)e"), ""), None, None),
    ("emojis with options", bot('on_message_reaction_add(with(emoji("x", "y:1"), .help = "a, b", .from_bots = true), echo);',
                                handler("const tt_message_reaction_add *message")), None, None),
    ("another type of capture", bot('on_message_create(",a (.*)", echo, i64);',
                                    handler(MESSAGE + ", tt_str a", use=USE + ", (void)a")),
     "conflicting types for .echo.", "conflicting types for 'echo'"),
    ("a capture missing in the function", bot('on_message_create(",a (.*)", echo, str);', handler(MESSAGE)),
     "conflicting types for .echo.", "conflicting types for 'echo'"),
    ("a capture missing in the annotation", bot('on_message_create(",a (.*)", echo);',
                                                handler(MESSAGE + ", tt_str a", use=USE + ", (void)a")),
     "conflicting types for .echo.", "conflicting types for 'echo'"),
    ("another payload", bot('on_message_reaction_add("(.)", echo, str);',
                            handler(MESSAGE + ", tt_str a", use=USE + ", (void)a")),
     "conflicting types for .echo.", "conflicting types for 'echo'"),
    ("a function that returns nothing", bot('on_message_create(",a", echo);',
                                            handler(MESSAGE, result="void", body="{ " + USE + "; }")),
     "conflicting types for .echo.", "conflicting types for 'echo'"),
    ("an unknown type word", bot('on_message_create(",a (.*)", echo, strr);',
                                 handler(MESSAGE + ", tt_str a", use=USE + ", (void)a")),
     "TT_T_strr.*did you mean .TT_T_str.", "TT_T_strr.*did you mean 'TT_T_str'"),
    ("a word that is near none", bot('on_message_create(",a (.*)", echo, figure);',
                                     handler(MESSAGE + ", int a", use=USE + ", (void)a")),
     "unknown: no type word; they stand above", "use of undeclared identifier 'TT_T_figure'"),
    ("a handler that is defined nowhere", bot('on_message_create(",a (.*)", echo, str);', ""),
     ".echo. used but never defined", "'echo' has internal linkage but is not defined"),
    ("an annotation without a function", bot('on_message_create(",a (.*)");', ""),
     "an annotation needs a pattern, a function, and a type word per capture",
     "an annotation needs a pattern, a function, and a type word per capture"),
    ("eleven captures", bot("on_message_create(\".\", echo" + ", str" * 11 + ");", ""),
     "a handler takes at most 10 captures", "a handler takes at most 10 captures"),
    ("no #define BOT", GOOD.replace("#define BOT my_bot\n", ""),
     "write  #define BOT my_bot  before", "write  #define BOT my_bot  before"),
    ("BOT and export_bot differ", GOOD.replace("export_bot(my_bot", "export_bot(your_bot"),
     "unknown type name .tt_export_bot_and_BOT_must_both_say_your_bot.",
     "tt_export_bot_and_BOT_must_both_say_your_bot.*did you mean 'tt_export_bot_and_BOT_must_both_say_my_bot'"),
    ("an unknown option of a route", GOOD.replace('",echo (.*)"', 'with(",echo (.*)", .halp = "x")'),
     "has no member named .halp.", "field designator 'halp' does not refer"),
    ("an unknown option of serve", GOOD + 'int main(void) { return serve(BOTS(&my_bot), 0, .confg = "x"); }\n',
     "has no member named .confg.", "field designator 'confg' does not refer"),
    ("another payload than an event's", bot('on_event("TYPING_START", echo);', handler(MESSAGE)),
     "conflicting types for .echo.", "conflicting types for 'echo'"),
    ("another payload than a gap's", bot("on_gap(echo);", handler("const tt_event *message")),
     "conflicting types for .echo.", "conflicting types for 'echo'"),
    ("another payload than on_ready's", bot("on_ready(echo);", handler("const tt_gap *message")),
     "conflicting types for .echo.", "conflicting types for 'echo'"),
    ("another payload than a failure's", bot("on_error(echo);", handler(MESSAGE)),
     "conflicting types for .echo.", "conflicting types for 'echo'"),
    ("on_event without a function", bot('on_event("TYPING_START");', ""),
     "macro .tt_on_event. requires 2 arguments", "too few arguments provided to function-like macro"),
    ("on_event with a capture", bot('on_event("TYPING_START", echo, str);', ""),
     "macro .tt_on_event. passed 3 arguments", "too many arguments provided to function-like macro"),
    ("on_error of another type", GOOD.replace('",echo (.*)"', 'with(",echo (.*)", .on_error = echo)')
     .replace("on_message", "tt_result echo(tt_client *, const tt_message *, tt_str);\non_message").replace(
         "tt_result echo(", "static tt_result echo("),
     "incompatible pointer type", "incompatible function pointer types"),
    ("serve without a module", GOOD + 'int main(void) { return serve("my_bot", 0); }\n',
     "incompatible pointer type", "incompatible pointer types passing"),
    ("neither export_bot nor bot_part", bot('on_event("READY", f);', handler("const tt_event *e", "f", use="(void)client, (void)e"),
                                            ""),
     "tt_my_bot_needs_export_bot_or_bot_part_in_this_file. used but never defined",
     "tt_my_bot_needs_export_bot_or_bot_part_in_this_file' has internal linkage but is not defined"),
    ("a part that is not listed", bot("bot_parts(a, b);\nbot_part(c);", "", ""),
     "tt_bot_parts_of_my_bot_must_list_c. undeclared", "undeclared identifier 'tt_bot_parts_of_my_bot_must_list_c'"),
    ("a module that uses what is none", bot("use_module(5);", ""), "expected identifier", "expected identifier"),
    ("a wrong format", bot('on_message_create(".", echo);', handler(MESSAGE, body="{ (void)message; return tt_reply("
                                                                  "client, message, \"%s\", 5); }")),
     "expects argument of type .char \\*", "format specifies type 'char \\*'"),
    ("two handlers of one name",
     bot('on_message_create(",a", echo);', handler(MESSAGE) + "\n" + handler(MESSAGE)),
     "redefinition of .echo.", "redefinition of 'echo'"),
]


def compile_with(compiler, source, directory):
    path = os.path.join(directory, "bot.c")
    with open(path, "w", encoding="utf-8") as f:
        f.write(source)
    done = subprocess.run([compiler, *FLAGS, "-c", path, "-o", os.path.join(directory, "bot.o")],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          env={**os.environ, "LC_ALL": "C"})
    return done.returncode, done.stdout


failed = 0
with tempfile.TemporaryDirectory() as scratch:
    for name, text, *wanted in CASES:
        for compiler, words in zip(("gcc", "clang"), wanted):
            status, said = compile_with(compiler, text, scratch)
            good = status == 0 and not said if words is None else re.search(words, said)
            failed |= not good
            print(f"{'ok' if good else 'not ok'} {compiler}: {name}")
            if not good:
                print(said)
sys.exit(bool(failed))
