/* tutti check: what a configuration says, key by key, and whether tuttid would get on with it; and
 * the reference pages, out of the table. */
#include "cli/check.h"

#include "cli/arguments.h"
#include "cli/tool.h"
#include "gateway/settings.h"
#include "net/refuse.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>

static const char more[] =
	"Prints every key with its value, where that comes from, and what it may be; then looks at "
	"the\n"
	"token, the intents, directories, DNS, TLS and the clock. The token is shown to Discord "
	"once, by\n"
	"GET /gateway/bot, which identifies nobody. --offline: asks nobody. --reference prints\n"
	"docs/config.md, --manual the page tutti.toml(5).\n"
	"Ends with 0 where tuttid would start, 78 configuration or token, 77 a file or directory, "
	"69\n"
	"Discord cannot be reached, 75 a port is another's.\n";

static bool is_new_section(size_t i)
{
	return i == 0 || strcmp(config_table[i].section, config_table[i - 1].section) != 0;
}

void check_reference(struct buf *out)
{
	buf_adds(out,
		 STR("# Configuration\n\n"
		     "Made from `src/base/config.def` by `tutti check --reference`.\n\n"
		     "A file in TOML. Every key may be left out. An unknown key, a wrong type, a "
		     "number out of range\nis an error with file, line and column, and nothing "
		     "is started. Relative paths count from the\nfile's directory. The file is "
		     "named by `--config`, else by `TUTTI_CONFIG`; a bot may name one itself.\n"));
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const struct config_key *key = &config_table[i];
		if (is_new_section(i))
			buf_addf(out,
				 "\n## [%s]\n\n| key | default | may be | what it does |\n"
				 "|---|---|---|---|\n",
				 key->section);
		buf_addf(out, "| `%s` | `%s` | ", key->name, key->standard);
		config_kind_say(out, key);
		buf_addf(out, " | %s%s |\n", key->help, key->is_built ? "" : " (not built yet)");
	}
}

/* A variable of the environment that goes before the key for bots and tools; tuttid reads the file
 * alone. */
static void say_variable(struct buf *out, enum config_id id)
{
	const char *name = id == CONFIG_zmq_port        ? "TUTTI_PORT"
			   : id == CONFIG_bot_state_dir ? "TUTTI_STATE"
							: NULL;
	const char *value = name ? getenv(name) : NULL;
	if (value && *value)
		buf_addf(out, "    # for bots and tools the environment says %s=%.80s\n", name,
			 value);
}

void check_explain(struct buf *out, const struct config *config, const char *name)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const struct config_key *key = &config_table[i];
		if (is_new_section(i))
			buf_addf(out, "%s[%s]\n", i ? "\n" : "", key->section);
		buf_addf(out, "%s = ", key->name);
		config_value_say(out, config, (enum config_id)i);
		if (config->line[i])
			buf_addf(out, "  # %s:%u; default %s\n", name, config->line[i],
				 key->standard);
		else
			buf_adds(out, STR("  # default\n"));
		say_variable(out, (enum config_id)i);
		buf_adds(out, STR("    # "));
		config_kind_say(out, key);
		buf_addf(out, ": %s%s\n", key->help, key->is_built ? "" : " (not built yet)");
	}
}

/* scdoc's own signs, in a text that means none of them. */
static void add_plain(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\*_#<>[", *text))
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
}

void check_manual(struct buf *out)
{
	buf_adds(out,
		 STR("tutti.toml(5)\n\n"
		     "; Made from src/base/config.def by tutti check --manual.\n\n"
		     "# NAME\n\ntutti.toml - the configuration of tuttid and of its bots\n\n"
		     "# DESCRIPTION\n\n"
		     "A file in TOML, named by *--config*, else by *TUTTI_CONFIG*; a bot may name "
		     "one "
		     "itself. Every key may be\nleft out. An unknown key, a wrong type, a number "
		     "out "
		     "of range is an error with file, line and column,\nand nothing is started. "
		     "Relative paths count from the file's directory. *tutti check* prints every "
		     "key\n"
		     "with its value and where that comes from.\n\n"
		     "The token does not stand here, see *tuttid*(8).\n\n# KEYS\n\n"));
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const struct config_key *key = &config_table[i];
		struct buf kind = {0};
		if (is_new_section(i))
			buf_addf(out, "## [%s]\n\n", key->section);
		config_kind_say(&kind, key);
		buf_addc(&kind, 0);
		buf_addf(out, "*%s.%s*\n\t", key->section, key->name);
		add_plain(out, key->help);
		buf_adds(out, key->is_built ? STR(". ") : STR(" (not built yet). "));
		add_plain(out, kind.p);
		buf_adds(out, STR("; default "));
		add_plain(out, key->standard);
		buf_adds(out, STR(".\n\n"));
		buf_done(&kind);
	}
	buf_adds(out, STR("# EXAMPLE\n\n```\n[discord]\n"
			  "intents = [\"guilds\", \"guild_messages\", \"message_content\"]\n\n"
			  "[zmq]\nport = 6000\n\n[state]\ndir = \"/var/lib/tutti\"\n```\n\n"
			  "# SEE ALSO\n\n*tuttid*(8), *tutti*(1)\n"));
}

__attribute__((format(printf, 3, 0))) static void say(const char *level, const char *topic,
						      const char *fmt, va_list args)
{
	printf("# %-5s %-8s ", level, topic);
	vprintf(fmt, args);
	putchar('\n');
	fflush(stdout);
}

void check_ok(const char *topic, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say("ok", topic, fmt, args);
	va_end(args);
}

void check_note(const char *topic, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say("note", topic, fmt, args);
	va_end(args);
}

void check_bad(struct check *check, int status, const char *topic, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	say("WRONG", topic, fmt, args);
	va_end(args);
	if (!check->status)
		check->status = status;
}

static int print(struct buf *out)
{
	fwrite(out->p, 1, out->n, stdout);
	buf_done(out);
	return 0;
}

static void explain(const struct config *config, const char *path)
{
	struct buf out = {0};
	buf_addf(&out, "# %s\n", *config->path ? config->path : "no file: the defaults");
	check_explain(&out, config, path ? path : "defaults");
	buf_addc(&out, '\n');
	print(&out);
	fflush(stdout);
}

static int check(const struct arguments *arguments, const struct token *env)
{
	static struct check check; /* the token's bytes stay at one place */
	struct config config;
	struct settings settings;
	struct why why = {0};
	if (config_load(&config, arguments->config, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return EX_CONFIG;
	}
	check = (struct check){.config = &config};
	bool is_refused = refuse_config(&config, &why) < 0;
	if (token_is_in_config(&config)) { /* refused for that, and the keys below would show it */
		fprintf(stderr, "%s\n", why.text);
		config_free(&config);
		return EX_CONFIG;
	}
	explain(&config, arguments->config);
	if (is_refused || settings_read(&settings, &config, &why) < 0)
		check_bad(&check, EX_CONFIG, "config", "%s", why.text);
	check_look(&check, env);
	if (arguments->offline || check.status == EX_CONFIG)
		check_note("network", "%s",
			   arguments->offline ? "not looked at: --offline"
					      : "not looked at before what is wrong is mended");
	else
		check_ask(&check);
	token_wipe(&check.token);
	config_free(&config);
	return check.status;
}

/* It holds the token for a moment, as a role does. */
static void harden(void)
{
	struct rlimit none = {0, 0};
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
}

int check_main(int argc, char **argv)
{
	static struct token env;
	struct arguments arguments;
	token_take_env(&env);
	harden();
	int status = arguments_read(&arguments, argc, argv);
	if (status)
		return status;
	if (arguments.help)
		return arguments_usage("check", more);
	if (arguments.reference || arguments.manual) {
		struct buf out = {0};
		(arguments.reference ? check_reference : check_manual)(&out);
		return print(&out);
	}
	status = check(&arguments, &env);
	token_wipe(&env);
	return status;
}
