#include "base/config.h"

#include "base/toml.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT           .kind = CONFIG_TEXT
#define WORDS          .kind = CONFIG_WORDS
#define RANGE          .kind = CONFIG_RANGE
#define ONEOF(list)    .kind = CONFIG_ONEOF, .words = (list)
#define NUMBER(lo, hi) .kind = CONFIG_NUMBER, .min = (lo), .max = (hi)
#define SIZE(lo, hi)   .kind = CONFIG_SIZE, .min = (lo), .max = (hi)
#define COUNT          .kind = CONFIG_COUNT, .min = 1, .max = CONFIG_SHARDS_MAX
#define KEY(in, called, sort, normal, reload, built, text) \
	{.section = #in,                                   \
	 .name = #called,                                  \
	 .standard = (normal),                             \
	 .help = (text),                                   \
	 .reloadable = (reload),                           \
	 .is_built = (built),                              \
	 .offset = offsetof(struct config, in##_##called), \
	 sort},
const struct config_key config_table[CONFIG_KEYS] = {
#include "base/config.def"
};
#undef KEY

enum { FILE_MAX = 1 << 20 }; /* bytes of a configuration */

/* One reading of one text. */
struct reading {
	struct config *config;
	const char *name; /* of the file, for messages */
	bool is_standard; /* the text made of the defaults: leaves config->line alone */
};

static void *field(struct config *config, const struct config_key *key)
{
	return (char *)config + key->offset;
}

/* A key as written by anybody, short and without control characters. */
static const char *shown(char out[static 80], struct str section, struct str key)
{
	int n = snprintf(out, 80, "%.*s%s%.*s", (int)(section.n < 36 ? section.n : 36), section.p,
			 section.n && key.n ? "." : "", (int)(key.n < 36 ? key.n : 36), key.p);
	for (int i = 0; i < n; i++)
		if ((unsigned char)out[i] < ' ' || out[i] == 127)
			out[i] = '?';
	return out;
}

/* "file:line:column: section.key " and then what is wrong with it. */
__attribute__((format(printf, 4, 5))) static int
bad(const struct reading *r, const struct toml_value *v, struct why *why, const char *fmt, ...)
{
	char what[240], key[80];
	va_list args;
	va_start(args, fmt);
	vsnprintf(what, sizeof what, fmt, args);
	va_end(args);
	return why_set(why, -EINVAL, "%s:%u:%u: %s %s", r->name, v->line, v->column,
		       shown(key, v->section, v->key), what);
}

static int bad_kind(const struct reading *r, const struct toml_value *v,
		    const struct config_key *key, struct why *why)
{
	struct buf wanted = {0};
	config_kind_say(&wanted, key);
	int rc = bad(r, v, why, "must be %.*s, not %s", STR_FMT(buf_str(&wanted)), v->kind_name);
	buf_done(&wanted);
	return rc;
}

static int bad_value(const struct reading *r, const struct toml_value *v,
		     const struct config_key *key, struct why *why)
{
	struct buf wanted = {0};
	char value[80];
	config_kind_say(&wanted, key);
	if (v->kind == TOML_NUMBER)
		snprintf(value, sizeof value, "%lld", (long long)v->number);
	else
		shown(value, (struct str){0}, v->text);
	int rc = bad(r, v, why, "must be %.*s, not %s", STR_FMT(buf_str(&wanted)), value);
	buf_done(&wanted);
	return rc;
}

/* Nearest names. A key may also have been put into the wrong section. */

static size_t good_distance(struct str written)
{
	return written.n <= 3 ? 1 : written.n <= 6 ? 2 : 3;
}

static const struct config_key *nearest_key(struct str section, struct str name)
{
	const struct config_key *best = NULL;
	size_t best_distance = good_distance(name) + 1;
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const struct config_key *key = &config_table[i];
		bool is_here = str_eq(section, str_c(key->section));
		size_t d = str_distance(name, str_c(key->name));
		/* "token" is meant where "token_file" is: one is the beginning of the other */
		if (is_here && name.n >= 3 && str_starts(str_c(key->name), name))
			d = d < 2 ? d : 2;
		if (!is_here && d > 0)
			continue;
		if (d < best_distance) {
			best = key;
			best_distance = d;
		}
	}
	return best;
}

static const char *nearest_section(struct str section)
{
	const char *best = NULL;
	size_t best_distance = good_distance(section) + 1;
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		size_t d = str_distance(section, str_c(config_table[i].section));
		if (d < best_distance) {
			best = config_table[i].section;
			best_distance = d;
		}
	}
	return best;
}

static bool is_section(struct str name)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (str_eq(name, str_c(config_table[i].section)))
			return true;
	return false;
}

static int unknown_section(const struct reading *r, const struct toml_value *v, struct why *why)
{
	char name[80];
	const char *near = nearest_section(v->section);
	shown(name, v->section, (struct str){0});
	if (near)
		return why_set(why, -EINVAL,
			       "%s:%u:%u: unknown section \"%s\"; did you mean \"%s\"?", r->name,
			       v->line, v->column, name, near);
	return why_set(why, -EINVAL,
		       "%s:%u:%u: unknown section \"%s\"; \"tutti check --reference\" lists them",
		       r->name, v->line, v->column, name);
}

static int unknown_key(const struct reading *r, const struct toml_value *v, struct why *why)
{
	char name[80];
	const struct config_key *near = nearest_key(v->section, v->key);
	shown(name, v->section, v->key);
	if (near)
		return why_set(why, -EINVAL,
			       "%s:%u:%u: unknown key \"%s\"; did you mean \"%s.%s\"?", r->name,
			       v->line, v->column, name, near->section, near->name);
	return why_set(why, -EINVAL,
		       "%s:%u:%u: unknown key \"%s\"; \"tutti check --reference\" lists them",
		       r->name, v->line, v->column, name);
}

/* Values. Each takes what the file says into its field, or says what is wrong. */

static void words_free(struct config_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		free(words->word[i]);
	free(words->word);
	*words = (struct config_words){0};
}

static void text_put(char **out, struct str text)
{
	free(*out);
	*out = str_dup(text);
}

static bool holds_nul(struct str text)
{
	return str_find(text, 0) < text.n;
}

static int take_text(const struct reading *r, const struct toml_value *v,
		     const struct config_key *key, struct why *why)
{
	if (v->kind != TOML_TEXT)
		return bad_kind(r, v, key, why);
	if (holds_nul(v->text))
		return bad(r, v, why, "holds a NUL");
	text_put(field(r->config, key), v->text);
	return 0;
}

static int take_words(const struct reading *r, const struct toml_value *v,
		      const struct config_key *key, struct why *why)
{
	struct config_words *out = field(r->config, key);
	if (v->kind != TOML_LIST)
		return bad_kind(r, v, key, why);
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].kind != TOML_TEXT || holds_nul(v->items[i].text))
			return bad(r, v, why, "must be a list of strings; number %zu is %s", i + 1,
				   v->items[i].kind_name);
	words_free(out);
	out->word = mem_zero(v->n * sizeof *out->word);
	for (; out->n < v->n; out->n++)
		out->word[out->n] = str_dup(v->items[out->n].text);
	return 0;
}

static int take_range(const struct reading *r, const struct toml_value *v,
		      const struct config_key *key, struct why *why)
{
	struct config_range *out = field(r->config, key);
	if (v->kind != TOML_LIST)
		return bad_kind(r, v, key, why);
	*out = (struct config_range){0};
	if (v->n == 0)
		return 0;
	const struct toml_value *item = v->items;
	if (v->n != 2 || item[0].kind != TOML_NUMBER || item[1].kind != TOML_NUMBER ||
	    item[0].number < 0 || item[1].number < item[0].number)
		return bad(r, v, why, "must be [first, last], two whole numbers from 0, in order");
	*out = (struct config_range){item[0].number, item[1].number, true};
	return 0;
}

static int take_oneof(const struct reading *r, const struct toml_value *v,
		      const struct config_key *key, struct why *why)
{
	struct str words = str_c(key->words);
	if (v->kind != TOML_TEXT)
		return bad_kind(r, v, key, why);
	while (words.n) {
		if (!str_eq(str_cut(&words, '|'), v->text))
			continue;
		text_put(field(r->config, key), v->text);
		return 0;
	}
	return bad_value(r, v, key, why);
}

static int take_number(const struct reading *r, const struct toml_value *v,
		       const struct config_key *key, struct why *why)
{
	if (v->kind != TOML_NUMBER)
		return bad_kind(r, v, key, why);
	if (v->number < key->min || v->number > key->max)
		return bad_value(r, v, key, why);
	*(int64_t *)field(r->config, key) = v->number;
	return 0;
}

static int take_count(const struct reading *r, const struct toml_value *v,
		      const struct config_key *key, struct why *why)
{
	if (v->kind == TOML_TEXT && str_eq(v->text, STR("auto"))) {
		*(int64_t *)field(r->config, key) = 0;
		return 0;
	}
	return v->kind == TOML_TEXT ? bad_value(r, v, key, why) : take_number(r, v, key, why);
}

static const struct {
	const char *name;
	int shift;
} units[] = {{"TiB", 40}, {"GiB", 30}, {"MiB", 20}, {"KiB", 10}, {"", 0}};

static bool size_from(struct str text, int64_t *out)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct str unit = str_c(units[i].name);
		uint64_t n;
		if (!str_ends(text, unit))
			continue;
		struct str digits = str_trim(str_of(text.p, text.n - unit.n));
		if (!str_to_u64(digits, &n) || n > (uint64_t)INT64_MAX >> units[i].shift)
			return false;
		*out = (int64_t)(n << units[i].shift);
		return true;
	}
	return false;
}

static int take_size(const struct reading *r, const struct toml_value *v,
		     const struct config_key *key, struct why *why)
{
	int64_t size = v->number;
	if (v->kind != TOML_NUMBER && v->kind != TOML_TEXT)
		return bad_kind(r, v, key, why);
	if (v->kind == TOML_TEXT && !size_from(v->text, &size))
		return bad_value(r, v, key, why);
	if (size < key->min || size > key->max)
		return bad_value(r, v, key, why);
	*(int64_t *)field(r->config, key) = size;
	return 0;
}

typedef int take_fn(const struct reading *r, const struct toml_value *v,
		    const struct config_key *key, struct why *why);
static take_fn *const takers[] = {
	[CONFIG_TEXT] = take_text,   [CONFIG_WORDS] = take_words,   [CONFIG_RANGE] = take_range,
	[CONFIG_ONEOF] = take_oneof, [CONFIG_NUMBER] = take_number, [CONFIG_SIZE] = take_size,
	[CONFIG_COUNT] = take_count,
};

static int came(void *arg, const struct toml_value *v, struct why *why)
{
	struct reading *r = arg;
	if (v->section.n == 0 && is_section(v->key))
		return bad(r, v, why, "is a section: write [%.*s] and its keys below",
			   STR_FMT(v->key));
	if (v->section.n == 0)
		return unknown_key(r, v, why);
	if (!is_section(v->section))
		return unknown_section(r, v, why);
	if (v->kind == TOML_SECTION)
		return 0;
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const struct config_key *key = &config_table[i];
		if (!str_eq(v->section, str_c(key->section)) || !str_eq(v->key, str_c(key->name)))
			continue;
		if (!r->is_standard)
			r->config->line[i] = v->line;
		return takers[key->kind](r, v, key, why);
	}
	return unknown_key(r, v, why);
}

/* The defaults are read like a file, so that the table is the one place where they stand. */
static void take_standards(struct config *config)
{
	struct reading r = {.config = config, .name = "config.def", .is_standard = true};
	struct buf text = {0};
	struct why why = {0};
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		buf_addf(&text, "%s.%s = %s\n", config_table[i].section, config_table[i].name,
			 config_table[i].standard);
	BUG_ON(toml_read(buf_str(&text), r.name, came, &r, &why) < 0);
	buf_done(&text);
}

/* What no row can say alone. */
static int check_journal(const struct config *config, const char *name, struct why *why)
{
	uint64_t size = (uint64_t)config->journal_size;
	unsigned at_size = config->line[CONFIG_journal_size];
	unsigned at_event = config->line[CONFIG_journal_max_event];
	if (size & (size - 1))
		return why_set(
			why, -EINVAL,
			"%s:%u:1: journal.size must be a power of two, as \"64MiB\" or \"256MiB\"",
			name, at_size);
	if (size < 8 * (uint64_t)config->journal_max_event)
		return why_set(
			why, -EINVAL,
			"%s:%u:1: journal.size must be at least 8 x journal.max_event: %lld is "
			"less than 8 x %lld",
			name, at_size ? at_size : at_event, (long long)size,
			(long long)config->journal_max_event);
	return 0;
}

/* Files would be made in "/", and bots would look for tuttid nowhere. */
static int check_filled(const struct config *config, const char *name, struct why *why)
{
	static const enum config_id filled[] = {CONFIG_state_dir, CONFIG_zmq_host};
	for (size_t i = 0; i < sizeof filled / sizeof *filled; i++) {
		const struct config_key *key = &config_table[filled[i]];
		const void *text = (const char *)config + key->offset;
		if (!**(char *const *)text)
			return why_set(why, -EINVAL, "%s:%u:1: %s.%s must not be empty", name,
				       config->line[filled[i]], key->section, key->name);
	}
	return 0;
}

/* Paths count from the directory of the file. */
static bool is_path(const struct config_key *key)
{
	static const char *const by_name[] = {"state.dir", "journal.dir", "zmq.allow", "log.file"};
	struct str name = str_c(key->name);
	char full[64];
	if (key->kind != CONFIG_TEXT)
		return false;
	if (str_eq(name, STR("server_key")))
		return false; /* the key itself: it is no secret */
	if (str_ends(name, STR("_file")) || str_ends(name, STR("_dir")) ||
	    str_ends(name, STR("_key")))
		return true;
	snprintf(full, sizeof full, "%s.%s", key->section, key->name);
	for (size_t i = 0; i < sizeof by_name / sizeof *by_name; i++)
		if (strcmp(full, by_name[i]) == 0)
			return true;
	return false;
}

static void make_absolute(struct config *config, const char *dir)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		char **path = field(config, &config_table[i]);
		struct buf whole = {0};
		if (!is_path(&config_table[i]) || !**path || **path == '/')
			continue;
		buf_addf(&whole, "%s/%s", dir, *path);
		text_put(path, buf_str(&whole));
		buf_done(&whole);
	}
}

static int read_text(struct config *config, struct str text, const char *name, const char *dir,
		     struct why *why)
{
	struct reading r = {.config = config, .name = name};
	*config = (struct config){.path = str_dup(STR(""))};
	take_standards(config);
	int rc = toml_read(text, name, came, &r, why);
	if (rc == 0)
		rc = check_journal(config, name, why);
	if (rc == 0)
		rc = check_filled(config, name, why);
	if (rc < 0) {
		config_free(config);
		return rc;
	}
	make_absolute(config, dir);
	return 0;
}

int config_parse(struct config *config, struct str text, const char *name, struct why *why)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(name, '/');
	if (*name != '/' || strlen(name) >= sizeof dir)
		return read_text(config, text, name, getcwd(dir, sizeof dir) ? dir : ".", why);
	snprintf(dir, sizeof dir, "%.*s", (int)(slash - name), name);
	int rc = read_text(config, text, name, dir, why);
	if (rc == 0)
		text_put(&config->path, str_c(name));
	return rc;
}

void config_where_say(struct buf *out, const struct config *config, enum config_id id)
{
	buf_addf(out, "%s.%s", config_table[id].section, config_table[id].name);
	if (!*config->path)
		buf_adds(out, STR(" (its default; --config names a file)"));
	else if (config->line[id])
		buf_addf(out, " (%s:%u)", config->path, config->line[id]);
	else
		buf_addf(out, " (its default; it may stand in %s)", config->path);
}

int config_bad(const struct config *config, enum config_id id, struct why *why, const char *fmt,
	       ...)
{
	struct buf what = {0};
	va_list args;
	va_start(args, fmt);
	buf_addv(&what, fmt, args);
	va_end(args);
	int rc = why_set(why, -EINVAL, "%s:%u:1: %s.%s %.*s",
			 *config->path ? config->path : "defaults", config->line[id],
			 config_table[id].section, config_table[id].name, STR_FMT(buf_str(&what)));
	buf_done(&what);
	return rc;
}

static int read_bytes(struct buf *out, int fd, const char *path, struct why *why)
{
	struct stat is;
	if (fstat(fd, &is) < 0 || !S_ISREG(is.st_mode))
		return why_set(why, -EINVAL, "%s: is not a file", path);
	while (out->n <= FILE_MAX) {
		ssize_t n = read(fd, buf_room(out, 4096), 4096);
		if (n < 0)
			return why_errno(why, -errno, "%s: cannot be read", path);
		if (n == 0)
			return 0;
		out->n += (size_t)n;
	}
	return why_set(why, -EFBIG, "%s: larger than 1 MiB", path);
}

int config_read(struct buf *out, const char *path, struct why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return why_errno(why, -errno, "%s: cannot be read", path);
	int rc = read_bytes(out, fd, path, why);
	close(fd);
	return rc;
}

static int load_file(struct config *config, struct str text, const char *path, struct why *why)
{
	char *real = realpath(path, NULL), *slash = real ? strrchr(real, '/') : NULL;
	struct buf dir = {0};
	if (!real)
		return why_errno(why, -errno, "%s: cannot be read", path);
	buf_addf(&dir, "%.*s%c", (int)(slash - real), real, 0);
	int rc = read_text(config, text, path, dir.p, why);
	buf_done(&dir);
	if (rc == 0)
		text_put(&config->path, str_c(real));
	free(real);
	return rc;
}

int config_load(struct config *config, const char *path, struct why *why)
{
	struct buf text = {0};
	*config = (struct config){0};
	if (!path)
		return config_parse(config, STR(""), "defaults", why);
	int rc = config_read(&text, path, why);
	if (rc == 0)
		rc = load_file(config, buf_str(&text), path, why);
	buf_done(&text);
	return rc;
}

void config_free(struct config *config)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const struct config_key *key = &config_table[i];
		if (key->kind == CONFIG_TEXT || key->kind == CONFIG_ONEOF)
			free(*(char **)field(config, key));
		else if (key->kind == CONFIG_WORDS)
			words_free(field(config, key));
	}
	free(config->path);
	*config = (struct config){0};
}

const char *config_journal_dir(const struct config *config, const char *run_dir)
{
	return *config->journal_dir ? config->journal_dir : run_dir;
}

void config_unbuilt(const struct config *config, void (*say)(const char *section, const char *name))
{
	for (size_t i = 0; i < CONFIG_KEYS; i++)
		if (config->line[i] && !config_table[i].is_built)
			say(config_table[i].section, config_table[i].name);
}
