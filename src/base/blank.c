#include "base/blank.h"

/* The longest run at the front of text that the secret holds, too. */
static size_t run(const char *text, struct str secret)
{
	size_t longest = 0;
	for (size_t i = 0; i + longest < secret.n; i++) {
		size_t n = 0;
		while (i + n < secret.n && text[n] && text[n] == secret.p[i + n])
			n++;
		longest = n > longest ? n : longest;
	}
	return longest;
}

void blank(char *line, struct str secret)
{
	size_t least = secret.n < BLANK_LEAST ? secret.n : BLANK_LEAST;
	char *out = line;
	while (*line) {
		size_t n = run(line, secret);
		if (n < least) {
			*out++ = *line++;
			continue;
		}
		memset(out, '*', 3);
		out += 3;
		line += n;
	}
	*out = 0;
}
