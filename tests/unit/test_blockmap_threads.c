// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several threads on one block map. Built with the thread sanitizer, which
 * takes the place of the luck that is needed to see a missing barrier: data
 * that the words promise is accessed without any other synchronisation.
 */
#include "testing.h"
#include <linux/slab.h>
#include <pthread.h>
#include <string.h>

#include "blockmap.h"

#define THREADS 4
#define BLOCKS 4096
#define ROUNDS 20

static struct bs_map map;
static pthread_barrier_t start;
/* What was copied of each block; written by the claimer only */
static uint32_t copies[BLOCKS];

struct worker {
	pthread_t thread;
	uint32_t id;
	uint32_t claimed;
	uint32_t wrong;
};

static void copy_block(struct worker *w, uint32_t block)
{
	w->claimed++;
	copies[block] += block + 1;
	bs_map_set(&map, block, 1, BS_WORD_STORING);
	bs_map_set(&map, block, 1, bs_place_word(block));
}

/* All go through all blocks, and so keep meeting; each starts elsewhere by a bit */
static void *claim_all(void *arg)
{
	struct worker *w = arg;
	uint32_t i;

	pthread_barrier_wait(&start);
	for (i = 0; i < BLOCKS; i++) {
		uint32_t block = (i + w->id) % BLOCKS;
		int ret = bs_map_claim(&map, block, 1, GFP_NOIO);

		if (ret == 1)
			copy_block(w, block);
		else if (ret || bs_map_get(&map, block) == BS_WORD_NONE)
			w->wrong++;
	}
	return NULL;
}

static bool wrong_word(uint32_t block, uint32_t word)
{
	switch (word) {
	case BS_WORD_NONE:
	case BS_WORD_READING:
		return false;
	case BS_WORD_STORING:
		return copies[block] != block + 1;
	default:
		return bs_word_place(word) != block || copies[block] != block + 1;
	}
}

/* Believes the words until all blocks have their place */
static void *read_all(void *arg)
{
	struct worker *w = arg;
	uint32_t block;

	pthread_barrier_wait(&start);
	for (block = 0; block < BLOCKS; block++) {
		uint32_t word;

		do {
			word = bs_map_get(&map, block);
			w->wrong += wrong_word(block, word);
		} while (!bs_word_is_place(word));
	}
	return NULL;
}

static void *wait_safe(void *arg)
{
	struct worker *w = arg;
	uint32_t block;

	pthread_barrier_wait(&start);
	for (block = 0; block < BLOCKS; block += 32) {
		while (!bs_map_all_safe(&map, block, 32))
			;
		w->wrong += copies[block] != block + 1;
		w->wrong += copies[block + 31] != block + 32;
	}
	return NULL;
}

static void run_round(void)
{
	struct worker w[THREADS + 2] = { 0 };
	uint32_t i, claimed = 0;

	memset(copies, 0, sizeof(copies));
	bs_map_init(&map);
	for (i = 0; i < THREADS + 2; i++) {
		w[i].id = i;
		assert_int_equal(pthread_create(&w[i].thread, NULL,
						i < THREADS ? claim_all :
						i == THREADS ? read_all : wait_safe,
						&w[i]), 0);
	}
	for (i = 0; i < THREADS + 2; i++) {
		pthread_join(w[i].thread, NULL);
		claimed += w[i].claimed;
		assert_int_equal(w[i].wrong, 0);
	}
	assert_int_equal(claimed, BLOCKS);
	for (i = 0; i < BLOCKS; i++)
		assert_int_equal(copies[i], i + 1);
	assert_int_equal(bs_map_memory(&map), BLOCKS / 16 * 64);
	assert_int_equal(shim_kzalloc_live, BLOCKS / 16);
	bs_map_destroy(&map);
	assert_int_equal(shim_kzalloc_live, 0);
}

static void each_block_is_claimed_once(void **state)
{
	int i;

	(void)state;
	pthread_barrier_init(&start, NULL, THREADS + 2);
	for (i = 0; i < ROUNDS; i++)
		run_round();
	pthread_barrier_destroy(&start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_block_is_claimed_once),
	};

	return cmocka_run_group_tests_name("blockmap_threads", tests, NULL, NULL);
}
