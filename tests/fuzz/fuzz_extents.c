// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of extents, and the allocator of a segment's blocks, against loops
 * that look at every extent and at every pair. A table that is wrongly let
 * through would have us write where something else is.
 */
#include "fuzz.h"
#include <errno.h>
#include <linux/limits.h>
#include <linux/types.h>

#include "extents.h"
#include "range.h"

#define EXTENTS 8

typedef unsigned __int128 u128;

static u128 end_of(const struct bs_extent *e)
{
	return (u128)e->sector + (u128)e->blocks * 8;
}

static bool overlap(const struct bs_extent *a, const struct bs_extent *b)
{
	return a->sector < end_of(b) && b->sector < end_of(a);
}

static bool is_sound(const struct bs_extent *ext, u32 nr, u64 capacity)
{
	u32 i, k;

	for (i = 0; i < nr; i++) {
		if (!ext[i].blocks || end_of(&ext[i]) > capacity)
			return false;
		for (k = 0; k < i; k++)
			if (overlap(&ext[i], &ext[k]))
				return false;
	}
	return nr;
}

static u64 sum_of(const struct bs_extent *ext, u32 nr)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < nr; i++)
		sum += ext[i].blocks;
	return sum;
}

/* Tables that are all wrong soon bore: most go on close behind the last one */
static void take_extents(struct input *in, struct bs_extent *ext, u32 nr)
{
	u64 last = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		uint8_t how = take_byte(in);

		ext[i].sector = how & 1 ? take_number(in) : last + how / 64;
		ext[i].blocks = how & 2 ? take_number(in) : how / 4 % 16;
		ext[i].first = 12345;
		last = end_of(&ext[i]);
	}
}

static void check_order(const struct bs_extent *ext, const struct bs_extent *was,
			u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		promise(ext[i].sector == was[i].sector);
		promise(ext[i].blocks == was[i].blocks);
		promise(ext[i].first == sum_of(was, i));
	}
}

/* How many blocks lie together from there on */
static u64 run_of(const struct bs_extent *ext, u32 nr, u32 i, u32 within)
{
	u64 run = ext[i].blocks - within;

	for (i++; i < nr && ext[i].sector == end_of(&ext[i - 1]); i++)
		run += ext[i].blocks;
	return run;
}

static void check_block(const struct bs_extent *ext, u32 nr, u32 index)
{
	u32 i, run, before = 0;
	u64 sector = bs_extents_sector(ext, nr, index, &run);

	for (i = 0; i < nr; i++) {
		if (index - before < ext[i].blocks)
			break;
		before += ext[i].blocks;
	}
	if (i == nr) {
		promise(!run);
		return;
	}
	promise(sector == ext[i].sector + (u64)(index - before) * 8);
	promise(run == run_of(ext, nr, i, index - before));
}

static void check_blocks(struct input *in, const struct bs_extent *ext, u32 nr,
			 u32 total)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		check_block(ext, nr, ext[i].first);
		check_block(ext, nr, ext[i].first + ext[i].blocks - 1);
	}
	check_block(ext, nr, total);
	check_block(ext, nr, U32_MAX);
	check_block(ext, nr, take_number(in));
}

static void check_bump(struct input *in, u32 total)
{
	struct bs_bump bump = { 0, total };
	u64 given = 0;
	int i;

	for (i = 0; i < 8; i++) {
		u32 want = take_number(in), index, got;
		u64 left = total - given;

		got = bs_bump_alloc(&bump, want, &index);
		promise(got == (want < left ? want : left));
		promise(index == given);
		given += got;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct bs_extent ext[EXTENTS], was[EXTENTS];
	u32 nr = take_byte(&in) % (EXTENTS + 1), total;
	u64 capacity = take_number(&in), max = take_number(&in), sum;
	int ret;

	take_extents(&in, ext, nr);
	memcpy(was, ext, sizeof(was));
	sum = sum_of(was, nr);
	ret = bs_extents_finish(ext, nr, capacity, max, &total);
	promise(ret == 0 || ret == -EUCLEAN);
	if (!is_sound(was, nr, capacity) || sum > max ||
	    sum > (u64)BS_PLACE_MAX + 1) {
		promise(ret);
		return 0;
	}
	/* A map that is full to its last place need not be possible */
	promise(!ret || sum >= BS_PLACE_MAX);
	if (ret)
		return 0;
	promise(total == sum);
	check_order(ext, was, nr);
	check_blocks(&in, ext, nr, total);
	check_bump(&in, total);
	return 0;
}
