#include "sandbox/sandbox.h"

#include "sandbox/archiver.h"
#include "sandbox/chat.h"
#include "sandbox/endpoint.h"
#include "sandbox/flood.h"
#include "sandbox/gateway.h"
#include "sandbox/interaction.h"
#include "sandbox/page.h"
#include "sandbox/rest.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
	"tutti sandbox [options]: a fake Discord on loopback, and a conversation with its bot\n"
	"  --port N           0: the kernel picks one (default 0)\n"
	"  --tls CERT KEY     PEM files: serve https and wss\n"
	"  --token T          the bot's token (default sandbox-token)\n"
	"  --json             every happening as one JSON object a line\n"
	"  --quiet            with --json: no line for each dispatch\n"
	"  --heartbeat-ms N   interval told in Hello (default 45000)\n"
	"  --shards N         recommended by GET /gateway/bot (default 1)\n"
	"  --max-concurrency N   identifies at a time (default 1)\n"
	"  --identifies N     left for the day (default 1000)\n"
	"  --identify-ms N    between two identifies of a key (default 5000)\n"
	"  --session-s N      life of a session without a connection (default 180)\n"
	"  --split N          each n-th compressed event in three messages (default 0: none)\n"
	"  --intents BITS     that are granted (default all)\n"
	"  --no-limits        REST without rate limits\n"
	"A line on standard input is said in the channel; /help lists what else one may do.\n";

void sandbox_quit(struct sandbox *sandbox)
{
	loop_stop(sandbox->loop);
}

static const uint64_t last_words_us = 50000; /* for an answer to this machine */

static void on_ending(void *arg)
{
	sandbox_quit(arg);
}

void sandbox_quit_soon(struct sandbox *sandbox)
{
	loop_timer_in(sandbox->ending, last_words_us);
}

enum { OPT_TLS = 256, OPT_TOKEN, OPT_JSON, OPT_QUIET, OPT_NO_LIMITS, OPT_HELP, OPT_NUMBER };

/* Options with a number, and where it goes. */
static const struct number_option {
	const char *name;
	size_t at;
	unsigned min, max;
} number_options[] = {
#define NUMBER(name, field, min) UP_TO(name, field, min, UINT32_MAX)
#define UP_TO(name, field, min, max)                                    \
	{                                                               \
		name, offsetof(struct sandbox_options, field), min, max \
	}
	UP_TO("port", port, 0, 65535),       NUMBER("heartbeat-ms", heartbeat_ms, 1),
	NUMBER("shards", shards, 1),         NUMBER("max-concurrency", max_concurrency, 1),
	NUMBER("identifies", identifies, 0), NUMBER("identify-ms", identify_ms, 0),
	NUMBER("session-s", session_s, 0),   NUMBER("split", split, 0),
	NUMBER("intents", intents, 0),
#undef UP_TO
#undef NUMBER
};
enum { NUMBERS = sizeof number_options / sizeof *number_options };

static bool number_set(struct sandbox_options *o, const struct number_option *n, const char *text)
{
	uint64_t value;
	if (!str_to_u64(str_c(text), &value) || value > n->max || value < n->min) {
		fprintf(stderr, "tutti sandbox: --%s: not a number from %u to %u: %s\n", n->name,
			n->min, n->max, text);
		return false;
	}
	*(unsigned *)(void *)((char *)o + n->at) = (unsigned)value;
	return true;
}

static void option_table(struct option out[static NUMBERS + 8])
{
	static const struct option words[] = {{"tls", required_argument, NULL, OPT_TLS},
					      {"token", required_argument, NULL, OPT_TOKEN},
					      {"json", no_argument, NULL, OPT_JSON},
					      {"quiet", no_argument, NULL, OPT_QUIET},
					      {"help", no_argument, NULL, OPT_HELP},
					      {"no-limits", no_argument, NULL, OPT_NO_LIMITS},
					      {NULL, 0, NULL, 0}};
	for (int i = 0; i < NUMBERS; i++)
		out[i] = (struct option){number_options[i].name, required_argument, NULL,
					 OPT_NUMBER + i};
	memcpy(out + NUMBERS, words, sizeof words);
}

static int tls_set(struct sandbox_options *o, int argc, char **argv)
{
	o->cert = optarg;
	if (optind == argc || str_starts(str_c(argv[optind]), STR("--"))) {
		fputs("tutti sandbox: --tls takes two files, the certificate and its key: --tls "
		      "CERT KEY\n",
		      stderr);
		return EX_USAGE;
	}
	o->key = argv[optind++];
	return -1;
}

/* -1: go on; else the exit status. */
static int option_set(struct sandbox *s, int what, int argc, char **argv)
{
	struct sandbox_options *o = &s->options;
	if (what >= OPT_NUMBER)
		return number_set(o, &number_options[what - OPT_NUMBER], optarg) ? -1 : EX_USAGE;
	switch (what) {
	case OPT_TLS: return tls_set(o, argc, argv);
	case OPT_TOKEN: o->token = optarg; return -1;
	case OPT_JSON: o->is_json = true; return -1;
	case OPT_QUIET: o->is_quiet = true; return -1;
	case OPT_NO_LIMITS: s->limits.is_off = true; return -1;
	case OPT_HELP: fputs(usage, stdout); return 0;
	default: return EX_USAGE;
	}
}

static const char *nearest(const struct option *table, struct str name)
{
	for (; table->name; table++)
		if (str_distance(name, str_c(table->name)) <= 2)
			return table->name;
	return NULL;
}

/* The word of the command line that getopt has stumbled over. */
static void say_wrong(const struct option *table, const char *word, bool is_missing)
{
	struct str name = str_c(word);
	while (str_starts(name, STR("-")))
		name = str_of(name.p + 1, name.n - 1);
	name = str_cut(&name, '=');
	const char *near = nearest(table, name);
	fprintf(stderr, "tutti sandbox: ");
	if (is_missing)
		fprintf(stderr, "%s: its value is missing;", word);
	else if (near && str_eq(name, str_c(near)))
		fprintf(stderr, "--%s takes no value;", near);
	else if (near)
		fprintf(stderr, "unknown option %s; did you mean --%s?", word, near);
	else
		fprintf(stderr, "unknown option %s;", word);
	fputs(" tutti sandbox --help lists the options\n", stderr);
}

static int options_read(struct sandbox *s, int argc, char **argv)
{
	struct option table[NUMBERS + 8];
	int what, status = -1;
	option_table(table);
	optind = 1;
	opterr = 0;
	while (status < 0 && (what = getopt_long(argc, argv, ":", table, NULL)) != -1) {
		if (what == '?' || what == ':')
			say_wrong(table, argv[optind - 1], what == ':');
		status = option_set(s, what, argc, argv);
	}
	if (status < 0 && optind < argc) {
		fprintf(stderr,
			"tutti sandbox: what is %s? tutti sandbox --help lists the options\n",
			argv[optind]);
		return EX_USAGE;
	}
	return status;
}

/* The first door is Discord's to bots, and the chat page's to browsers. */
static void on_request(void *arg, struct httpd_request *r)
{
	struct sandbox *s = arg;
	if (!page_request(s->page, r))
		fake_rest_request(s->rest, r);
}

static int doors_open(struct sandbox *s, struct why *why)
{
	struct httpd_options o = {.address = "127.0.0.1",
				  .port = s->options.port,
				  .cert_file = s->options.cert,
				  .key_file = s->options.key,
				  .max_body = 26 << 20,
				  .fn = on_request,
				  .arg = s};
	int error = httpd_new(&s->door, s->loop, &o, why);
	if (error < 0)
		return error;
	o.port = 0;
	o.fn = fake_rest_resume_request;
	o.arg = s->rest;
	error = httpd_new(&s->resume_door, s->loop, &o, why);
	if (error == 0) {
		s->told_port = httpd_port(s->door);
		s->told_resume_port = httpd_port(s->resume_door);
	}
	return error;
}

static void say_listening(struct sandbox *s)
{
	char url[64];
	snprintf(url, sizeof url, "%s://127.0.0.1:%u/api/v10", s->options.cert ? "https" : "http",
		 httpd_port(s->door));
	struct buf *o = report_begin(&s->report, "listening");
	if (o) {
		buf_addf(o, ",\"api_url\":\"%s\",\"port\":%u,\"resume_port\":%u", url,
			 httpd_port(s->door), httpd_port(s->resume_door));
		report_end(&s->report);
	}
	if (s->report.is_json)
		return;
	struct buf text = {0};
	buf_addf(&text, "listening %s", url);
	report_text(&s->report, "listening", buf_str(&text));
	buf_done(&text);
	report_note(&s->report, "chat page %.*s/", (int)(strlen(url) - strlen("/api/v10")), url);
}

static void on_signal(void *arg, int number)
{
	(void)number;
	sandbox_quit(arg);
}

static void on_rule(void *arg, unsigned conn, bool is_violation, const char *rule, const char *text)
{
	struct report *report = arg;
	struct buf *o = report_begin(report, is_violation ? "violation" : "note");
	report_note(report, "%s %s: %s", is_violation ? "violation" : "note", rule, text);
	if (!o)
		return;
	if (conn)
		buf_addf(o, ",\"conn\":%u", conn);
	buf_addf(o, ",\"rule\":\"%s\",\"text\":", rule);
	json_add_str(o, str_c(text));
	report_end(report);
}

static void sandbox_start(struct sandbox *s)
{
	s->loop = loop_new();
	s->ending = loop_timer_new(s->loop, on_ending, s);
	s->world = world_new();
	s->json = json_new();
	s->channel_id = 7;
	s->boot = loop_wall_us();
	s->report.is_json = s->options.is_json;
	s->report.is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	snprintf(s->report.channel, sizeof s->report.channel, "general");
	s->rules = (struct rules){.fn = on_rule, .arg = &s->report};
	s->gateway = fake_gateway_new(s);
	s->rest = fake_rest_new(s);
	s->flood = flood_new(s);
	s->archiver = archiver_new(s);
	s->interactions = interactions_new(s);
	s->endpoint = endpoint_new(s);
	s->page = page_new(s);
}

static void sandbox_run(struct sandbox *s)
{
	struct loop_signal *term = loop_signal_new(s->loop, SIGTERM, on_signal, s);
	struct loop_signal *interrupt = loop_signal_new(s->loop, SIGINT, on_signal, s);
	say_listening(s);
	struct chat *chat = chat_new(s);
	loop_run(s->loop);
	chat_free(&chat);
	loop_signal_free(&term);
	loop_signal_free(&interrupt);
}

static void sandbox_stop(struct sandbox *s)
{
	page_free(&s->page);
	endpoint_free(&s->endpoint);
	interactions_free(&s->interactions);
	flood_free(&s->flood);
	archiver_free(&s->archiver);
	fake_gateway_free(&s->gateway);
	fake_rest_free(&s->rest);
	httpd_free(&s->door);
	httpd_free(&s->resume_door);
	json_free(s->json);
	world_free(&s->world);
	loop_timer_free(&s->ending);
	loop_free(&s->loop);
	buf_done(&s->report.line);
}

int sandbox_main(int argc, char **argv)
{
	struct why why;
	struct sandbox s = {.options = {.heartbeat_ms = 45000,
					.max_concurrency = 1,
					.identify_ms = 5000,
					.identifies = 1000,
					.shards = 1,
					.session_s = 180,
					.intents = UINT32_MAX,
					.acks = true,
					.token = "sandbox-token"}};
	limits_init(&s.limits);
	int status = options_read(&s, argc, argv);
	if (status >= 0)
		return status;
	sandbox_start(&s);
	int error = doors_open(&s, &why);
	status = error == -EINVAL ? EX_USAGE : error < 0 ? EX_TEMPFAIL : 0;
	if (status == 0)
		sandbox_run(&s);
	else
		fprintf(stderr, "tutti sandbox: %s\n", why.text);
	sandbox_stop(&s);
	return status;
}
