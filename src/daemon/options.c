#include "daemon/options.h"

#include <errno.h>

static const struct option_row {
	const char *name, *argument, *help; /* help NULL: for the parent's use only */
	size_t offset; /* of a const char * if it has an argument, else of a bool */
} rows[] = {
	{"--config", "FILE", "the configuration; else $TUTTI_CONFIG, else the defaults",
	 offsetof(struct options, config)},
	{"--logout", NULL, "when stopped, end the sessions with Discord instead of keeping them",
	 offsetof(struct options, logout)},
	{"--version", NULL, "say it and end", offsetof(struct options, wants_version)},
	{"--help", NULL, "this text", offsetof(struct options, wants_help)},
	{"--from-parent", "PID", NULL, offsetof(struct options, parent)},
};

static const char *const roles[] = {
#define ROLE(name, wants_token, is_limited) #name,
#include "net/roles.def"
#undef ROLE
};

enum { ROWS = sizeof rows / sizeof *rows, ROLES = sizeof roles / sizeof *roles };

static const struct option_row *find(struct str name)
{
	if (str_eq(name, STR("-h")))
		name = STR("--help");
	for (size_t i = 0; i < ROWS; i++)
		if (str_eq(name, str_c(rows[i].name)))
			return &rows[i];
	return NULL;
}

static const char *nearest(struct str name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].help && str_distance(name, str_c(rows[i].name)) <= 2)
			return rows[i].name;
	for (size_t i = 0; i < ROLES; i++)
		if (str_distance(name, str_c(roles[i])) <= 2)
			return roles[i];
	return NULL;
}

static int unknown(struct str name, struct why *why)
{
	const char *near = nearest(name);
	int n = name.n < 40 ? (int)name.n : 40;
	if (str_ends(name, STR(".toml")))
		return why_set(why, -EINVAL,
			       "a configuration stands behind --config: --config %.*s", n, name.p);
	if (near)
		return why_set(why, -EINVAL, "unknown argument \"%.*s\"; did you mean \"%s\"?", n,
			       name.p, near);
	return why_set(why, -EINVAL, "unknown argument \"%.*s\"; tuttid --help lists them", n,
		       name.p);
}

static const char *find_role(struct str word)
{
	for (size_t i = 0; i < ROLES; i++)
		if (str_eq(word, str_c(roles[i])))
			return roles[i];
	return NULL;
}

/* False: it is no role, or another than the one before. */
static bool take_role(struct options *out, struct str word)
{
	const char *role = find_role(word);
	if (!out->role)
		out->role = role;
	return role && out->role == role;
}

/* "--config FILE" and "--config=FILE". */
int options_read(struct options *out, int argc, char **argv, struct why *why)
{
	*out = (struct options){0};
	for (int i = 1; i < argc; i++) {
		struct str rest = str_c(argv[i]);
		bool is_joined = str_find(rest, '=') < rest.n;
		struct str name = str_cut(&rest, '=');
		const struct option_row *row = find(name);
		if (!row && take_role(out, str_c(argv[i])))
			continue;
		if (!row && find_role(str_c(argv[i])))
			return why_set(why, -EINVAL,
				       "%s or %s: one role, or none and be the parent of all",
				       out->role, argv[i]);
		if (!row)
			return unknown(str_c(argv[i]), why);
		if (!row->argument && is_joined)
			return why_set(why, -EINVAL, "%s takes no argument", row->name);
		if (row->argument && !is_joined && i + 1 == argc)
			return why_set(why, -EINVAL, "%s needs a %s behind it", row->name,
				       row->argument);
		if (!row->argument)
			*(bool *)((char *)out + row->offset) = true;
		else
			*(const char **)(void *)((char *)out + row->offset) =
				is_joined ? rest.p : argv[++i];
	}
	return 0;
}

void options_usage(struct buf *out)
{
	buf_adds(out, STR("tuttid [ROLE] [options]: holds the line to Discord, hands its events to "
			  "bots\n\nROLE: run only this one, in the foreground:"));
	for (size_t i = 0; i < ROLES; i++)
		buf_addf(out, " %s", roles[i]);
	buf_adds(out, STR("\n\n"));
	for (size_t i = 0; i < ROWS; i++) {
		struct str name = str_c(rows[i].name);
		if (rows[i].help)
			buf_addf(out, "  %.*s %-*s %s\n", STR_FMT(name), (int)(13 - name.n),
				 rows[i].argument ? rows[i].argument : "", rows[i].help);
	}
	buf_adds(out, STR("\nEnds with 0 when asked to stop, 64 command line, 75 try again, 78 "
			  "configuration.\n"));
}
