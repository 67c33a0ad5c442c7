// SPDX-License-Identifier: GPL-2.0-only
#include "testing.h"
#include <errno.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <string.h>

#include "blockmap.h"

static struct bs_map map;

static int setup(void **state)
{
	(void)state;
	bs_map_init(&map);
	return 0;
}

/* Whatever the test did, no leaf is left, and the map can be destroyed twice */
static int teardown(void **state)
{
	(void)state;
	shim_kzalloc_hook = NULL;
	bs_map_destroy(&map);
	bs_map_destroy(&map);
	return shim_kzalloc_live || bs_map_memory(&map);
}

static void words(void **state)
{
	(void)state;
	assert_false(bs_word_is_place(BS_WORD_NONE));
	assert_false(bs_word_is_place(BS_WORD_READING));
	assert_false(bs_word_is_place(BS_WORD_STORING));
	assert_true(bs_word_is_place(bs_place_word(0)));
	assert_true(bs_word_is_place(bs_place_word(BS_PLACE_MAX)));
	assert_int_equal(bs_word_place(bs_place_word(0)), 0);
	assert_int_equal(bs_word_place(bs_place_word(BS_PLACE_MAX)), BS_PLACE_MAX);
	/* The maximum is not lower than it has to be */
	assert_false(bs_word_is_place(bs_place_word(BS_PLACE_MAX + 1)));
}

static void empty_map(void **state)
{
	(void)state;
	assert_int_equal(bs_map_get(&map, 0), BS_WORD_NONE);
	assert_int_equal(bs_map_get(&map, 1ULL << 50), BS_WORD_NONE);
	assert_false(bs_map_all_safe(&map, 0, 1));
	assert_true(bs_map_all_safe(&map, 7, 0));
	assert_int_equal(bs_map_memory(&map), 0);
}

static void life_of_a_word(void **state)
{
	uint64_t block = (1ULL << 40) + 15;

	(void)state;
	assert_int_equal(bs_map_claim(&map, block, 1, GFP_NOIO), 1);
	assert_int_equal(bs_map_get(&map, block), BS_WORD_READING);
	assert_int_equal(bs_map_claim(&map, block, 1, GFP_NOIO), 0);
	assert_false(bs_map_all_safe(&map, block, 1));

	bs_map_set(&map, block, 1, BS_WORD_STORING);
	assert_int_equal(bs_map_get(&map, block), BS_WORD_STORING);
	assert_int_equal(bs_map_claim(&map, block, 1, GFP_NOIO), 0);
	assert_true(bs_map_all_safe(&map, block, 1));

	bs_map_set(&map, block, 1, bs_place_word(17));
	assert_int_equal(bs_word_place(bs_map_get(&map, block)), 17);
	assert_int_equal(bs_map_claim(&map, block, 1, GFP_NOIO), 0);
	assert_true(bs_map_all_safe(&map, block, 1));

	/* Neither its neighbours nor the leaf of one bit less were touched */
	assert_int_equal(bs_map_get(&map, block - 1), BS_WORD_NONE);
	assert_int_equal(bs_map_get(&map, block + 1), BS_WORD_NONE);
	assert_int_equal(bs_map_get(&map, 15), BS_WORD_NONE);
	assert_int_equal(bs_map_memory(&map), 64);
}

/* Over the border of two leaves, and up to what somebody else has */
static void several_at_once(void **state)
{
	u32 word;
	int i;

	(void)state;
	assert_int_equal(bs_map_claim(&map, 40, 1, GFP_NOIO), 1);
	assert_int_equal(bs_map_claim(&map, 10, 50, GFP_NOIO), 30);
	assert_int_equal(bs_map_claim(&map, 39, 9, GFP_NOIO), 0);
	assert_int_equal(bs_map_get(&map, 9), BS_WORD_NONE);
	assert_int_equal(bs_map_get(&map, 10), BS_WORD_READING);
	assert_int_equal(bs_map_get(&map, 39), BS_WORD_READING);
	assert_int_equal(bs_map_get(&map, 41), BS_WORD_NONE);
	bs_map_set(&map, 10, 30, BS_WORD_STORING);
	for (i = 10; i < 40; i++)
		assert_int_equal(bs_map_get(&map, i), BS_WORD_STORING);
	assert_int_equal(bs_map_get(&map, 9), BS_WORD_NONE);
	assert_int_equal(bs_map_get(&map, 40), BS_WORD_READING);
	bs_map_set(&map, 10, 30, bs_place_word(700));
	for (i = 10; i < 40; i++)
		assert_int_equal(bs_map_get(&map, i), bs_place_word(690 + i));
	assert_int_equal(bs_map_run(&map, 12, 100, &word), 28);
	assert_int_equal(word, bs_place_word(702));
}

static void alike(void **state)
{
	u32 word;

	(void)state;
	assert_int_equal(bs_map_run(&map, 5, 1000, &word), 1000);
	assert_int_equal(word, BS_WORD_NONE);
	assert_int_equal(bs_map_claim(&map, 100, 40, GFP_NOIO), 40);
	assert_int_equal(bs_map_run(&map, 5, 1000, &word), 95);
	assert_int_equal(bs_map_run(&map, 100, 1000, &word), 40);
	assert_int_equal(word, BS_WORD_READING);
	assert_int_equal(bs_map_run(&map, 100, 7, &word), 7);
	assert_int_equal(bs_map_run(&map, 139, 1, &word), 1);
	bs_map_set(&map, 100, 10, bs_place_word(50));
	bs_map_set(&map, 110, 10, bs_place_word(60));
	bs_map_set(&map, 120, 10, bs_place_word(71));
	assert_int_equal(bs_map_run(&map, 103, 1000, &word), 17);
	assert_int_equal(bs_map_run(&map, 120, 1000, &word), 10);
	assert_int_equal(word, bs_place_word(71));
	assert_int_equal(bs_map_run(&map, 140, 16, &word), 16);
	/* What follows the last place is no place */
	bs_map_set(&map, 130, 1, bs_place_word(BS_PLACE_MAX));
	bs_map_set(&map, 131, 1, BS_WORD_STORING);
	assert_int_equal(bs_map_run(&map, 130, 9, &word), 1);
	assert_int_equal(word, bs_place_word(BS_PLACE_MAX));
}

static void given_back_it_can_be_claimed_again(void **state)
{
	(void)state;
	assert_int_equal(bs_map_claim(&map, 5, 1, GFP_NOIO), 1);
	bs_map_set(&map, 5, 1, BS_WORD_NONE);
	assert_int_equal(bs_map_get(&map, 5), BS_WORD_NONE);
	assert_int_equal(bs_map_claim(&map, 5, 1, GFP_NOIO), 1);
}

static bool out_of_memory(void)
{
	return true;
}

static void no_memory_for_a_leaf(void **state)
{
	(void)state;
	shim_kzalloc_hook = out_of_memory;
	assert_int_equal(bs_map_claim(&map, 3, 1, GFP_NOIO), -ENOMEM);
	assert_int_equal(bs_map_memory(&map), 0);
	shim_kzalloc_hook = NULL;
	assert_int_equal(bs_map_get(&map, 3), BS_WORD_NONE);
	assert_int_equal(bs_map_claim(&map, 3, 1, GFP_NOIO), 1);
	/* A leaf that exists needs none */
	shim_kzalloc_hook = out_of_memory;
	assert_int_equal(bs_map_claim(&map, 4, 1, GFP_NOIO), 1);
	/* Others have to wait, but not these */
	assert_int_equal(bs_map_claim(&map, 6, 20, GFP_NOIO), 10);
	assert_int_equal(bs_map_claim(&map, 16, 10, GFP_NOIO), -ENOMEM);
}

static void no_memory_for_the_xarray(void **state)
{
	(void)state;
	shim_xa_no_memory = true;
	assert_int_equal(bs_map_claim(&map, 3, 1, GFP_NOIO), -ENOMEM);
	assert_int_equal(shim_kzalloc_live, 0);
	assert_int_equal(bs_map_memory(&map), 0);
	assert_int_equal(bs_map_claim(&map, 3, 1, GFP_NOIO), 1);
}

static uint64_t race_block;

/* Another claimer comes first while this one gets memory for the same leaf */
static bool race(void)
{
	shim_kzalloc_hook = NULL;
	assert_int_equal(bs_map_claim(&map, race_block, 1, GFP_NOIO), 1);
	return false;
}

static void lost_race_for_a_leaf(void **state)
{
	(void)state;
	race_block = 33;
	shim_kzalloc_hook = race;
	assert_int_equal(bs_map_claim(&map, 32, 1, GFP_NOIO), 1);
	assert_int_equal(bs_map_get(&map, 32), BS_WORD_READING);
	assert_int_equal(bs_map_get(&map, 33), BS_WORD_READING);

	race_block = 48;
	shim_kzalloc_hook = race;
	assert_int_equal(bs_map_claim(&map, 48, 1, GFP_NOIO), 0);
	assert_int_equal(bs_map_memory(&map), 2 * 64);
	assert_int_equal(shim_kzalloc_live, 2);
}

static void all_safe_needs_each_block(void **state)
{
	uint64_t block;

	(void)state;
	for (block = 10; block < 100; block++) {
		assert_int_equal(bs_map_claim(&map, block, 1, GFP_NOIO), 1);
		bs_map_set(&map, block, 1, bs_place_word(block));
	}
	assert_true(bs_map_all_safe(&map, 10, 90));
	assert_false(bs_map_all_safe(&map, 9, 91));
	assert_false(bs_map_all_safe(&map, 10, 91));
	for (block = 10; block < 100; block++) {
		bs_map_set(&map, block, 1, BS_WORD_READING);
		assert_false(bs_map_all_safe(&map, 10, 90));
		bs_map_set(&map, block, 1, BS_WORD_STORING);
		assert_true(bs_map_all_safe(&map, 10, 90));
	}
}

#define MODEL 300

static bool model_all_safe(const uint32_t *model, uint32_t first, uint32_t nr)
{
	uint32_t i;

	for (i = first; i < first + nr; i++)
		if (model[i] == BS_WORD_NONE || model[i] == BS_WORD_READING)
			return false;
	return true;
}

static uint32_t random_word(void)
{
	switch (test_random_below(8)) {
	case 0:
		return BS_WORD_NONE;
	case 1:
		return BS_WORD_READING;
	case 2:
		return BS_WORD_STORING;
	default:
		return bs_place_word(test_random_below(BS_PLACE_MAX + 1ULL));
	}
}

static void random_operations(void **state)
{
	static const uint64_t bases[] = { 0, 5, (1ULL << 32) - 100, 1ULL << 49 };
	uint64_t base = bases[test_random_below(ARRAY_SIZE(bases))];
	uint32_t model[MODEL] = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		uint32_t b = test_random_below(MODEL);
		uint32_t nr = test_random_below(MODEL - b < 40 ? MODEL - b : 40);

		if (model[b] == BS_WORD_NONE) {
			assert_int_equal(bs_map_claim(&map, base + b, 1, GFP_NOIO), 1);
			model[b] = BS_WORD_READING;
		} else if (test_random_below(2)) {
			assert_int_equal(bs_map_claim(&map, base + b, 1, GFP_NOIO), 0);
		} else {
			model[b] = random_word();
			bs_map_set(&map, base + b, 1, model[b]);
		}
		assert_int_equal(bs_map_get(&map, base + b), model[b]);
		assert_int_equal(bs_map_all_safe(&map, base + b, nr),
				 model_all_safe(model, b, nr));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words),
		TEST(empty_map),
		TEST(life_of_a_word),
		TEST(several_at_once),
		TEST(alike),
		TEST(given_back_it_can_be_claimed_again),
		TEST(no_memory_for_a_leaf),
		TEST(no_memory_for_the_xarray),
		TEST(lost_race_for_a_leaf),
		TEST(all_safe_needs_each_block),
		TEST(random_operations),
	};

	test_random_init();
	return cmocka_run_group_tests_name("blockmap", tests, NULL, NULL);
}
