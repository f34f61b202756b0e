/* JSON texts in small: strings, numbers and words as they stand, and escapes taken away. */
#include "proto/envelope_walk.h"

bool json_is_string(struct str raw)
{
	if (raw.n < 2 || raw.p[0] != '"' || raw.p[raw.n - 1] != '"')
		return false;
	for (size_t i = 1; i < raw.n - 1; i++) {
		if (raw.p[i] == '"' || (unsigned char)raw.p[i] < ' ')
			return false;
		if (raw.p[i] == '\\' && ++i == raw.n - 1)
			return false;
	}
	return true;
}

static size_t skip_digits(struct str raw, size_t i)
{
	while (i < raw.n && raw.p[i] >= '0' && raw.p[i] <= '9')
		i++;
	return i;
}

static bool is_number(struct str raw)
{
	size_t i = raw.n && raw.p[0] == '-', begin = i;
	i = skip_digits(raw, i);
	if (i == begin || (raw.p[begin] == '0' && i > begin + 1))
		return false;
	if (i < raw.n && raw.p[i] == '.') {
		begin = ++i;
		i = skip_digits(raw, i);
		if (i == begin)
			return false;
	}
	if (i < raw.n && (raw.p[i] | 0x20) == 'e') {
		i++;
		i += i < raw.n && (raw.p[i] == '+' || raw.p[i] == '-');
		begin = i;
		i = skip_digits(raw, i);
		if (i == begin)
			return false;
	}
	return i == raw.n;
}

bool json_is_scalar(struct str raw)
{
	return json_is_string(raw) || is_number(raw) || str_eq(raw, STR("null")) ||
	       str_eq(raw, STR("true")) || str_eq(raw, STR("false"));
}

/* Four hexadecimal digits; UINT32_MAX where they are none. */
static uint32_t read_hex4(struct str raw, size_t at)
{
	uint32_t v = 0;
	if (raw.n < 4 || at > raw.n - 4)
		return UINT32_MAX;
	for (size_t i = at; i < at + 4; i++) {
		unsigned c = (unsigned char)raw.p[i], letter = (c | 0x20) - 'a';
		if (c - '0' > 9 && letter > 5)
			return UINT32_MAX;
		v = v << 4 | (c - '0' <= 9 ? c - '0' : letter + 10);
	}
	return v;
}

/* The character of "\uD83D\uDE00" at i, which becomes the place behind it; UINT32_MAX: none. */
static uint32_t read_u(struct str raw, size_t *i)
{
	uint32_t high = read_hex4(raw, *i + 2);
	*i += 6;
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff || *i + 6 > raw.n || raw.p[*i] != '\\' || raw.p[*i + 1] != 'u')
		return UINT32_MAX;
	uint32_t low = read_hex4(raw, *i + 2);
	*i += 6;
	if (low < 0xdc00 || low > 0xdfff)
		return UINT32_MAX;
	return 0x10000 + ((high & 0x3ff) << 10 | (low & 0x3ff));
}

static size_t put_utf8(char out[static 4], uint32_t c)
{
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = size; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(size == 1 ? c : lead[size] | c);
	return size;
}

/* The character that the escape at i means; i becomes the place behind it. */
static uint32_t read_escape(struct str raw, size_t *i)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (*i + 1 >= raw.n)
		return UINT32_MAX;
	char c = raw.p[*i + 1];
	if (c == 'u')
		return read_u(raw, i);
	const char *at = c ? strchr(from, c) : NULL;
	*i += 2;
	return at ? (uint32_t)to[at - from] : UINT32_MAX;
}

bool json_unescape(struct str *out, struct str raw, char *room, size_t size)
{
	if (str_find(raw, '\\') == raw.n) {
		*out = raw;
		return true;
	}
	size_t n = 0;
	for (size_t i = 0; i < raw.n;) {
		char utf8[4] = {raw.p[i]};
		size_t one = 1;
		if (raw.p[i] == '\\') {
			uint32_t c = read_escape(raw, &i);
			if (c == UINT32_MAX)
				return false;
			one = put_utf8(utf8, c);
		} else {
			i++;
		}
		if (one > size - n)
			return false;
		memcpy(room + n, utf8, one);
		n += one;
	}
	*out = str_of(room, n);
	return true;
}

static size_t skip_blanks(struct str text, size_t i)
{
	while (i < text.n && strchr(" \t\r\n", text.p[i]) && text.p[i])
		i++;
	return i;
}

/* Behind the string whose quote is at i. */
static size_t skip_string(struct str text, size_t i)
{
	for (i++; i < text.n && text.p[i] != '"'; i++)
		i += text.p[i] == '\\';
	return i < text.n ? i + 1 : text.n;
}

/* Behind the value at i: brackets in pairs, or up to the next comma or bracket. */
static size_t skip_value(struct str text, size_t i)
{
	size_t depth = 0;
	while (i < text.n) {
		char c = text.p[i];
		if (c == '"') {
			i = skip_string(text, i);
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			break;
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		i++;
	}
	return i;
}

bool json_next_member(struct str *rest, struct str *key, struct str *value)
{
	size_t i = skip_blanks(*rest, 0);
	if (i == rest->n || (rest->p[i] != '{' && rest->p[i] != ','))
		return false;
	size_t begin = skip_blanks(*rest, i + 1);
	if (begin == rest->n || rest->p[begin] != '"')
		return false;
	size_t end = skip_string(*rest, begin);
	i = skip_blanks(*rest, end);
	if (i == rest->n || rest->p[i] != ':')
		return false;
	*key = str_of(rest->p + begin + 1, end - begin - 2);
	begin = skip_blanks(*rest, i + 1);
	end = skip_value(*rest, begin);
	*value = str_trim(str_of(rest->p + begin, end - begin));
	*rest = str_of(rest->p + end, rest->n - end);
	return true;
}
