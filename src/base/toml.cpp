/* The one file that knows toml++. It throws: nothing of that leaves toml_read(). */
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <exception>
#include <vector>

#define _Noreturn [[noreturn]]
extern "C" {
#include "base/toml.h"
}
#undef _Noreturn

namespace
{

/* Lists point into pool: a deque never moves what it holds. */
struct walk {
	std::vector<toml_value> values;
	std::deque<std::vector<toml_value>> pool;
};

str str_from(std::string_view s)
{
	return str{s.data(), s.size()};
}

const char *name_of(toml::node_type type)
{
	switch (type) {
	case toml::node_type::table: return "a table";
	case toml::node_type::array: return "a list";
	case toml::node_type::string: return "a string";
	case toml::node_type::integer: return "a whole number";
	case toml::node_type::floating_point: return "a number with a fraction";
	case toml::node_type::boolean: return "true or false";
	case toml::node_type::none: return "nothing";
	default: return "a date or time";
	}
}

toml_value plain(const toml::node &node, const toml::source_position &at)
{
	toml_value v = {};
	v.line = at.line;
	v.column = at.column;
	v.kind = TOML_ELSE;
	v.kind_name = name_of(node.type());
	if (const auto *text = node.as_string()) {
		v.kind = TOML_TEXT;
		v.text = str_from(text->get());
	} else if (const auto *number = node.as_integer()) {
		v.kind = TOML_NUMBER;
		v.number = number->get();
	}
	return v;
}

toml_value value_of(walk &w, const toml::node &node, const toml::source_position &at)
{
	toml_value v = plain(node, at);
	const toml::array *list = node.as_array();
	if (!list)
		return v;
	auto &items = w.pool.emplace_back();
	for (const toml::node &item : *list)
		items.push_back(plain(item, item.source().begin));
	v.kind = TOML_LIST;
	v.items = items.data();
	v.n = items.size();
	return v;
}

void add_section(walk &w, str section, const toml::table &table, const toml::source_position &at)
{
	toml_value head = plain(table, at);
	head.kind = TOML_SECTION;
	head.section = section;
	w.values.push_back(head);
	for (const auto &[key, node] : table) {
		toml_value v = value_of(w, node, key.source().begin);
		v.section = section;
		v.key = str_from(key.str());
		w.values.push_back(v);
	}
}

void collect(walk &w, const toml::table &root)
{
	for (const auto &[key, node] : root) {
		if (const toml::table *table = node.as_table()) {
			add_section(w, str_from(key.str()), *table, key.source().begin);
		} else {
			w.values.push_back(value_of(w, node, key.source().begin));
			w.values.back().key = str_from(key.str());
		}
	}
	std::stable_sort(w.values.begin(), w.values.end(),
			 [](const toml_value &a, const toml_value &b) {
				 return a.line != b.line ? a.line < b.line : a.column < b.column;
			 });
}

int read(std::string_view text, toml_fn *fn, void *arg, struct why *why)
{
	walk w;
	const toml::table root = toml::parse(text);
	collect(w, root);
	for (const toml_value &v : w.values)
		if (int r = fn(arg, &v, why))
			return r;
	return 0;
}

} // namespace

extern "C" int toml_read(struct str text, const char *name, toml_fn *fn, void *arg, struct why *why)
{
	try {
		return read(std::string_view(text.n ? text.p : "", text.n), fn, arg, why);
	} catch (const toml::parse_error &e) {
		const auto &at = e.source().begin;
		return why_set(why, -EINVAL, "%s:%u:%u: %s", name, static_cast<unsigned>(at.line),
			       static_cast<unsigned>(at.column), e.what());
	} catch (const std::exception &e) {
		return why_set(why, -EINVAL, "%s: %s", name, e.what());
	}
}
