#include "bot/asked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct option {
	const char *name, *value, *help;
	int (*take)(struct asked *out, const char *value, struct why *why);
};

static int take_config(struct asked *out, const char *value, struct why *why)
{
	(void)why;
	out->config = value;
	return 0;
}

static int take_port(struct asked *out, const char *value, struct why *why)
{
	uint64_t port;
	if (!str_to_u64(str_c(value), &port) || port > 65533)
		return why_set(why, -EINVAL,
			       "the port is a number up to 65533, 0 being the configuration's, not "
			       "\"%s\"",
			       value);
	out->port = (unsigned)port;
	out->is_serve_port = false;
	return 0;
}

static int take_routes(struct asked *out, const char *value, struct why *why)
{
	(void)value, (void)why;
	out->wants_routes = true;
	return 0;
}

static int take_check(struct asked *out, const char *value, struct why *why)
{
	(void)value, (void)why;
	out->wants_check = true;
	return 0;
}

static int take_help(struct asked *out, const char *value, struct why *why)
{
	(void)value, (void)why;
	out->wants_help = true;
	return 0;
}

static const struct option options[] = {
	{"--config", "FILE", "configuration; else TUTTI_CONFIG, else what the program says",
	 take_config},
	{"--port", "N", "port of tuttid; else TUTTI_PORT, the program's, the configuration's",
	 take_port},
	{"--routes", NULL, "prints pattern, types, handler, file and line of every route",
	 take_routes},
	{"--check", NULL,
	 "checks every route and the configuration, connects to nothing; 78 if one is wrong",
	 take_check},
	{"--help", NULL, "prints this", take_help},
};
enum { OPTIONS = sizeof options / sizeof *options };

static const struct option *option_of(struct str name)
{
	if (str_eq(name, STR("-h")))
		name = STR("--help");
	for (size_t i = 0; i < OPTIONS; i++)
		if (str_eq(name, str_c(options[i].name)))
			return &options[i];
	return NULL;
}

/* One argument, and its value if that is the next one. */
static int take(struct asked *out, const char *const **at, struct why *why)
{
	struct str name = str_c(**at);
	size_t equals = str_find(name, '=');
	const char *value = equals < name.n ? name.p + equals + 1 : NULL;
	const struct option *option = option_of(str_of(name.p, equals));
	if (!option)
		return why_set(why, -EINVAL, "no such argument: %s (--help lists them)", **at);
	if (option->value && !value)
		value = *++*at;
	if (option->value ? !value || !*value : value != NULL)
		return why_set(why, -EINVAL, "%s takes %s", option->name,
			       option->value ? option->value : "no value");
	return option->take(out, value, why);
}

static int take_environment(struct asked *out, struct why *why)
{
	const char *config = getenv("TUTTI_CONFIG"), *port = getenv("TUTTI_PORT");
	if (config && *config)
		out->config = config;
	return port && *port ? take_port(out, port, why) : 0;
}

/* A cursor that is there goes before it in any case. */
static bool take_from(struct asked *out, const char *from)
{
	out->from = WIRE_FROM_HEAD;
	return !from ||
	       (wire_from_by_name(str_c(from), &out->from) && out->from != WIRE_FROM_CURSOR);
}

int asked_read(struct asked *out, const struct tt_serve *how, const char *const *argv,
	       struct why *why)
{
	const char *slash = argv[0] ? strrchr(argv[0], '/') : NULL;
	*out = (struct asked){
		.config = how->config && *how->config ? how->config : NULL,
		.name = how->name ? how->name
			: slash   ? slash + 1
			: argv[0] ? argv[0]
				  : "bot",
		.port = how->port,
		.is_serve_port = how->port != 0,
	};
	if (!wire_is_bot(str_c(out->name)))
		return why_set(why, -EINVAL,
			       "a bot's name is 1 to %d letters, digits, '.', '_', '-', not \"%s\"",
			       WIRE_BOT_MAX, out->name);
	if (how->parts && how->part >= how->parts)
		return why_set(why, -EINVAL, "there is no part %u of %u", how->part, how->parts);
	if (how->port > 65533)
		return why_set(why, -EINVAL, "the program says port %u: it is a number up to 65533",
			       how->port);
	if (!take_from(out, how->from))
		return why_set(why, -EINVAL, "from is head, tail or commit, not \"%s\"", how->from);
	int error = take_environment(out, why);
	if (how->ignore_arguments)
		return error;
	for (const char *const *at = argv + (argv[0] != NULL); error == 0 && *at; at++)
		error = take(out, &at, why);
	return error;
}

void asked_help(struct buf *out, const char *program)
{
	buf_addf(out, "%s: a bot of tutti\n\n", program);
	for (size_t i = 0; i < OPTIONS; i++)
		buf_addf(out, "  %-9s%-6s%s\n", options[i].name,
			 options[i].value ? options[i].value : "", options[i].help);
	buf_adds(out,
		 STR("\nTUTTI_STATE names the directory of the cursor: how far this bot has come.\n"
		     "Exit status: 0 asked to stop, 75 try again, 78 the configuration or a route "
		     "is wrong.\n"));
}

static void read_all(struct buf *out, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	for (ssize_t n; (n = read(fd, buf_room(out, 4096), 4096)) > 0;)
		out->n += (size_t)n;
	close(fd);
}

const char *const *asked_arguments(void)
{
	static struct buf bytes;
	static const char **argv;
	size_t n = 0;
	if (argv)
		return argv;
	read_all(&bytes, "/proc/self/cmdline");
	buf_addc(&bytes, 0);
	argv = mem_zero((bytes.n + 1) * sizeof *argv);
	for (size_t at = 0; at + 1 < bytes.n; at += strlen(bytes.p + at) + 1)
		argv[n++] = bytes.p + at;
	return argv;
}
