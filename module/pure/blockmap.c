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
	struct bs_leaf *leaf = bs_leaf_find(map, block);

	if (!leaf)
		return BS_WORD_NONE;
	/* Pairs with the release in bs_map_set() */
	return smp_load_acquire(bs_leaf_word(leaf, block));
}

int bs_map_claim(struct bs_map *map, u64 block, gfp_t gfp)
{
	struct bs_leaf *leaf = bs_leaf_find(map, block);

	if (!leaf)
		leaf = bs_leaf_add(map, block, gfp);
	if (!leaf)
		return -ENOMEM;
	return cmpxchg(bs_leaf_word(leaf, block), BS_WORD_NONE, BS_WORD_READING) == BS_WORD_NONE;
}

void bs_map_set(struct bs_map *map, u64 block, u32 word)
{
	struct bs_leaf *leaf = bs_leaf_find(map, block);

	/* Pairs with the acquire in bs_map_get() and bs_leaf_all_safe() */
	smp_store_release(bs_leaf_word(leaf, block), word);
}

static bool bs_leaf_all_safe(struct bs_leaf *leaf, u64 first, u32 nr)
{
	u32 i, word;

	for (i = 0; i < nr; i++) {
		/* Pairs with the release in bs_map_set() */
		word = smp_load_acquire(bs_leaf_word(leaf, first + i));
		if (word == BS_WORD_NONE || word == BS_WORD_READING)
			return false;
	}
	return true;
}

bool bs_map_all_safe(struct bs_map *map, u64 first, u64 nr)
{
	while (nr) {
		u32 in_leaf = BS_LEAF_WORDS - (first & (BS_LEAF_WORDS - 1));
		u32 step = min_t(u64, nr, in_leaf);
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
