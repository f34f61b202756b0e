/* base/config.h: the configuration file (TOML) read over the table config.def.
 *
 *     struct config config;
 *     if (config_load(&config, "etc/dev.toml", &why) < 0)      // why: "etc/dev.toml:3:1: ..."
 *             return EX_CONFIG;
 *     use(config.zmq_port);
 *
 * Every key is a field named section_key. Relative paths (keys that end in _file, _dir, _key but for
 * server_key, and state.dir, journal.dir, zmq.allow, log.file) count from the file's directory and are
 * made absolute here; empty stays empty.
 * Memory:  strings belong to the struct config, until config_free().
 * Errors:  an unknown key, a wrong type, a number out of range: -EINVAL and a sentence with file, line,
 *          column, and the nearest known key.
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

#define KEY(section, name, kind, standard, reload, built, help) CONFIG_##section##_##name,
enum config_id {
#include "base/config.def"
	CONFIG_KEYS
};
#undef KEY

#define TEXT                                                    char *
#define WORDS                                                   struct config_words
#define RANGE                                                   struct config_range
#define ONEOF(words)                                            char *
#define NUMBER(min, max)                                        int64_t
#define SIZE(min, max)                                          int64_t
#define COUNT                                                   int64_t
#define KEY(section, name, kind, standard, reload, built, help) kind section##_##name;
struct config {
	char *path;                 /* of the file, absolute; "" when made from defaults alone */
	unsigned line[CONFIG_KEYS]; /* where the file sets the key; 0: the default */
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

/* Of discord.shards, and of what Discord recommends. At its least room for a shard, 2500 guilds, these
 * are 40 million guilds, more than any bot is in. With so many the gateway takes 106 MB, and 17 MB of
 * disk beside the journal. */
enum { CONFIG_SHARDS_MAX = 16384 };

/* One row of the table, by enum config_id; also for the pages made from it. */
enum config_kind {
	CONFIG_TEXT,
	CONFIG_WORDS,
	CONFIG_RANGE,
	CONFIG_ONEOF,
	CONFIG_NUMBER,
	CONFIG_SIZE,
	CONFIG_COUNT
};
struct config_key {
	const char *section, *name, *standard, *help;
	bool reloadable, is_built;
	enum config_kind kind;
	int64_t min, max;  /* of NUMBER, SIZE and COUNT */
	const char *words; /* of ONEOF, separated by | */
	size_t offset;     /* of the field in struct config */
};
extern const struct config_key config_table[CONFIG_KEYS];

/* What a key may be, for people: "one of error, warn", "a number from 1 to 65533". */
void config_kind_say(struct buf *out, const struct config_key *key);
/* The value, as it would stand in the file. */
void config_value_say(struct buf *out, const struct config *config, enum config_id id);

/* Where a key stands, for who is to change it: "zmq.port (/etc/tutti.toml:11)". */
void config_where_say(struct buf *out, const struct config *config, enum config_id id);

/* path NULL: defaults alone. */
TT_CHECK int config_load(struct config *config, const char *path, struct why *why);
/* The same from text; name stands for the file in messages. An absolute one becomes config->path,
 * and relative paths count from its directory, else from the working directory. */
TT_CHECK int config_parse(struct config *config, struct str text, const char *name,
			  struct why *why);
/* What is wrong with a key's value beyond what its row says, behind "file:line:1: section.key ":
 * -EINVAL. */
TT_CHECK int config_bad(const struct config *config, enum config_id id, struct why *why,
			const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The bytes of a configuration file, for who hands them on. */
TT_CHECK int config_read(struct buf *out, const char *path, struct why *why);
void config_free(struct config *config);

/* Calls say for each key that the file sets and that is not built yet. */
void config_unbuilt(const struct config *config,
		    void (*say)(const char *section, const char *name));

/* RUN. The daemon's: $RUNTIME_DIRECTORY if set, else $XDG_RUNTIME_DIR/tutti/<port>, else
 * /run/tutti/<port>; made where missing (0700 under XDG, else 0750), and refused where another
 * user could change it. Everybody else's: the first of the last two that is there; neither is made.
 * Short enough for every socket in it. */
TT_CHECK int config_run_dir(char out[static 108], unsigned port, bool is_daemon, struct why *why);
/* The daemon's, neither made nor judged. */
TT_CHECK int config_run_dir_to_be(char out[static 108], unsigned port, struct why *why);

/* The directory of the journal: journal.dir, else RUN. */
const char *config_journal_dir(const struct config *config, const char *run_dir);

/* The directory of cursors: TUTTI_STATE, bot.state_dir, $XDG_STATE_HOME/tutti, ~/.local/state/tutti;
 * "" where there is no home. For free(). */
char *config_cursor_dir(const struct config *config);

#endif
