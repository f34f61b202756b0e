/* The one file that knows simdjson. A struct json_at is a place on simdjson's tape: the document
 * and an index. Nothing thrown leaves this file: only simdjson's error codes are used. */
#include <simdjson.h>

#include <cerrno>
#include <charconv>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <new>

#define _Noreturn [[noreturn]]
extern "C" {
#include "base/json.h"
}
#undef _Noreturn

namespace
{

using simdjson::internal::tape_ref;
using simdjson::internal::tape_type;

constexpr size_t DEPTH = 64;
constexpr size_t STEP = size_t{1} << 20;  /* bytes: above it, capacity grows in steps of it */
constexpr unsigned LITTLE_USE = 1024;     /* small texts in a row after which a large buffer goes */
constexpr uint32_t COUNT_FULL = 0xffffff; /* what the tape says of a container with more members */

tape_ref tape(json_at at)
{
	return tape_ref(static_cast<const simdjson::dom::document *>(at.doc), at.place);
}

tape_type type_of(json_at at)
{
	return at.doc ? tape(at).tape_ref_type() : tape_type::NULL_VALUE;
}

json_at nothing()
{
	return json_at{nullptr, 0};
}

str text_of(tape_ref ref)
{
	return str{ref.get_c_str(), ref.get_string_length()};
}

size_t rounded(size_t n)
{
	if (n >= STEP)
		return (n + STEP - 1) / STEP * STEP;
	size_t cap = 4096;
	while (cap < n)
		cap *= 2;
	return cap;
}

} // namespace

/* The parser holds the tape and the strings, both sized by capacity; the copy is padded. */
struct json {
	simdjson::dom::parser parser;
	char *copy = nullptr;
	size_t capacity = 0; /* bytes of text that fit; 0: nothing is allocated */
	unsigned little = 0; /* texts in a row that used under an eighth of a large capacity */
};

extern "C" {

struct json *json_new(void)
{
	struct json *j = new (std::nothrow) json;
	BUG_ON(!j);
	return j;
}

void json_free(struct json *j)
{
	if (!j)
		return;
	free(j->copy);
	delete j;
}

} // extern "C"

namespace
{

bool resize(json *j, size_t capacity)
{
	char *copy = static_cast<char *>(realloc(j->copy, capacity + simdjson::SIMDJSON_PADDING));
	if (!copy)
		return false;
	j->copy = copy;
	j->capacity = 0;
	if (j->parser.allocate(capacity, DEPTH) != simdjson::SUCCESS ||
	    j->parser.doc.allocate(capacity) != simdjson::SUCCESS)
		return false;
	j->capacity = capacity;
	return true;
}

/* Grows at once; gives a large buffer back when it was hardly used for long. */
bool make_room(json *j, size_t n)
{
	bool is_wasteful = j->capacity > STEP && n < j->capacity / 8;
	j->little = is_wasteful ? j->little + 1 : 0;
	if (j->capacity && n <= j->capacity && j->little < LITTLE_USE)
		return true;
	j->little = 0;
	return resize(j, rounded(n));
}

} // namespace

extern "C" {

int json_parse(struct json *j, struct str text, struct json_at *out, struct why *why)
{
	*out = nothing();
	if (text.n > UINT32_MAX / 2)
		return why_set(why, -EMSGSIZE, "JSON of more than 2 GiB");
	if (!make_room(j, text.n))
		return why_set(why, -ENOMEM, "no memory for JSON of %zu bytes", text.n);
	if (text.n)
		memcpy(j->copy, text.p, text.n);
	memset(j->copy + text.n, ' ', simdjson::SIMDJSON_PADDING);
	simdjson::error_code error = j->parser.parse(j->copy, text.n, false).error();
	if (error == simdjson::DEPTH_ERROR)
		return why_set(why, -EINVAL, "JSON deeper than %zu levels", DEPTH);
	if (error)
		return why_set(why, -EINVAL, "not JSON: %s", simdjson::error_message(error));
	*out = json_at{&j->parser.doc, 1};
	return 0;
}

enum json_kind json_kind(struct json_at at)
{
	if (!at.doc)
		return JSON_NONE;
	switch (tape(at).tape_ref_type()) {
	case tape_type::START_OBJECT: return JSON_OBJECT;
	case tape_type::START_ARRAY: return JSON_ARRAY;
	case tape_type::STRING: return JSON_STRING;
	case tape_type::INT64:
	case tape_type::UINT64:
	case tape_type::DOUBLE: return JSON_NUMBER;
	case tape_type::TRUE_VALUE:
	case tape_type::FALSE_VALUE: return JSON_BOOL;
	case tape_type::NULL_VALUE: return JSON_NULL;
	default: return JSON_NONE;
	}
}

struct json_iter json_each(struct json_at at)
{
	enum json_kind kind = json_kind(at);
	struct json_iter it = {nothing(), str{nullptr, 0}, at, at.place + 1, at.place + 1};
	if (kind == JSON_OBJECT || kind == JSON_ARRAY)
		it.end = tape(at).after_element() - 1;
	return it;
}

bool json_next(struct json_iter *it)
{
	if (it->place >= it->end)
		return false;
	if (type_of(it->parent) == tape_type::START_OBJECT)
		it->key = text_of(tape(json_at{it->parent.doc, it->place++}));
	it->at = json_at{it->parent.doc, it->place};
	it->place = tape(it->at).after_element();
	return true;
}

static struct json_at get(struct json_at object, struct str key)
{
	if (json_kind(object) != JSON_OBJECT)
		return nothing();
	struct json_iter it = json_each(object);
	while (json_next(&it))
		if (str_eq(it.key, key))
			return it.at;
	return nothing();
}

struct json_at json_get(struct json_at object, const char *key)
{
	return get(object, str_c(key));
}

void json_pick(struct json_at object, const struct str *keys, struct json_at *out, size_t n)
{
	size_t left = n;
	for (size_t i = 0; i < n; i++)
		out[i] = nothing();
	if (json_kind(object) != JSON_OBJECT)
		return;
	struct json_iter it = json_each(object);
	while (left && json_next(&it))
		for (size_t i = 0; i < n; i++) {
			if (it.key.n != keys[i].n || out[i].doc || !str_eq(it.key, keys[i]))
				continue;
			out[i] = it.at;
			left--;
			break;
		}
}

struct json_at json_path(struct json_at at, const char *path)
{
	struct str rest = str_c(path);
	while (rest.n)
		at = get(at, str_cut(&rest, '.'));
	return at;
}

struct str json_str(struct json_at at)
{
	return json_kind(at) == JSON_STRING ? text_of(tape(at)) : str{"", 0};
}

bool json_bool(struct json_at at)
{
	return type_of(at) == tape_type::TRUE_VALUE;
}

int64_t json_i64(struct json_at at)
{
	return type_of(at) == tape_type::INT64 ? tape(at).next_tape_value<int64_t>() : 0;
}

uint64_t json_u64(struct json_at at)
{
	if (type_of(at) == tape_type::UINT64)
		return tape(at).next_tape_value<uint64_t>();
	int64_t v = json_i64(at);
	return v > 0 ? static_cast<uint64_t>(v) : 0;
}

bool json_is_whole(struct json_at at, uint64_t *out)
{
	bool is_whole = type_of(at) == tape_type::UINT64 ||
			(type_of(at) == tape_type::INT64 && json_i64(at) >= 0);
	if (is_whole)
		*out = json_u64(at);
	return is_whole;
}

double json_f64(struct json_at at)
{
	switch (type_of(at)) {
	case tape_type::DOUBLE: return tape(at).next_tape_value<double>();
	case tape_type::INT64: return static_cast<double>(tape(at).next_tape_value<int64_t>());
	case tape_type::UINT64: return static_cast<double>(tape(at).next_tape_value<uint64_t>());
	default: return 0;
	}
}

uint64_t json_id(struct json_at at)
{
	uint64_t id = 0;
	if (json_kind(at) == JSON_STRING)
		return str_to_u64(json_str(at), &id) ? id : 0;
	return json_u64(at);
}

size_t json_count(struct json_at at)
{
	enum json_kind kind = json_kind(at);
	if (kind != JSON_OBJECT && kind != JSON_ARRAY)
		return 0;
	size_t n = tape(at).scope_count();
	if (n < COUNT_FULL)
		return n;
	struct json_iter it = json_each(at);
	for (n = 0; json_next(&it);)
		n++;
	return n;
}

/* Bytes of the UTF-8 character at p, 0 if there is none. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	unsigned char c = p[0];
	size_t want = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
	if (want == 0 || want > n)
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	bool is_overlong = (c == 0xe0 && p[1] < 0xa0) || (c == 0xf0 && p[1] < 0x90);
	bool is_surrogate = c == 0xed && p[1] >= 0xa0;
	bool is_beyond = c == 0xf4 && p[1] >= 0x90;
	return is_overlong || is_surrogate || is_beyond ? 0 : want;
}

static void add_escaped(struct buf *out, unsigned char c)
{
	static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
	const char *at = c ? strchr(from, c) : nullptr;
	if (at) {
		buf_addc(out, '\\');
		buf_addc(out, to[at - from]);
	} else {
		buf_addf(out, "\\u%04x", c);
	}
}

void json_add_str(struct buf *out, struct str text)
{
	const unsigned char *p = reinterpret_cast<const unsigned char *>(text.p);
	size_t plain = 0, i = 0; /* from plain to i nothing needs a change */
	buf_addc(out, '"');
	while (i < text.n) {
		size_t n = utf8_length(p + i, text.n - i);
		bool is_special = n == 1 && (p[i] < ' ' || p[i] == '"' || p[i] == '\\');
		if (n && !is_special) {
			i += n;
			continue;
		}
		buf_add(out, p + plain, i - plain);
		if (n)
			add_escaped(out, p[i]);
		else
			buf_adds(out, str{"\xef\xbf\xbd", 3});
		plain = ++i;
	}
	if (text.n)
		buf_add(out, p + plain, i - plain);
	buf_addc(out, '"');
}

static void add_number(struct buf *out, struct json_at at)
{
	char text[64];
	std::to_chars_result end = {};
	switch (type_of(at)) {
	case tape_type::INT64:
		end = std::to_chars(text, text + sizeof text, tape(at).next_tape_value<int64_t>());
		break;
	case tape_type::UINT64:
		end = std::to_chars(text, text + sizeof text, tape(at).next_tape_value<uint64_t>());
		break;
	default: end = std::to_chars(text, text + sizeof text, json_f64(at));
	}
	struct str written = {text, static_cast<size_t>(end.ptr - text)};
	buf_adds(out, written);
	bool is_whole = str_find(written, '.') == written.n && str_find(written, 'e') == written.n;
	if (type_of(at) == tape_type::DOUBLE && is_whole)
		buf_adds(out, str{".0", 2});
}

static void add_container(struct buf *out, struct json_at at, bool is_object)
{
	struct json_iter it = json_each(at);
	bool more = false;
	buf_addc(out, is_object ? '{' : '[');
	while (json_next(&it)) {
		if (more)
			buf_addc(out, ',');
		more = true;
		if (is_object) {
			json_add_str(out, it.key);
			buf_addc(out, ':');
		}
		json_minify(out, it.at);
	}
	buf_addc(out, is_object ? '}' : ']');
}

void json_minify(struct buf *out, struct json_at at)
{
	switch (json_kind(at)) {
	case JSON_OBJECT: add_container(out, at, true); break;
	case JSON_ARRAY: add_container(out, at, false); break;
	case JSON_STRING: json_add_str(out, json_str(at)); break;
	case JSON_NUMBER: add_number(out, at); break;
	case JSON_BOOL: buf_adds(out, json_bool(at) ? str{"true", 4} : str{"false", 5}); break;
	case JSON_NULL:
	case JSON_NONE: buf_adds(out, str{"null", 4}); break;
	}
}

} // extern "C"
