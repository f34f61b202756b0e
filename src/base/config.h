/* base/config.h: the configuration file (TOML) read over the table config.def.
 *
 *     struct config config;
 *     if (config_load(&config, "etc/dev.toml", &why) < 0)      // why: "etc/dev.toml:3:1: ..."
 *             return EX_CONFIG;
 *     use(config.zmq_port);
 *
 * Every key is a field named section_key. Relative paths (keys that end in _file, _dir, _key, and
 * state.dir, journal.dir, zmq.allow, log.file) count from the file's directory and are made
 * absolute here; empty stays empty. Memory:  strings belong to the struct config, until
 * config_free(). Errors:  an unknown key, a wrong type, a number out of range: -EINVAL and a
 * sentence with file, line, column, and the nearest known key.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/why.h"

struct config_words {
	char **word;
	size_t n;
};
struct config_range {
	int64_t first, last;
	bool is_set;
};

#define TEXT                                                    char *
#define WORDS                                                   struct config_words
#define RANGE                                                   struct config_range
#define ONEOF(words)                                            char *
#define NUMBER(min, max)                                        int64_t
#define SIZE(min, max)                                          int64_t
#define COUNT                                                   int64_t
#define KEY(section, name, kind, standard, reload, built, help) kind section##_##name;
struct config {
	char *path; /* of the file, absolute; "" when made from defaults alone */
#include "base/config.def"
};
#undef KEY
#undef TEXT
#undef WORDS
#undef RANGE
#undef ONEOF
#undef NUMBER
#undef SIZE
#undef COUNT

/* One row of the table, for pages made from it. */
struct config_key {
	const char *section, *name, *kind, *standard, *help;
	bool reloadable, is_built;
};
size_t config_keys(const struct config_key **table);

/* path NULL: defaults alone. */
TT_CHECK int config_load(struct config *config, const char *path, struct why *why);
/* The same from text, for tests; name stands for the file in messages. */
TT_CHECK int config_parse(struct config *config, struct str text, const char *name,
			  struct why *why);
void config_free(struct config *config);

/* Says in one line each which keys of the file are not built yet. say is called per line. */
void config_unbuilt(const struct config *config,
		    void (*say)(const char *section, const char *name));

/* RUN, made where missing: $RUNTIME_DIRECTORY if is_daemon and set, else
 * $XDG_RUNTIME_DIR/tutti/<port>, else /run/tutti/<port>. */
TT_CHECK int config_run_dir(char out[static 108], unsigned port, bool is_daemon, struct why *why);

#endif
