// SPDX-License-Identifier: GPL-2.0-only
/* The block map of one origin in one snapshot: see blockmap.h */
#include <linux/atomic.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "blockmap.h"

#define BS_LEAF_SHIFT 4
#define BS_LEAF_WORDS (1u << BS_LEAF_SHIFT)

struct bs_leaf {
	u32 words[BS_LEAF_WORDS];
};

static_assert(sizeof(struct bs_leaf) == 64);
/* Places must not run into the words with a meaning of their own */
static_assert(BS_PLACE_MAX + 1 < BS_WORD_STORING);
static_assert(BS_WORD_STORING < BS_WORD_READING);

static struct bs_leaf *bs_leaf_find(struct bs_map *map, u64 block)
{
	return xa_load(&map->leaves, block >> BS_LEAF_SHIFT);
}

static u32 *bs_leaf_word(struct bs_leaf *leaf, u64 block)
{
	return &leaf->words[block & (BS_LEAF_WORDS - 1)];
}

static u32 bs_leaf_load(struct bs_leaf *leaf, u64 block)
{
	/* Pairs with the release in bs_map_set() */
	return leaf ? smp_load_acquire(bs_leaf_word(leaf, block)) : BS_WORD_NONE;
}

/* Blocks from @first on that are in one leaf */
static u32 bs_leaf_step(u64 first, u64 nr)
{
	return min_t(u64, nr, BS_LEAF_WORDS - (first & (BS_LEAF_WORDS - 1)));
}

/* Insert a new leaf, or find the one that somebody else was faster with */
static struct bs_leaf *bs_leaf_add(struct bs_map *map, u64 block, gfp_t gfp)
{
	struct bs_leaf *leaf, *other;

	leaf = kzalloc(sizeof(*leaf), gfp);
	if (!leaf)
		return NULL;
	other = xa_cmpxchg(&map->leaves, block >> BS_LEAF_SHIFT, NULL, leaf, gfp);
	if (!other) {
		atomic_long_inc(&map->leaves_nr);
		return leaf;
	}
	kfree(leaf);
	return xa_is_err(other) ? NULL : other;
}

void bs_map_init(struct bs_map *map)
{
	xa_init(&map->leaves);
	atomic_long_set(&map->leaves_nr, 0);
}

void bs_map_destroy(struct bs_map *map)
{
	struct bs_leaf *leaf;
	unsigned long index;

	xa_for_each(&map->leaves, index, leaf) {
		kfree(leaf);
		/* There may be millions of them */
		cond_resched();
	}
	xa_destroy(&map->leaves);
	atomic_long_set(&map->leaves_nr, 0);
}

u32 bs_map_get(struct bs_map *map, u64 block)
{
	return bs_leaf_load(bs_leaf_find(map, block), block);
}

/* How many of them, from the first on, nobody else has */
static u32 bs_leaf_claim(struct bs_leaf *leaf, u64 first, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (cmpxchg(bs_leaf_word(leaf, first + i), BS_WORD_NONE, BS_WORD_READING) !=
		    BS_WORD_NONE)
			break;
	}
	return i;
}

int bs_map_claim(struct bs_map *map, u64 first, int nr, gfp_t gfp)
{
	struct bs_leaf *leaf;
	u32 step, got;
	int done = 0;

	while (done < nr) {
		leaf = bs_leaf_find(map, first + done);
		if (!leaf)
			leaf = bs_leaf_add(map, first + done, gfp);
		if (!leaf)
			return done ?: -ENOMEM;
		step = bs_leaf_step(first + done, nr - done);
		got = bs_leaf_claim(leaf, first + done, step);
		done += got;
		if (got < step)
			break;
	}
	return done;
}

void bs_map_set(struct bs_map *map, u64 first, u32 nr, u32 word)
{
	bool place = bs_word_is_place(word);
	struct bs_leaf *leaf;
	u32 step, i;

	for (; nr; nr -= step, first += step) {
		leaf = bs_leaf_find(map, first);
		step = bs_leaf_step(first, nr);
		for (i = 0; i < step; i++) {
			/* Pairs with the acquire in bs_leaf_load() */
			smp_store_release(bs_leaf_word(leaf, first + i), word);
			word += place;
		}
	}
}

/* Is this what the n-th block after the first has, in a run? */
static bool bs_word_continues(u32 first, u64 n, u32 word)
{
	if (!bs_word_is_place(first))
		return word == first;
	return bs_word_is_place(word) && word - first == n;
}

u64 bs_map_run(struct bs_map *map, u64 first, u64 max, u32 *word)
{
	struct bs_leaf *leaf = bs_leaf_find(map, first);
	u64 n;

	*word = bs_leaf_load(leaf, first);
	for (n = 1; n < max; n++) {
		if (!((first + n) & (BS_LEAF_WORDS - 1)))
			leaf = bs_leaf_find(map, first + n);
		if (!bs_word_continues(*word, n, bs_leaf_load(leaf, first + n)))
			break;
	}
	return n;
}

static bool bs_leaf_all_safe(struct bs_leaf *leaf, u64 first, u32 nr)
{
	u32 i, word;

	for (i = 0; i < nr; i++) {
		word = bs_leaf_load(leaf, first + i);
		if (word == BS_WORD_NONE || word == BS_WORD_READING)
			return false;
	}
	return true;
}

bool bs_map_all_safe(struct bs_map *map, u64 first, u64 nr)
{
	while (nr) {
		u32 step = bs_leaf_step(first, nr);
		struct bs_leaf *leaf = bs_leaf_find(map, first);

		if (!leaf || !bs_leaf_all_safe(leaf, first, step))
			return false;
		first += step;
		nr -= step;
	}
	return true;
}

size_t bs_map_memory(const struct bs_map *map)
{
	return atomic_long_read(&map->leaves_nr) * sizeof(struct bs_leaf);
}
