#include "proto/seal.h"

#include "test/unit.h"

static void what_was_sealed_is_read_again(void **state)
{
	static const uint64_t values[] = {0, 1, 42, 1ull << 32, SEAL_MOST};
	uint64_t value;
	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		assert_true(unseal(seal(values[i], seal_of(7)), seal_of(7), &value));
		assert_true(value == values[i]);
	}
}

static void a_turned_bit_or_two_is_found(void **state)
{
	uint64_t value, word = seal(42, seal_of(1790000000000));
	(void)state;
	for (unsigned i = 0; i < 64; i++)
		for (unsigned j = 0; j < 64; j++)
			if (i != j)
				assert_false(unseal(word ^ 1ull << i ^ 1ull << j,
						    seal_of(1790000000000), &value));
	for (unsigned i = 0; i < 64; i++)
		assert_false(unseal(word ^ 1ull << i, seal_of(1790000000000), &value));
}

static void it_says_what_it_is_about(void **state)
{
	uint64_t value, word = seal(42, seal_of(1790000000000));
	(void)state;
	for (unsigned i = 0; i < 48; i++)
		assert_false(unseal(word, seal_of(1790000000000 ^ 1ull << i), &value));
}

static void what_has_no_room_is_not_read_as_something_smaller(void **state)
{
	uint64_t value;
	(void)state;
	assert_false(unseal(seal(SEAL_MOST + 43, 1), 1, &value));
	assert_false(unseal(seal(UINT64_MAX, 1), 1, &value));
}

int main(void)
{
	return run_unit(test(what_was_sealed_is_read_again), test(a_turned_bit_or_two_is_found),
			test(it_says_what_it_is_about),
			test(what_has_no_room_is_not_read_as_something_smaller));
}
