#include "base/log.h"

#include "base/blank.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, SECRETS = 4, QUOTES = 8 };

static const char *const level_names[] = {"error", "warn", "info", "debug", "trace"};

static struct {
	_Atomic int level;
	int fd;
	const char *name;
	char *secret[SECRETS];
	_Atomic size_t secrets;
} out = {.level = LOG_INFO, .fd = 2, .name = "tutti"};

int log_open(enum log_level level, const char *path)
{
	atomic_store(&out.level, level);
	if (!path || !*path)
		return 0;
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (out.fd != 2)
		close(out.fd);
	out.fd = fd;
	return 0;
}

void log_name(const char *name)
{
	out.name = name;
}

void log_hide(struct str secret)
{
	size_t n = atomic_load(&out.secrets);
	if (secret.n < 8 || n == SECRETS)
		return;
	out.secret[n] = str_dup(secret);
	atomic_store(&out.secrets, n + 1);
}

bool log_level_from(struct str text, enum log_level *level)
{
	for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
		if (str_eq(text, str_c(level_names[i]))) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool log_wants(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&out.level, memory_order_relaxed);
}

static void blank_secrets(char *line)
{
	for (size_t i = 0; i < atomic_load(&out.secrets); i++)
		blank(line, str_c(out.secret[i]));
}

/* A value with a newline would forge a line: what is not printable becomes a blank. */
static void one_line(char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < ' ')
			*line = ' ';
}

static char *put_digits(char *w, unsigned n, int digits, char behind)
{
	for (int i = digits - 1; i >= 0; i--, n /= 10)
		w[i] = (char)('0' + n % 10);
	w[digits] = behind;
	return w + digits + 1;
}

/* By hand: gmtime_r() takes a lock, which the thread that a signal stopped may hold. Days are counted
 * from March of the year 0, so that a leap day is the last of its year. */
void log_stamp(char text[static LOG_STAMP], const struct timespec *at)
{
	uint64_t s = (uint64_t)at->tv_sec, days = s / 86400 + 719468;
	unsigned second = (unsigned)(s % 86400), era = (unsigned)(days / 146097);
	unsigned day = (unsigned)(days % 146097);
	unsigned year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned in_year = day - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * in_year + 2) / 153;
	char *w = put_digits(text, year + era * 400 + (month >= 10), 4, '-');
	w = put_digits(w, month < 10 ? month + 3 : month - 9, 2, '-');
	w = put_digits(w, in_year - (153 * month + 2) / 5 + 1, 2, 'T');
	w = put_digits(w, second / 3600, 2, ':');
	w = put_digits(w, second / 60 % 60, 2, ':');
	w = put_digits(w, second % 60, 2, '.');
	w = put_digits(w, (unsigned)(at->tv_nsec / 1000), 6, 'Z');
	*w = 0;
}

static size_t stamp(char *line, size_t room, enum log_level level, const char *event)
{
	struct timespec now;
	char at[LOG_STAMP];
	clock_gettime(CLOCK_REALTIME, &now);
	log_stamp(at, &now);
	int n = snprintf(line, room, "%s %s %s by=%s ", at, level_names[level], event, out.name);
	return n > 0 ? (size_t)n : 0;
}

void log_at(enum log_level level, const char *event, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	if (!log_wants(level))
		return;
	int saved = errno;
	size_t n = stamp(line, sizeof line - 1, level, event);
	va_list args;
	va_start(args, fmt);
	vsnprintf(line + n, sizeof line - 1 - n, fmt, args);
	va_end(args);
	blank_secrets(line);
	one_line(line);
	n = strlen(line);
	while (n && line[n - 1] == ' ')
		n--;
	line[n++] = '\n';
	ssize_t done = write(out.fd, line, n);
	(void)done; /* nowhere left to say that the log is full */
	errno = saved;
}

/* Bytes of a character that shows nothing, or turns round what is shown of the line; 0: it is none. */
static unsigned hidden(struct str at, unsigned *code)
{
	static const struct {
		unsigned from, to;
	} ranges[] = {{0x80, 0x9f},     {0x61c, 0x61c},   {0x200b, 0x200f},
		      {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}};
	const unsigned char *p = (const unsigned char *)at.p;
	unsigned n = p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc0 || p[0] >= 0xf0 || at.n < n)
		return 0;
	*code = n == 2 ? (p[0] & 31u) << 6 | (p[1] & 63u)
		       : (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (*code >= ranges[i].from && *code <= ranges[i].to)
			return n;
	return 0;
}

const char *log_quote(struct str text)
{
	static _Thread_local char ring[QUOTES][256];
	static _Thread_local unsigned turn;
	char *q = ring[turn++ % QUOTES], *w = q;
	*w++ = '"';
	for (size_t i = 0; i < text.n && w < q + 200; i++) {
		unsigned char c = (unsigned char)text.p[i];
		unsigned code, n = hidden(str_of(text.p + i, text.n - i), &code);
		if (n) {
			w += sprintf(w, "\\u%04x", code);
			i += n - 1;
			continue;
		}
		if (c == '"' || c == '\\')
			*w++ = '\\';
		*w++ = c < ' ' || c == 127 ? ' ' : (char)c;
	}
	*w++ = '"';
	*w = 0;
	return q;
}
