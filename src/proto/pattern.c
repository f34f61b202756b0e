#include "proto/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>

struct pattern {
	_Atomic unsigned refs;
	pcre2_code *code;
	unsigned groups;
};

struct pattern_room {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

static int refuse(struct why *why, int error, size_t offset)
{
	PCRE2_UCHAR text[160];
	pcre2_get_error_message(error, text, sizeof text);
	return why_set(why, -EINVAL, "%s at offset %zu", (const char *)text, offset);
}

int pattern_new(struct pattern **out, struct str source, struct why *why)
{
	int error = 0;
	size_t offset = 0;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)(source.p ? source.p : ""), source.n,
					 PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error,
					 &offset, NULL);
	if (!code)
		return refuse(why, error, offset);
	uint32_t groups = 0;
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (groups > PATTERN_GROUPS) {
		pcre2_code_free(code);
		return why_set(why, -EINVAL, "%u groups, more than %d", groups, PATTERN_GROUPS);
	}
	/* A system that forbids writable code refuses: then PCRE2 interprets. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	*out = mem_new(sizeof **out);
	**out = (struct pattern){.refs = 1, .code = code, .groups = groups};
	return 0;
}

struct pattern *pattern_share(struct pattern *pattern)
{
	pattern->refs++;
	return pattern;
}

void pattern_free(struct pattern **pattern)
{
	if (*pattern && --(*pattern)->refs == 0) {
		pcre2_code_free((*pattern)->code);
		free(*pattern);
	}
	*pattern = NULL;
}

unsigned pattern_groups(const struct pattern *pattern)
{
	return pattern->groups;
}

struct pattern_room *pattern_room_new(void)
{
	struct pattern_room *room = mem_new(sizeof *room);
	room->data = pcre2_match_data_create(PATTERN_GROUPS + 1, NULL);
	room->context = pcre2_match_context_create(NULL);
	room->stack = pcre2_jit_stack_create(32 * 1024, PATTERN_STACK, NULL);
	BUG_ON(!room->data || !room->context || !room->stack);
	pcre2_set_match_limit(room->context, PATTERN_LIMIT);
	pcre2_set_heap_limit(room->context, PATTERN_HEAP_KIB);
	pcre2_jit_stack_assign(room->context, NULL, room->stack);
	return room;
}

void pattern_room_free(struct pattern_room **room)
{
	if (*room) {
		pcre2_jit_stack_free((*room)->stack);
		pcre2_match_context_free((*room)->context);
		pcre2_match_data_free((*room)->data);
	}
	free(*room);
	*room = NULL;
}

static struct str group_at(struct str text, const size_t *ends)
{
	if (ends[0] == PCRE2_UNSET || ends[1] < ends[0])
		return (struct str){0};
	return str_of(text.p + ends[0], ends[1] - ends[0]);
}

int pattern_match(const struct pattern *pattern, struct pattern_room *room, struct str text,
		  struct str groups[static PATTERN_GROUPS])
{
	struct str subject = {text.p ? text.p : "", text.n};
	int n = pcre2_match(pattern->code, (PCRE2_SPTR)subject.p, subject.n, 0, PCRE2_NO_UTF_CHECK,
			    room->data, room->context);
	if (n == PCRE2_ERROR_NOMATCH)
		return 0;
	if (n <= 0)
		return -EOVERFLOW;
	const size_t *ends = pcre2_get_ovector_pointer(room->data);
	for (unsigned i = 0; i < pattern->groups; i++)
		groups[i] = i + 1 < (unsigned)n ? group_at(subject, ends + 2 * (i + 1))
						: (struct str){0};
	return 1;
}
