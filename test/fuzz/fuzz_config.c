/* Any bytes as a configuration file: refused with file, line and column, or every value is of its kind and
 * within its bounds, and what the values are said to be reads back as the same values. */
#include "base/config.h"
#include "fuzz.h"

static const char name[] = "/etc/tutti/fuzz.toml";

static void check_value(const struct config *config, enum config_id id)
{
	const struct config_key *key = &config_table[id];
	const void *field = (const char *)config + key->offset;
	int64_t number;
	memcpy(&number, field, sizeof number);
	if (key->kind == CONFIG_NUMBER || key->kind == CONFIG_SIZE)
		BUG_ON(number < key->min || number > key->max);
	else if (key->kind == CONFIG_COUNT)
		BUG_ON(number < 0);
	else if (key->kind == CONFIG_TEXT || key->kind == CONFIG_ONEOF)
		BUG_ON(!*(char *const *)field);
}

static void say_all(struct buf *out, const struct config *config)
{
	for (enum config_id id = 0; id < CONFIG_KEYS; id++) {
		check_value(config, id);
		if (config->line[id] == 0)
			continue;
		buf_addf(out, "[%s]\n%s = ", config_table[id].section, config_table[id].name);
		config_value_say(out, config, id);
		buf_addc(out, '\n');
	}
}

/* TOML allows a section once: the keys that follow in the same one go without its title. */
static void drop_titles(struct buf *out, struct str text)
{
	struct str last = {0};
	while (text.n) {
		struct str title = str_cut(&text, '\n'), line = str_cut(&text, '\n');
		if (!str_eq(title, last))
			buf_addf(out, "%.*s\n", STR_FMT(title));
		buf_addf(out, "%.*s\n", STR_FMT(line));
		last = title;
	}
}

static void read_back(const struct config *config)
{
	struct buf said = {0}, text = {0}, again = {0};
	struct config second;
	struct why why = {0};
	say_all(&said, config);
	drop_titles(&text, buf_str(&said));
	BUG_ON(config_parse(&second, buf_str(&text), name, &why) < 0);
	say_all(&again, &second);
	BUG_ON(!str_eq(buf_str(&said), buf_str(&again)));
	config_free(&second);
	buf_done(&said);
	buf_done(&text);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct config config;
	struct why why = {0};
	int rc = config_parse(&config, str_of((const char *)bytes, n), name, &why);
	BUG_ON(rc != 0 && !str_starts(str_c(why.text), STR("/etc/tutti/fuzz.toml")));
	if (rc == 0)
		read_back(&config);
	if (rc == 0)
		config_free(&config);
	return 0;
}
