/* /help: all commands by name, fitting a screen; or one of them in full. */
#include "sandbox/command_impl.h"

#include <errno.h>

enum { TITLE = 12, WIDTH = 78 };

static const char *const titles[COMMAND_GROUPS] = {
	[COMMAND_TALK] = "messages", [COMMAND_BOT] = "the bot",  [COMMAND_PLACE] = "places",
	[COMMAND_PEOPLE] = "people", [COMMAND_EVENT] = "events", [COMMAND_LINK] = "connection",
	[COMMAND_REST] = "REST",     [COMMAND_SELF] = "sandbox",
};

/* A terminal's lines are even; a page breaks them itself. */
static void add_group(struct buf *out, enum command_group group, bool is_terminal)
{
	const struct command *table;
	int indent = is_terminal ? TITLE : 0;
	size_t at = TITLE;
	buf_addf(out, "%-*s", indent, titles[group]);
	buf_adds(out, is_terminal ? STR("") : STR(": "));
	for (size_t i = 0, n = command_all(&table); i < n; i++) {
		if (table[i].group != group)
			continue;
		at += table[i].verb.n + 2;
		if (is_terminal && at > WIDTH) {
			out->n--;
			buf_addf(out, "\n%-*s", indent, "");
			at = TITLE + table[i].verb.n + 2;
		}
		buf_addf(out, "/%.*s ", STR_FMT(table[i].verb));
	}
	out->n--; /* the last blank */
	buf_addc(out, '\n');
}

static void add_overview(struct buf *out, bool is_terminal)
{
	for (int group = 0; group < COMMAND_GROUPS; group++)
		add_group(out, (enum command_group)group, is_terminal);
	buf_adds(out,
		 STR("/help COMMAND says what it takes, as /help say; /help all, of every one."));
	if (is_terminal)
		buf_adds(out, STR("\nAnything else is said in the channel."));
}

static void add_one(struct buf *out, const struct command *c)
{
	buf_addf(out, "/%.*s %.*s\n    %.*s", STR_FMT(c->verb), STR_FMT(c->usage),
		 STR_FMT(c->help));
}

static void add_all(struct buf *out)
{
	const struct command *table;
	for (size_t i = 0, n = command_all(&table); i < n; i++) {
		buf_adds(out, i ? STR("\n") : STR(""));
		add_one(out, &table[i]);
	}
}

/* "say" and "/say" */
static struct str asked(const struct script_line *line)
{
	struct str word = script_word(line);
	return str_starts(word, STR("/")) ? str_of(word.p + 1, word.n - 1) : word;
}

int cmd_help(ARGS)
{
	struct buf text = {0};
	struct str word = asked(line);
	if (word.n == 0) {
		add_overview(&text, sandbox->by->is_terminal);
	} else if (str_eq(word, STR("all"))) {
		add_all(&text);
	} else {
		const struct command *c = command_find(word, why);
		if (!c)
			return -ENOENT;
		add_one(&text, c);
	}
	if (sandbox->by->is_terminal)
		report_text(&sandbox->report, "help", buf_str(&text));
	else
		buf_adds(&sandbox->by->text, buf_str(&text));
	buf_done(&text);
	return 0;
}
