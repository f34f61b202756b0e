/* What a message costs until its handler is known, with 1 to 1,000 routes: one line each.
 *
 * Nine patterns in ten are anchored commands, one in ten searches; one message in eight begins as a
 * command does. The plain loop over all patterns stands beside it. Best of five passes. Then the same
 * for commands in any case, "(?i)^,name1 ...", which are as fast, and for patterns with no text that has
 * to be there in one piece, "(?:^,name1) ...": each of them is tried for every message. */
#include "proto/route.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MESSAGES = 5000, ROUTES = 1000 };

static char message[MESSAGES][160];
static struct str group[PATTERN_GROUPS];

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void make_messages(unsigned routes)
{
	static const char *const words[] = {"the", "raid",   "starts", "at",     "nine", "tonight",
					    "who", "brings", "a",      "healer", "and",  "potions"};
	unsigned seed = 1;
	for (int i = 0; i < MESSAGES; i++) {
		int at = i % 8 == 0 ? sprintf(message[i], ",name%d ", rand_r(&seed) % (int)routes)
				    : 0;
		for (int w = 0; w < 12; w++)
			at += sprintf(message[i] + at, "%s ", words[rand_r(&seed) % 12]);
	}
}

enum kind { LITERAL, ANY_CASE, NO_TEXT, KINDS };
static const char *const kind_name[KINDS] = {"literal", "any_case", "no_text"};

static void source_of(char out[64], enum kind kind, unsigned i)
{
	const char *before = kind == ANY_CASE ? "(?i)" : kind == NO_TEXT ? "(?:" : "";
	const char *behind = kind == NO_TEXT ? ")" : "";
	if (i % 10)
		sprintf(out, "%s^,name%u%s\\s+(.*)$", before, i, behind);
	else
		sprintf(out, "%skeyword%u%s (\\S+)", before, i, behind);
}

static unsigned hits;

static double by_index(const struct route_set *set, struct route_search *search)
{
	double began = now_us();
	hits = 0;
	for (int i = 0; i < MESSAGES; i++) {
		route_begin(search, set, str_c(message[i]));
		hits += route_next(search, group) != ROUTE_NONE;
	}
	return (now_us() - began) / MESSAGES;
}

static double by_loop(struct pattern *const *pattern, unsigned n, struct pattern_room *room)
{
	double began = now_us();
	hits = 0;
	for (int i = 0; i < MESSAGES; i++)
		for (unsigned k = 0; k < n; k++)
			if (pattern_match(pattern[k], room, str_c(message[i]), group) == 1) {
				hits++;
				break;
			}
	return (now_us() - began) / MESSAGES;
}

static void measure(enum kind kind, unsigned n)
{
	static struct pattern *pattern[ROUTES];
	struct route_set *set = route_set_new();
	struct route_search *search = route_search_new();
	struct pattern_room *room = pattern_room_new();
	double index = 1e9, loop = 1e9;
	for (unsigned i = 0; i < n; i++) {
		char source[64];
		struct why why;
		source_of(source, kind, i);
		if (route_set_add(set, str_c(source), &why) < 0 ||
		    pattern_new(&pattern[i], str_c(source), &why) < 0)
			exit(1);
	}
	route_set_seal(set);
	make_messages(n);
	for (int pass = 0; pass < 5; pass++) {
		double us = by_index(set, search);
		index = us < index ? us : index;
	}
	unsigned found = hits;
	for (int pass = 0; pass < (n > 100 ? 1 : 5); pass++) {
		double us = by_loop(pattern, n, room);
		loop = us < loop ? us : loop;
	}
	printf("route patterns=%s routes=%u us_per_message=%.3f plain_loop_us=%.3f matched=%u "
	       "plain_matched=%u\n",
	       kind_name[kind], n, index, loop, found, hits);
	for (unsigned i = 0; i < n; i++)
		pattern_free(&pattern[i]);
	pattern_room_free(&room);
	route_search_free(&search);
	route_set_free(&set);
}

int main(void)
{
	for (enum kind kind = 0; kind < KINDS; kind++)
		for (unsigned n = 1; n <= ROUTES; n *= 10)
			measure(kind, n);
	return 0;
}
