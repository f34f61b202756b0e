/* The public face of text and JSON. */
#include "bot/client.h"

char *tt_keep(tt_str text)
{
	return text.p ? str_dup(private_str(text)) : NULL;
}

tt_str tt_text(const char *text)
{
	return public_str(str_c(text));
}

bool tt_equal(tt_str text, const char *other)
{
	return str_eq(private_str(text), str_c(other));
}

enum tt_json_kind tt_json_kind(tt_json at)
{
	static const enum tt_json_kind kinds[] = {
		[JSON_NONE] = TT_JSON_NONE,     [JSON_NULL] = TT_JSON_NULL,
		[JSON_BOOL] = TT_JSON_BOOL,     [JSON_NUMBER] = TT_JSON_NUMBER,
		[JSON_STRING] = TT_JSON_STRING, [JSON_ARRAY] = TT_JSON_ARRAY,
		[JSON_OBJECT] = TT_JSON_OBJECT,
	};
	return kinds[json_kind(private_json(at))];
}

tt_json tt_json_get(tt_json object, const char *key)
{
	return public_json(json_get(private_json(object), key));
}

tt_json tt_json_path(tt_json at, const char *path)
{
	return public_json(json_path(private_json(at), path));
}

tt_str tt_json_str(tt_json at)
{
	return public_str(json_str(private_json(at)));
}

bool tt_json_bool(tt_json at)
{
	return json_bool(private_json(at));
}

int64_t tt_json_i64(tt_json at)
{
	return json_i64(private_json(at));
}

uint64_t tt_json_u64(tt_json at)
{
	return json_u64(private_json(at));
}

double tt_json_f64(tt_json at)
{
	return json_f64(private_json(at));
}

tt_id tt_json_id(tt_json at)
{
	return json_id(private_json(at));
}

size_t tt_json_count(tt_json at)
{
	return json_count(private_json(at));
}

static struct tt_json_iter public_iter(struct json_iter it)
{
	return (struct tt_json_iter){public_json(it.at), public_str(it.key), public_json(it.parent),
				     it.place, it.end};
}

struct tt_json_iter tt_json_each(tt_json at)
{
	return public_iter(json_each(private_json(at)));
}

bool tt_json_next(struct tt_json_iter *it)
{
	struct json_iter inner = {private_json(it->at), private_str(it->key),
				  private_json(it->parent), it->place, it->end};
	bool is_there = json_next(&inner);
	*it = public_iter(inner);
	return is_there;
}
