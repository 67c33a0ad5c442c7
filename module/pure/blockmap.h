/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The block map of one origin in one snapshot: for each block of the origin,
 * whether its old data has been preserved, and where.
 *
 * The map has a word of 32 bits per block. Words live in leaves of 16, one
 * cache line, under an xarray, and a leaf is made when one of its blocks is
 * claimed: a random write costs tens of bytes, and a wholly rewritten origin
 * 0.1 % of its size.
 *
 * The life of a word:
 *
 *	NONE --claim--> READING --set--> STORING --set--> place + 1
 *	  ^                |
 *	  +------set-------+  (given back: the block was not written after all)
 *
 * Who moved a word from NONE to READING is the only one to change it further,
 * so words need no lock. Leaves are never freed before bs_map_destroy(), so
 * looking one up needs no lock either.
 *
 * Three orderings are promised:
 *
 *  - bs_map_claim() is a full barrier when it returns 1. So whoever sends the
 *    write to the origin after it can be sure of this: a reader of the origin
 *    that could get the new data sees, if it looks at the word after its read
 *    completed, that the word is not NONE any more.
 *  - What the claimer did before bs_map_set() (the release) is visible to those
 *    who see the new word through bs_map_get() or bs_map_all_safe() (the
 *    acquire): a word that is a place promises that the data is there, and
 *    STORING that the old data has been read.
 *  - A leaf is published by the xarray with its words all NONE.
 */
#ifndef BS_PURE_BLOCKMAP_H
#define BS_PURE_BLOCKMAP_H

#include <linux/atomic.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "range.h"

/* Not preserved; must be zero, as a new leaf is zeroed memory */
#define BS_WORD_NONE 0u
/* The old data is in memory, its place in the storage is not known yet */
#define BS_WORD_STORING 0xfffffffeu
/* Claimed: the old data is being read */
#define BS_WORD_READING 0xffffffffu

/**
 * struct bs_map - a block map
 * @leaves: struct bs_leaf by block number / 16. The xarray's lock is taken by
 *	bs_map_claim() only, for inserting a leaf.
 * @leaves_nr: how many leaves there are, for bs_map_memory()
 *
 * Block numbers are limited by the xarray's index: on 32 bits, the map of an
 * origin reaches to 256 TiB.
 */
struct bs_map {
	struct xarray leaves;
	atomic_long_t leaves_nr;
};

/**
 * bs_word_is_place() - does a word say where the old data is stored?
 * @word: a word of the map
 *
 * Return: whether it does.
 */
static inline bool bs_word_is_place(u32 word)
{
	return word != BS_WORD_NONE && word < BS_WORD_STORING;
}

/**
 * bs_word_place() - the place that a word stands for
 * @word: a word for which bs_word_is_place() is true
 *
 * Return: the place.
 */
static inline u32 bs_word_place(u32 word)
{
	return word - 1;
}

/**
 * bs_place_word() - the word that stands for a place
 * @place: a place in the storage, at most BS_PLACE_MAX
 *
 * Return: the word.
 */
static inline u32 bs_place_word(u32 place)
{
	return place + 1;
}

/**
 * bs_map_init() - make an empty map: all words are NONE
 * @map: the map
 *
 * Allocates nothing and cannot fail.
 */
void bs_map_init(struct bs_map *map);

/**
 * bs_map_destroy() - free the leaves
 * @map: the map
 *
 * Context: process, may sleep. There must be no other user of the map any
 * more, nor anyone in an RCU section who may still become one.
 */
void bs_map_destroy(struct bs_map *map);

/**
 * bs_map_get() - the word of a block
 * @map: the map
 * @block: the block
 *
 * Context: any, even with interrupts disabled; takes no lock.
 *
 * Return: the word, read with acquire semantics (pairs with bs_map_set()).
 * A block without a leaf has BS_WORD_NONE.
 */
u32 bs_map_get(struct bs_map *map, u64 block);

/**
 * bs_map_claim() - claim blocks whose old data is not preserved yet
 * @map: the map
 * @first: the first block
 * @nr: how many at most
 * @gfp: for new leaves
 *
 * Moves words from BS_WORD_NONE to BS_WORD_READING, from the first on, and stops
 * before a block that is claimed already. Several claimers may race for a block:
 * exactly one wins.
 *
 * Context: process; may sleep if @gfp allows. It takes the xarray's lock with
 * interrupts enabled, so never call it from an interrupt, softirqs included.
 *
 * Return: how many blocks this call claimed. If any, then it was a full barrier,
 * and the caller has to bring their words to their end by bs_map_set(). 0 if
 * somebody else has claimed the first one or it is preserved; this is no barrier,
 * look at the word with bs_map_get(). -ENOMEM if there is no memory for the first
 * leaf.
 */
int bs_map_claim(struct bs_map *map, u64 first, int nr, gfp_t gfp);

/**
 * bs_map_set() - change the words of blocks that the caller has claimed
 * @map: the map
 * @first: the first block
 * @nr: how many
 * @word: BS_WORD_STORING, or BS_WORD_NONE to give the blocks back, or a place by
 *	bs_place_word(): of the first block, and the others get those that follow
 *
 * Release semantics for each word: pairs with the acquire in bs_map_get(),
 * bs_map_run() and bs_map_all_safe().
 *
 * Context: any, even with interrupts disabled; takes no lock. The caller owns
 * the claim on the blocks, and so the leaves exist.
 */
void bs_map_set(struct bs_map *map, u64 first, u32 nr, u32 word);

/**
 * bs_map_run() - how many blocks are alike
 * @map: the map
 * @first: the first block
 * @max: how many at most, at least 1
 * @word: out, the word of the first
 *
 * They are if they have the same word, or places in sequence. Acquire semantics
 * for each word as bs_map_get().
 *
 * Context: any, even with interrupts disabled; takes no lock. Work grows with the
 * run, so bound it.
 *
 * Return: blocks from @first on that had that word, or the places that follow it.
 */
u64 bs_map_run(struct bs_map *map, u64 first, u64 max, u32 *word);

/**
 * bs_map_all_safe() - may a write to these blocks pass?
 * @map: the map
 * @first: first block
 * @nr: how many blocks
 *
 * It may if the old data of each is in memory or in the storage: no word is
 * NONE or READING. Acquire semantics as bs_map_get(). The answer "yes" stays
 * right, as no word moves back from there.
 *
 * Context: any, even with interrupts disabled; takes no lock. Work grows with
 * @nr until the first block that is not safe, so bound it.
 *
 * Return: whether it may.
 */
bool bs_map_all_safe(struct bs_map *map, u64 first, u64 nr);

/**
 * bs_map_memory() - how much memory the leaves take
 * @map: the map
 *
 * The nodes of the xarray come on top: a ninth of the leaves or so where the
 * blocks lie close together.
 *
 * Context: any.
 *
 * Return: bytes.
 */
size_t bs_map_memory(const struct bs_map *map);

#endif /* BS_PURE_BLOCKMAP_H */
