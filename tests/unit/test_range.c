// SPDX-License-Identifier: GPL-2.0-only
#include "testing.h"
#include <linux/limits.h>

#include "range.h"

/* The model is a bit per position of a short line, placed anywhere in u64 */
#define LINE 64

static uint64_t model_bits(const struct bs_range *r, uint64_t base)
{
	uint64_t bits = 0;
	unsigned int i;

	for (i = 0; i < LINE && base + i != U64_MAX; i++) {
		uint64_t pos = base + i;

		if (pos >= r->start && pos - r->start < r->len)
			bits |= 1ULL << i;
	}
	return bits;
}

static uint64_t model_set(const struct bs_range *r, uint32_t nr, uint64_t base)
{
	uint64_t bits = 0;
	uint32_t i;

	for (i = 0; i < nr; i++)
		bits |= model_bits(&r[i], base);
	return bits;
}

static uint64_t random_base(void)
{
	switch (test_random_below(3)) {
	case 0:
		return 0;
	case 1:
		return U64_MAX - (LINE - 1);
	default:
		return test_random() & (U64_MAX >> 1);
	}
}

/* Inside of the line; near the end of u64 it may want to reach beyond */
static struct bs_range random_range(uint64_t base, uint64_t max_len)
{
	uint64_t at = test_random_below(LINE);
	uint64_t len = test_random_below(max_len + 1);

	if (base != U64_MAX - (LINE - 1) && len > LINE - at)
		len = LINE - at;
	return (struct bs_range) { .start = base + at, .len = len };
}

static void block_maths(void **state)
{
	(void)state;
	assert_int_equal(BS_BLOCK_SIZE, 4096);
	assert_int_equal(BS_SECTORS_PER_BLOCK, 8);
	assert_int_equal(bs_block_of(7), 0);
	assert_int_equal(bs_block_of(8), 1);
	assert_true(bs_block_of(U64_MAX) == U64_MAX / 8);
	assert_int_equal(bs_block_sector(3), 24);
	assert_int_equal(bs_blocks_in(0), 0);
	assert_int_equal(bs_blocks_in(1), 1);
	assert_int_equal(bs_blocks_in(8), 1);
	assert_int_equal(bs_blocks_in(9), 2);
	/* Rounding up does not wrap around */
	assert_true(bs_blocks_in(U64_MAX) == U64_MAX / 8 + 1);
}

static void range_end_saturates(void **state)
{
	(void)state;
	assert_int_equal(bs_range_end(3, 4), 7);
	assert_true(bs_range_end(U64_MAX, 0) == U64_MAX);
	assert_true(bs_range_end(U64_MAX - 1, 1) == U64_MAX);
	assert_true(bs_range_end(U64_MAX - 1, 2) == U64_MAX);
	assert_true(bs_range_end(1, U64_MAX) == U64_MAX);
}

static void check_to_blocks(uint64_t start, uint64_t len, uint64_t first, uint64_t nr)
{
	u64 got_first, got_nr;

	bs_range_to_blocks(start, len, &got_first, &got_nr);
	assert_true(got_first == first);
	assert_true(got_nr == nr);
}

static void sectors_to_blocks(void **state)
{
	(void)state;
	check_to_blocks(0, 0, 0, 0);
	check_to_blocks(13, 0, 1, 0);
	check_to_blocks(0, 1, 0, 1);
	check_to_blocks(0, 8, 0, 1);
	check_to_blocks(7, 1, 0, 1);
	check_to_blocks(7, 2, 0, 2);
	check_to_blocks(8, 8, 1, 1);
	check_to_blocks(9, 8, 1, 2);
	check_to_blocks(0, U64_MAX, 0, U64_MAX / 8 + 1);
	check_to_blocks(U64_MAX - 1, U64_MAX, U64_MAX / 8, 1);
}

static void sectors_to_blocks_random(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		uint64_t start = test_random_below(200), len = test_random_below(100);
		uint64_t sector, first = start / 8, last = first;

		for (sector = start; sector < start + len; sector++)
			last = sector / 8;
		check_to_blocks(start, len, first, len ? last - first + 1 : 0);
	}
}

static void overlap_and_clip_random(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 50000; i++) {
		uint64_t base = random_base();
		struct bs_range a = random_range(base, LINE), b = random_range(base, LINE);
		uint64_t common = model_bits(&a, base) & model_bits(&b, base);

		assert_int_equal(bs_ranges_overlap(&a, &b), common != 0);
		assert_int_equal(bs_range_clip(&a, &b), common != 0);
		assert_true(model_bits(&a, base) == common);
		if (!common)
			assert_int_equal(a.len, 0);
	}
}

static void normalise_by_hand(void **state)
{
	struct bs_range r[] = {
		{ 30, 5 }, { 10, 5 }, { 99, 0 }, { 15, 5 }, { 31, 1 }, { 12, 1 }, { 34, 2 },
	};

	(void)state;
	assert_int_equal(bs_rangeset_normalise(r, ARRAY_SIZE(r)), 2);
	assert_int_equal(r[0].start, 10);
	assert_int_equal(r[0].len, 10);
	assert_int_equal(r[1].start, 30);
	assert_int_equal(r[1].len, 6);
	assert_int_equal(bs_rangeset_normalise(r, 0), 0);
}

static void empty_set(void **state)
{
	u64 run;

	(void)state;
	assert_false(bs_rangeset_test(NULL, 0, 5, &run));
	assert_true(run == U64_MAX - 5);
	assert_false(bs_rangeset_overlaps(NULL, 0, 0, U64_MAX));
}

static void check_normalised(const struct bs_range *r, uint32_t nr)
{
	uint32_t i;

	for (i = 0; i < nr; i++)
		assert_true(r[i].len);
	for (i = 1; i < nr; i++)
		assert_true(bs_range_end(r[i - 1].start, r[i - 1].len) < r[i].start);
}

static void check_tests(const struct bs_range *r, uint32_t nr, uint64_t bits, uint64_t base)
{
	unsigned int i, j;
	u64 run;

	for (i = 0; i < LINE && base + i != U64_MAX; i++) {
		bool in = bits >> i & 1;

		assert_int_equal(bs_rangeset_test(r, nr, base + i, &run), in);
		for (j = i + 1; j < LINE && base + j != U64_MAX; j++)
			if ((bits >> j & 1) != in)
				break;
		if (j < LINE && base + j != U64_MAX)
			assert_true(run == j - i);
		else if (in)	/* the line ends where the last range ends */
			assert_true(run == j - i);
		else
			assert_true(run == U64_MAX - (base + i));
	}
}

static void sets_random(void **state)
{
	int i, j;

	(void)state;
	for (i = 0; i < 5000; i++) {
		uint32_t k, nr = test_random_below(9);
		uint64_t bits, base = random_base();
		struct bs_range r[8];

		for (k = 0; k < nr; k++)
			r[k] = random_range(base, 12);
		bits = model_set(r, nr, base);

		nr = bs_rangeset_normalise(r, nr);
		check_normalised(r, nr);
		assert_true(model_set(r, nr, base) == bits);
		check_tests(r, nr, bits, base);
		for (j = 0; j < 50; j++) {
			struct bs_range q = random_range(base, LINE);

			assert_int_equal(bs_rangeset_overlaps(r, nr, q.start, q.len),
					 (model_bits(&q, base) & bits) != 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(block_maths),
		cmocka_unit_test(range_end_saturates),
		cmocka_unit_test(sectors_to_blocks),
		cmocka_unit_test(sectors_to_blocks_random),
		cmocka_unit_test(overlap_and_clip_random),
		cmocka_unit_test(normalise_by_hand),
		cmocka_unit_test(empty_set),
		cmocka_unit_test(sets_random),
	};

	test_random_init();
	return cmocka_run_group_tests_name("range", tests, NULL, NULL);
}
