#include "proto/retry_after.h"

struct moment {
	struct str month, day, year, time;
};

/* Days from 1970 to the first of that month; the year begins in March, so the leap day is its last. */
static uint64_t days_before(uint64_t year, uint64_t month)
{
	uint64_t y = month > 2 ? year : year - 1;
	uint64_t m = month > 2 ? month - 3 : month + 9;
	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 - 719468;
}

static bool read_month(struct str text, uint64_t *out)
{
	static const struct str names[] = {STR_INIT("Jan"), STR_INIT("Feb"), STR_INIT("Mar"),
					   STR_INIT("Apr"), STR_INIT("May"), STR_INIT("Jun"),
					   STR_INIT("Jul"), STR_INIT("Aug"), STR_INIT("Sep"),
					   STR_INIT("Oct"), STR_INIT("Nov"), STR_INIT("Dec")};
	for (*out = 1; *out <= 12; (*out)++)
		if (str_eq(text, names[*out - 1]))
			return true;
	return false;
}

/* Two digits: 1970 to 2069. */
static bool read_year(struct str text, uint64_t *out)
{
	if (!str_to_u64(text, out) || (text.n != 2 && text.n != 4))
		return false;
	if (text.n == 2)
		*out += *out < 70 ? 2000 : 1900;
	return *out >= 1970;
}

/* "08:49:37", in seconds. */
static bool read_time(struct str text, uint64_t *out)
{
	static const uint64_t above[] = {24, 60, 61}; /* a leap second */
	*out = 0;
	for (int i = 0; i < 3; i++) {
		uint64_t part;
		struct str digits = str_cut(&text, ':');
		if (digits.n != 2 || !str_to_u64(digits, &part) || part >= above[i])
			return false;
		*out = *out * 60 + part;
	}
	return text.n == 0;
}

/* The words between blanks, commas and dashes; how many there are, of which n at most are kept. */
static size_t split(struct str text, struct str *out, size_t n)
{
	size_t words = 0;
	for (size_t i = 0, from = 0; i <= text.n; i++) {
		if (i < text.n && !strchr(" ,-", text.p[i]))
			continue;
		if (i > from && words++ < n)
			out[words - 1] = str_of(text.p + from, i - from);
		from = i + 1;
	}
	return words;
}

bool retry_after_date(struct str text, uint64_t *out)
{
	struct str w[6];
	uint64_t year, month, day, time;
	size_t n = split(text, w, 6);
	struct moment at;
	if (n == 6 && str_eq(w[5], STR("GMT"))) /* Sun, 06 Nov 1994 08:49:37 GMT */
		at = (struct moment){.day = w[1], .month = w[2], .year = w[3], .time = w[4]};
	else if (n == 5) /* Sun Nov  6 08:49:37 1994 */
		at = (struct moment){.month = w[1], .day = w[2], .time = w[3], .year = w[4]};
	else
		return false;
	if (!read_month(at.month, &month) || !str_to_u64(at.day, &day) || day < 1 || day > 31 ||
	    !read_year(at.year, &year) || !read_time(at.time, &time))
		return false;
	*out = (days_before(year, month) + day - 1) * 86400 + time;
	return true;
}

uint64_t retry_after_us(struct str text, struct str date, uint64_t now_s)
{
	double s = 0;
	uint64_t until;
	if (!str_to_f64(text, &s) && retry_after_date(text, &until)) {
		(void)retry_after_date(date, &now_s);
		s = until > now_s ? (double)(until - now_s) : 0;
	}
	if (!(s > 0))
		return 0;
	return s * 1e6 < (double)RETRY_AFTER_MAX_US ? (uint64_t)(s * 1e6) : RETRY_AFTER_MAX_US;
}
