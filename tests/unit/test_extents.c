// SPDX-License-Identifier: GPL-2.0-only
#include "testing.h"
#include <errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <string.h>

#include "extents.h"
#include "range.h"

#define ANY_SIZE U64_MAX

static void one_extent(void **state)
{
	struct bs_extent e = { .sector = 63, .blocks = 10 };
	u32 total, run;

	(void)state;
	/* Need not be aligned, and may end with the device */
	assert_int_equal(bs_extents_finish(&e, 1, 63 + 80, ANY_SIZE, &total), 0);
	assert_int_equal(total, 10);
	assert_int_equal(e.first, 0);
	assert_int_equal(bs_extents_sector(&e, 1, 0, &run), 63);
	assert_int_equal(run, 10);
	assert_int_equal(bs_extents_sector(&e, 1, 9, &run), 63 + 72);
	assert_int_equal(run, 1);
	bs_extents_sector(&e, 1, 10, &run);
	assert_int_equal(run, 0);
	bs_extents_sector(&e, 1, U32_MAX, &run);
	assert_int_equal(run, 0);
	bs_extents_sector(&e, 0, 0, &run);
	assert_int_equal(run, 0);
}

static void refuse(struct bs_extent *ext, uint32_t nr, uint64_t capacity, uint64_t max_blocks)
{
	u32 total;

	assert_int_equal(bs_extents_finish(ext, nr, capacity, max_blocks, &total), -EUCLEAN);
}

static void refuses_no_extent(void **state)
{
	(void)state;
	refuse(NULL, 0, 100, ANY_SIZE);
}

static void refuses_empty_extent(void **state)
{
	struct bs_extent e[] = { { 0, 1, 0 }, { 16, 0, 0 } };

	(void)state;
	refuse(e, 2, 100, ANY_SIZE);
}

static void refuses_beyond_the_device(void **state)
{
	struct bs_extent e = { .sector = 1, .blocks = 1 };

	(void)state;
	refuse(&e, 1, 8, ANY_SIZE);
	e = (struct bs_extent) { .sector = 9, .blocks = 1 };
	refuse(&e, 1, 8, ANY_SIZE);
}

static void refuses_overflow(void **state)
{
	struct bs_extent e = { .sector = U64_MAX - 7, .blocks = 1 };

	(void)state;
	refuse(&e, 1, U64_MAX, ANY_SIZE);
	e = (struct bs_extent) { .sector = U64_MAX - 15, .blocks = U32_MAX };
	refuse(&e, 1, U64_MAX, ANY_SIZE);
}

static void refuses_overlap(void **state)
{
	/* The first and the last, by one sector, in the order of the file */
	struct bs_extent e[] = { { 100, 2, 0 }, { 0, 4, 0 }, { 93, 1, 0 } };

	(void)state;
	refuse(e, 3, 1000, ANY_SIZE);
	e[2].sector = 92;
	e[0].sector = 92;
	refuse(e, 3, 1000, ANY_SIZE);
}

static void refuses_too_many_blocks(void **state)
{
	struct bs_extent e[] = { { 0, 5, 0 }, { 1000, 6, 0 } };
	u32 total;

	(void)state;
	refuse(e, 2, 2000, 10);
	assert_int_equal(bs_extents_finish(e, 2, 2000, 11, &total), 0);
	assert_int_equal(total, 11);
}

static void refuses_more_than_places(void **state)
{
	struct bs_extent e[] = { { 0, U32_MAX / 2, 0 }, { 1ULL << 40, U32_MAX / 2 + 1, 0 } };
	u32 total;

	(void)state;
	refuse(e, 2, U64_MAX, ANY_SIZE);
	e[0] = (struct bs_extent) { .sector = 0, .blocks = BS_PLACE_MAX };
	refuse(e, 1, U64_MAX, ANY_SIZE);
	e[0].blocks--;
	assert_int_equal(bs_extents_finish(e, 1, U64_MAX, ANY_SIZE, &total), 0);
	assert_int_equal(total, BS_PLACE_MAX - 1);
}

static void shuffle(struct bs_extent *ext, uint32_t nr)
{
	uint32_t i;

	for (i = nr; i > 1; i--) {
		uint32_t j = test_random_below(i);
		struct bs_extent tmp = ext[j];

		ext[j] = ext[i - 1];
		ext[i - 1] = tmp;
	}
}

/* Extents that may touch but do not overlap, in any order; returns the end */
static uint64_t random_table(struct bs_extent *ext, uint32_t nr)
{
	uint64_t pos = test_random_below(20);
	uint32_t i;

	for (i = 0; i < nr; i++) {
		ext[i] = (struct bs_extent) {
			.sector = pos, .blocks = 1 + test_random_below(6),
		};
		pos += ext[i].blocks * 8;
		if (test_random_below(2))
			pos += test_random_below(20);
	}
	if (test_random_below(4))
		shuffle(ext, nr);
	return pos;
}

#define TABLE 40

static void lookup_random(void **state)
{
	int n;

	(void)state;
	for (n = 0; n < 2000; n++) {
		uint32_t i, k, blocks = 0, nr = 1 + test_random_below(TABLE);
		struct bs_extent ext[TABLE], given[TABLE];
		uint64_t where[TABLE * 6];
		u32 total, run;
		uint64_t end = random_table(ext, nr);

		memcpy(given, ext, sizeof(*ext) * nr);
		assert_int_equal(bs_extents_finish(ext, nr, end, ANY_SIZE, &total), 0);
		for (i = 0; i < nr; i++) {
			assert_int_equal(ext[i].sector, given[i].sector);
			assert_int_equal(ext[i].blocks, given[i].blocks);
			assert_int_equal(ext[i].first, blocks);
			for (k = 0; k < given[i].blocks; k++)
				where[blocks++] = given[i].sector + k * 8;
		}
		assert_int_equal(total, blocks);
		for (i = 0; i < blocks; i++) {
			assert_int_equal(bs_extents_sector(ext, nr, i, &run), where[i]);
			for (k = i + 1; k < blocks && where[k] == where[k - 1] + 8; k++)
				;
			assert_int_equal(run, k - i);
		}
	}
}

static bool model_table_ok(const struct bs_extent *ext, uint32_t nr, uint64_t capacity)
{
	uint32_t i, j;

	for (i = 0; i < nr; i++) {
		struct bs_range a = { ext[i].sector, (uint64_t)ext[i].blocks * 8 };

		if (!a.len || a.start + a.len > capacity)
			return false;
		for (j = 0; j < i; j++) {
			struct bs_range b = { ext[j].sector, (uint64_t)ext[j].blocks * 8 };

			if (bs_ranges_overlap(&a, &b))
				return false;
		}
	}
	return true;
}

/* A good table with one thing moved a bit */
static void check_random(void **state)
{
	int n, good = 0;

	(void)state;
	for (n = 0; n < 20000; n++) {
		uint32_t nr = 1 + test_random_below(TABLE);
		struct bs_extent ext[TABLE];
		uint64_t capacity = random_table(ext, nr);
		struct bs_extent *e = &ext[test_random_below(nr)];
		bool ok;
		u32 total;

		if (test_random_below(2))
			e->sector += test_random_below(16);
		else
			e->blocks = test_random_below(8);
		ok = model_table_ok(ext, nr, capacity);
		good += ok;
		assert_int_equal(bs_extents_finish(ext, nr, capacity, ANY_SIZE, &total),
				 ok ? 0 : -EUCLEAN);
	}
	/* Both kinds must have been there */
	assert_in_range(good, 1000, 19000);
}

static void bump_gives_each_block_once(void **state)
{
	struct bs_bump b = { .total = 10 };
	u32 index;

	(void)state;
	assert_int_equal(bs_bump_alloc(&b, 4, &index), 4);
	assert_int_equal(index, 0);
	assert_int_equal(bs_bump_alloc(&b, 0, &index), 0);
	assert_int_equal(bs_bump_alloc(&b, 5, &index), 5);
	assert_int_equal(index, 4);
	assert_int_equal(bs_bump_alloc(&b, 5, &index), 1);
	assert_int_equal(index, 9);
	assert_int_equal(bs_bump_alloc(&b, 1, &index), 0);
	assert_int_equal(b.next, 10);
}

static void bump_does_not_wrap_around(void **state)
{
	struct bs_bump b = { .next = U32_MAX - 2, .total = U32_MAX };
	u32 index;

	(void)state;
	assert_int_equal(bs_bump_alloc(&b, U32_MAX, &index), 2);
	assert_true(index == U32_MAX - 2);
	assert_int_equal(bs_bump_alloc(&b, U32_MAX, &index), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_extent),
		cmocka_unit_test(refuses_no_extent),
		cmocka_unit_test(refuses_empty_extent),
		cmocka_unit_test(refuses_beyond_the_device),
		cmocka_unit_test(refuses_overflow),
		cmocka_unit_test(refuses_overlap),
		cmocka_unit_test(refuses_too_many_blocks),
		cmocka_unit_test(refuses_more_than_places),
		cmocka_unit_test(lookup_random),
		cmocka_unit_test(check_random),
		cmocka_unit_test(bump_gives_each_block_once),
		cmocka_unit_test(bump_does_not_wrap_around),
	};

	test_random_init();
	return cmocka_run_group_tests_name("extents", tests, NULL, NULL);
}
