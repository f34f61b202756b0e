#include "cli/arguments.h"

#include "cli/tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static const struct row {
	const char *name;
	bool has_value; /* of a const char *, else of a bool */
	size_t offset;
} rows[] = {
	{"--config", true, offsetof(struct arguments, config)},
	{"--port", true, offsetof(struct arguments, port)},
	{"--at", true, offsetof(struct arguments, at)},
	{"--json", false, offsetof(struct arguments, json)},
	{"--reference", false, offsetof(struct arguments, reference)},
	{"--manual", false, offsetof(struct arguments, manual)},
	{"--offline", false, offsetof(struct arguments, offline)},
	{"--yes", false, offsetof(struct arguments, yes)},
	{"--help", false, offsetof(struct arguments, help)},
};
enum { ROWS = sizeof rows / sizeof *rows };

static const struct row *find(struct str name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (str_eq(name, str_c(rows[i].name)))
			return &rows[i];
	return NULL;
}

/* The table of the sub-commands says which options a tool has, and whether it takes words. */
static bool has_option(const struct tool *tool, const struct row *row)
{
	struct str name = str_c(row->name);
	const char *at = strstr(tool->arguments, row->name);
	return str_eq(name, STR("--help")) || (at && strchr(" ]", at[name.n]));
}

static bool takes_words(const struct tool *tool)
{
	return strstr(tool->arguments, " ...]") != NULL;
}

static int unknown(const struct tool *tool, const char *option)
{
	const char *near = "";
	for (size_t i = 0; i < ROWS; i++)
		if (has_option(tool, &rows[i]) &&
		    str_distance(str_c(option), str_c(rows[i].name)) <= 2)
			near = rows[i].name;
	fprintf(stderr, "tutti %s: unknown option \"%.40s\"%s%s%s\n", tool->name, option,
		*near ? "; did you mean \"" : "", near, *near ? "\"?" : "");
	return EX_USAGE;
}

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

/* One option at argv[*i]; moves *i over its value. */
static int take(struct arguments *out, const struct tool *tool, int argc, char **argv, int *i)
{
	struct str value = str_c(argv[*i]);
	bool is_joined = str_find(value, '=') < value.n;
	const struct row *row = find(str_cut(&value, '='));
	if (!row || !has_option(tool, row) || (is_joined && !row->has_value))
		return unknown(tool, argv[*i]);
	if (!row->has_value) {
		*(bool *)((char *)out + row->offset) = true;
		return 0;
	}
	if (!is_joined && *i + 1 == argc) {
		fprintf(stderr, "tutti %s: %s needs a value behind it\n", tool->name, row->name);
		return EX_USAGE;
	}
	*(const char **)(void *)((char *)out + row->offset) = is_joined ? value.p : argv[++*i];
	return 0;
}

static int take_word(struct arguments *out, const struct tool *tool, char *word)
{
	if (!takes_words(tool)) {
		fprintf(stderr, "tutti %s: \"%.60s\" is too much; its arguments are: %s\n",
			tool->name, word, tool->arguments);
		return EX_USAGE;
	}
	out->word[out->words++] = word;
	return 0;
}

int arguments_read(struct arguments *out, int argc, char **argv)
{
	const struct tool *tool = tool_find(str_c(argv[0]));
	*out = (struct arguments){.config = from_environment("TUTTI_CONFIG"),
				  .port = from_environment("TUTTI_PORT"),
				  .word = argv + 1};
	for (int i = 1; i < argc; i++) {
		int status = 0;
		if (str_starts(str_c(argv[i]), STR("-")))
			status = take(out, tool, argc, argv, &i);
		else
			status = take_word(out, tool, argv[i]);
		if (status)
			return status;
	}
	return 0;
}

int place_find(struct place *out, const struct arguments *arguments)
{
	struct why why = {0};
	uint64_t port = 0;
	if (config_load(&out->config, arguments->config, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return EX_CONFIG;
	}
	if (!arguments->port)
		port = (uint64_t)out->config.zmq_port;
	else if (!str_to_u64(str_c(arguments->port), &port) || port < 1 || port > 65533)
		why_set(&why, -EINVAL,
			"the port \"%.20s\" (--port, else TUTTI_PORT) is no number from 1 to 65533",
			arguments->port);
	out->port = (unsigned)port;
	int status = why.code ? EX_USAGE : EX_CONFIG;
	if (!why.code && config_run_dir(out->run_dir, out->port, false, &why) == 0)
		return 0;
	fprintf(stderr, "%s\n", why.text);
	config_free(&out->config);
	return status;
}

void place_done(struct place *place)
{
	config_free(&place->config);
}

int arguments_usage(const char *tool, const char *more)
{
	const struct tool *row = tool_find(str_c(tool));
	printf("tutti %s %s\n    %s\n%s", row->name, row->arguments, row->help, more);
	return 0;
}
