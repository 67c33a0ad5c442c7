// SPDX-License-Identifier: GPL-2.0-only
/*
 * The block map, against an array of words: the input is a row of claims,
 * moves along the life of a word, and questions, with memory running out now
 * and then. What only threads could show is for test_blockmap_threads.
 */
#include "fuzz.h"
#include <errno.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/types.h>

#include "blockmap.h"

/* Blocks in three places: at the start, across two leaves, at the very end */
#define PER_PLACE 16
#define SLOTS (3 * PER_PLACE)

static struct bs_map map;
static u32 words[SLOTS];
static bool has_leaf[SLOTS];
static bool no_memory;

static u64 block_of(unsigned int slot)
{
	static const u64 bases[] = { 0, (1ULL << 36) + 8, U64_MAX - 15 };

	return bases[slot / PER_PLACE] + slot % PER_PLACE;
}

static bool fail_alloc(void)
{
	return no_memory;
}

static void mark_leaf(unsigned int slot)
{
	unsigned int i;

	for (i = 0; i < SLOTS; i++)
		if (block_of(i) / 16 == block_of(slot) / 16)
			has_leaf[i] = true;
}

static void check_memory(void)
{
	unsigned int i, leaves = 0;

	for (i = 0; i < SLOTS; i++)
		if (has_leaf[i] && (!i || block_of(i) / 16 != block_of(i - 1) / 16))
			leaves++;
	promise(bs_map_memory(&map) == leaves * 64);
	promise(shim_kzalloc_live == leaves);
}

static void check_word(unsigned int slot)
{
	u32 word = bs_map_get(&map, block_of(slot));

	promise(word == words[slot]);
	if (bs_word_is_place(word))
		promise(bs_place_word(bs_word_place(word)) == word);
}

/* Blocks of one place only */
static unsigned int at_most(unsigned int slot, unsigned int nr)
{
	unsigned int room = PER_PLACE - slot % PER_PLACE;

	return nr < room ? nr : room;
}

/* As many as nobody has, in one place; without memory not beyond the first leaf */
static unsigned int claimable(unsigned int slot, unsigned int nr, bool no_leaf)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (words[slot + i] != BS_WORD_NONE)
			break;
		if (no_leaf && !has_leaf[slot + i])
			break;
	}
	return i;
}

static void claim(unsigned int slot, unsigned int nr, unsigned int lack)
{
	bool no_leaf = lack == 1 || lack == 2;
	bool fails = no_leaf && !has_leaf[slot];
	unsigned int expected, i;
	int ret;

	nr = at_most(slot, nr);
	expected = claimable(slot, nr, no_leaf);
	no_memory = lack == 1;
	shim_xa_no_memory = lack == 2;
	ret = bs_map_claim(&map, block_of(slot), nr, GFP_NOIO);
	no_memory = false;
	shim_xa_no_memory = false;
	if (fails) {
		promise(ret == -ENOMEM);
		return;
	}
	promise(ret == (int)expected);
	for (i = 0; i < expected; i++) {
		mark_leaf(slot + i);
		words[slot + i] = BS_WORD_READING;
	}
}

static u32 take_place(struct input *in)
{
	u32 place = take_number(in);

	return place <= BS_PLACE_MAX ? place : BS_PLACE_MAX;
}

/* Only who has the claim may do this, and only along the life of a word */
static void move(struct input *in, unsigned int slot, bool back)
{
	u32 next = BS_WORD_STORING;

	if (words[slot] == BS_WORD_READING)
		next = back ? BS_WORD_NONE : BS_WORD_STORING;
	else if (words[slot] == BS_WORD_STORING)
		next = bs_place_word(take_place(in));
	else
		return;
	promise(next == BS_WORD_NONE || next == BS_WORD_STORING ||
		bs_word_is_place(next));
	bs_map_set(&map, block_of(slot), 1, next);
	words[slot] = next;
}

static void ask(unsigned int slot, unsigned int nr)
{
	bool safe = true;
	unsigned int i;

	nr = at_most(slot, nr);
	for (i = slot; i < slot + nr; i++)
		if (words[i] == BS_WORD_NONE || words[i] == BS_WORD_READING)
			safe = false;
	promise(bs_map_all_safe(&map, block_of(slot), nr) == safe);
}

static void run(unsigned int slot, unsigned int nr)
{
	unsigned int i;
	u32 word;

	nr = at_most(slot, nr ?: 1);
	for (i = 1; i < nr; i++) {
		if (bs_word_is_place(words[slot]) ?
		    !bs_word_is_place(words[slot + i]) || words[slot + i] != words[slot] + i :
		    words[slot + i] != words[slot])
			break;
	}
	promise(bs_map_run(&map, block_of(slot), nr, &word) == i);
	promise(word == words[slot]);
}

static void step(struct input *in)
{
	uint8_t what = take_byte(in);
	unsigned int slot = take_byte(in) % SLOTS;

	switch (what % 4) {
	case 0:
		claim(slot, 1 + what / 16, what / 4 % 4);
		break;
	case 1:
	case 2:
		move(in, slot, what % 32 == 1);
		break;
	default:
		ask(slot, what / 4);
		run(slot, what / 4);
	}
	check_word(slot);
	check_memory();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned int i;

	shim_kzalloc_hook = fail_alloc;
	memset(words, 0, sizeof(words));
	memset(has_leaf, 0, sizeof(has_leaf));
	bs_map_init(&map);
	while (in.left)
		step(&in);
	for (i = 0; i < SLOTS; i++)
		check_word(i);
	bs_map_destroy(&map);
	promise(!shim_kzalloc_live && !bs_map_memory(&map));
	return 0;
}
