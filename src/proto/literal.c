#include "proto/literal.h"

/* Where the scan is: the run of literal characters that grows, and the best one so far. */
struct scan {
	struct str in;
	size_t at;
	struct literal run, best;
	size_t last;  /* bytes of the run's last character, which a quantifier may take back; 0: the
			 last atom is not in the run */
	size_t begin; /* behind "(?i)" and the like at the front: where "^" is the text's start */
	bool is_caseless; /* behind (?i) */
	bool is_lost;     /* something stood there that is not understood */
};

static int peek(const struct scan *s, size_t ahead)
{
	return s->at + ahead < s->in.n ? (unsigned char)s->in.p[s->at + ahead] : -1;
}

static void end_run(struct scan *s)
{
	if (s->run.n > s->best.n)
		s->best = s->run;
	s->run = (struct literal){.is_caseless = s->is_caseless};
	s->last = 0;
}

static void lose(struct scan *s)
{
	s->is_lost = true;
	s->at = s->in.n;
}

/* One whole UTF-8 character: a quantifier takes back all of it. */
static void take_char(struct scan *s)
{
	size_t n = 1;
	while (s->at + n < s->in.n && ((unsigned char)s->in.p[s->at + n] & 0xC0) == 0x80)
		n++;
	if (s->run.n + n > LITERAL_MAX || (s->is_caseless && n > 1))
		end_run(s);
	if (s->is_caseless && n == 1) {
		char c = s->in.p[s->at];
		s->run.bytes[s->run.n++] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
		s->last = 1;
	} else if (!s->is_caseless && n <= LITERAL_MAX) {
		memcpy(s->run.bytes + s->run.n, s->in.p + s->at, n);
		s->run.n += n;
		s->last = n;
	}
	s->at += n;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_property(struct scan *s)
{
	if (peek(s, 0) != '{') {
		s->at++;
		return;
	}
	while (peek(s, 0) != -1 && peek(s, 0) != '}')
		s->at++;
	s->at++;
}

/* Behind the backslash. */
static void take_escape(struct scan *s)
{
	int c = peek(s, 0);
	if (c != -1 && !is_letter(c) && !is_digit(c)) {
		take_char(s);
	} else if (c == 'A' && s->at == s->begin + 1) {
		s->at++;
		s->run.at_start = true;
	} else if (c >= '1' && c <= '9') {
		end_run(s);
		while (is_digit(peek(s, 0)))
			s->at++;
	} else if (c == 'p' || c == 'P') {
		end_run(s);
		s->at++;
		skip_property(s);
	} else if (c > 0 && strchr("dDwWsShHvVRXbBzZAKtnrfea", c)) {
		end_run(s);
		s->at++;
	} else {
		lose(s); /* the end, \Q, \x, \o, \c, \g, \k, \N, \0 ...: rare enough to go without */
	}
}

/* At a bracket inside a class: itself, or "[:alpha:]", and then stops at its last character. */
static void skip_named_class(struct scan *s)
{
	size_t n = 2;
	if (peek(s, 1) == '.' || peek(s, 1) == '=')
		lose(s);
	if (peek(s, 1) != ':')
		return;
	while (is_letter(peek(s, n)) || peek(s, n) == '^')
		n++;
	if (peek(s, n) == ':' && peek(s, n + 1) == ']')
		s->at += n + 1;
	else
		lose(s);
}

/* Behind the opening bracket; stops behind the closing one. */
static void skip_class(struct scan *s)
{
	if (peek(s, 0) == '^')
		s->at++;
	if (peek(s, 0) == ']')
		s->at++;
	for (int c; (c = peek(s, 0)) != ']'; s->at++) {
		if (c == -1 || (c == '\\' && (peek(s, 1) == 'Q' || peek(s, 1) == -1))) {
			lose(s);
			return;
		}
		if (c == '\\')
			s->at++;
		if (c == '[')
			skip_named_class(s);
	}
	s->at++;
}

/* At what follows an opening parenthesis: false if it may change how the rest is read. */
static bool is_plain_group(const struct scan *s)
{
	if (peek(s, 0) == '*')
		return false;
	if (peek(s, 0) != '?')
		return true;
	int c = peek(s, 1);
	return (c > 0 && strchr(":=!<>|'", c)) || (c == 'P' && peek(s, 2) == '<');
}

/* Behind the opening parenthesis; stops behind the one that closes it. */
static void skip_group(struct scan *s)
{
	for (unsigned depth = 1; depth > 0 && !s->is_lost;) {
		int c = peek(s, 0);
		s->at++;
		if (c == -1) {
			lose(s);
		} else if (c == '\\') {
			if (peek(s, 0) == 'Q' || peek(s, 0) == -1)
				lose(s);
			s->at++;
		} else if (c == '[') {
			skip_class(s);
		} else if (c == '(') {
			if (!is_plain_group(s))
				lose(s);
			depth++;
		} else if (c == ')') {
			depth--;
		}
	}
}

/* Behind the opening parenthesis: takes "?i)", "?s)", "?is)", which hold to the end of the pattern, as
 * this is in no group. */
static bool take_options(struct scan *s)
{
	size_t n = 1;
	bool is_caseless = s->is_caseless, is_front = s->at == s->begin + 1;
	bool at_start = s->run.at_start && s->run.n == 0;
	for (; peek(s, n) == 'i' || peek(s, n) == 's'; n++)
		is_caseless |= peek(s, n) == 'i';
	if (peek(s, 0) != '?' || n == 1 || peek(s, n) != ')')
		return false;
	s->at += n + 1;
	s->is_caseless = is_caseless;
	end_run(s);
	s->run.at_start = at_start;
	if (is_front)
		s->begin = s->at;
	return true;
}

/* Bytes of "{2}", "{2,}", "{2,3}" (and of what later versions read so); 0: a plain brace. */
static size_t counted(const struct scan *s)
{
	size_t n = 1;
	while (is_digit(peek(s, n)) || peek(s, n) == ',' || peek(s, n) == ' ')
		n++;
	return n > 1 && peek(s, n) == '}' ? n + 1 : 0;
}

/* A quantifier and the ? or + behind it. */
static void take_quantifier(struct scan *s, size_t n)
{
	if (peek(s, 0) != '+')
		s->run.n -= s->last; /* may occur no times at all */
	end_run(s);
	s->at += n;
	if (peek(s, 0) == '?' || peek(s, 0) == '+')
		s->at++;
}

/* Behind the opening parenthesis. */
static void take_group(struct scan *s)
{
	if (take_options(s))
		return;
	end_run(s);
	if (is_plain_group(s))
		skip_group(s);
	else
		lose(s);
}

static void take_atom(struct scan *s)
{
	int c = peek(s, 0);
	size_t braces = c == '{' ? counted(s) : 0;
	if (c == '*' || c == '+' || c == '?' || braces) {
		take_quantifier(s, braces ? braces : 1);
	} else if (c == '\\') {
		s->at++;
		take_escape(s);
	} else if (c == '|') {
		s->best.n = 0;
		lose(s);
	} else if (c == '^' && s->at == s->begin) {
		s->at++;
		s->run.at_start = true;
	} else if (c == '.' || c == '^' || c == '$') {
		end_run(s);
		s->at++;
	} else if (c == '[') {
		end_run(s);
		s->at++;
		skip_class(s);
	} else if (c == '(') {
		s->at++;
		take_group(s);
	} else {
		take_char(s);
	}
}

struct literal literal_of(struct str pattern)
{
	struct scan s = {.in = pattern};
	while (s.at < pattern.n)
		take_atom(&s);
	if (s.is_lost)
		return (struct literal){0};
	end_run(&s);
	return s.best;
}
