/* tutti check: what a configuration says, key by key; and the reference page, out of the table. */
#include "cli/check.h"

#include "cli/arguments.h"
#include "cli/tool.h"
#include "net/refuse.h"

#include <stdio.h>
#include <sysexits.h>

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

void check_explain(struct buf *out, const struct config *config)
{
	for (size_t i = 0; i < CONFIG_KEYS; i++) {
		const struct config_key *key = &config_table[i];
		if (is_new_section(i))
			buf_addf(out, "%s[%s]\n", i ? "\n" : "", key->section);
		buf_addf(out, "%s = ", key->name);
		config_value_say(out, config, (enum config_id)i);
		if (config->line[i])
			buf_addf(out, "  # line %u; default %s\n", config->line[i], key->standard);
		else
			buf_adds(out, STR("  # default\n"));
		buf_addf(out, "    # %s%s\n", key->help, key->is_built ? "" : " (not built yet)");
	}
}

static int print(struct buf *out)
{
	fwrite(out->p, 1, out->n, stdout);
	buf_done(out);
	return 0;
}

static int check(const char *path)
{
	struct config config;
	struct why why = {0};
	struct buf out = {0};
	if (config_load(&config, path, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		return EX_CONFIG;
	}
	buf_addf(&out, "# %s\n", *config.path ? config.path : "no file: the defaults");
	check_explain(&out, &config);
	print(&out);
	int rc = refuse_config(&config, &why);
	config_free(&config);
	if (rc == 0)
		return 0;
	fprintf(stderr, "%s\n", why.text);
	return EX_CONFIG;
}

int check_main(int argc, char **argv)
{
	struct arguments arguments;
	int status = arguments_read(&arguments, argc, argv);
	if (status)
		return status;
	if (arguments.help)
		return arguments_usage("check", "--reference prints docs/config.md.\n"
						"Ends with 0 where tuttid would start, else 78.\n");
	if (arguments.reference) {
		struct buf out = {0};
		check_reference(&out);
		return print(&out);
	}
	return check(arguments.config);
}
