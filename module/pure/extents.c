// SPDX-License-Identifier: GPL-2.0-only
/* Extent table and bump allocator of a segment: see extents.h */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/sort.h>
#include <linux/types.h>

#include "extents.h"
#include "range.h"

static int bs_extent_cmp_sector(const void *a, const void *b)
{
	const struct bs_extent *ea = a, *eb = b;

	if (ea->sector == eb->sector)
		return 0;
	return ea->sector < eb->sector ? -1 : 1;
}

static int bs_extent_cmp_first(const void *a, const void *b)
{
	const struct bs_extent *ea = a, *eb = b;

	if (ea->first == eb->first)
		return 0;
	return ea->first < eb->first ? -1 : 1;
}

static u64 bs_extent_sectors(const struct bs_extent *e)
{
	return (u64)e->blocks << BS_BLOCK_SECTORS_SHIFT;
}

/* Needs no overflow check once bs_extent_on_device() was true */
static u64 bs_extent_end(const struct bs_extent *e)
{
	return e->sector + bs_extent_sectors(e);
}

static bool bs_extent_on_device(const struct bs_extent *e, u64 capacity_sectors)
{
	u64 end;

	return !check_add_overflow(e->sector, bs_extent_sectors(e), &end) &&
	       end <= capacity_sectors;
}

/* Number the blocks; the extents are not empty afterwards, so @first is unique */
static int bs_extents_number(struct bs_extent *ext, u32 nr, u64 capacity_sectors,
			     u64 max_blocks, u32 *total)
{
	u64 limit = min_t(u64, max_blocks, BS_PLACE_MAX - 1);
	u64 sum = 0;
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!ext[i].blocks || !bs_extent_on_device(&ext[i], capacity_sectors))
			return -EUCLEAN;
		ext[i].first = sum;
		sum += ext[i].blocks;
		if (sum > limit)
			return -EUCLEAN;
	}
	*total = sum;
	return 0;
}

int bs_extents_finish(struct bs_extent *ext, u32 nr, u64 capacity_sectors,
		      u64 max_blocks, u32 *total)
{
	u32 i;

	if (!nr || bs_extents_number(ext, nr, capacity_sectors, max_blocks, total))
		return -EUCLEAN;

	/*
	 * By sector, to compare each extent with its neighbour only, and then
	 * back: this needs no second table, which could be large.
	 */
	sort(ext, nr, sizeof(*ext), bs_extent_cmp_sector, NULL);
	for (i = 1; i < nr; i++)
		if (bs_extent_end(&ext[i - 1]) > ext[i].sector)
			return -EUCLEAN;
	sort(ext, nr, sizeof(*ext), bs_extent_cmp_first, NULL);
	return 0;
}

/* Which extent holds the block, or would if the last one were long enough */
static u32 bs_extents_find(const struct bs_extent *ext, u32 nr, u32 index)
{
	u32 low = 0, high = nr;

	while (high - low > 1) {
		u32 mid = low + (high - low) / 2;

		if (ext[mid].first <= index)
			low = mid;
		else
			high = mid;
	}
	return low;
}

u64 bs_extents_sector(const struct bs_extent *ext, u32 nr, u32 index, u32 *run)
{
	u32 i, within;
	u64 sector;

	*run = 0;
	if (!nr)
		return 0;
	i = bs_extents_find(ext, nr, index);
	within = index - ext[i].first;
	if (within >= ext[i].blocks)
		return 0;

	sector = ext[i].sector + ((u64)within << BS_BLOCK_SECTORS_SHIFT);
	*run = ext[i].blocks - within;
	/* A file system may report one piece of the device in several extents */
	for (i++; i < nr && ext[i].sector == bs_extent_end(&ext[i - 1]); i++)
		*run += ext[i].blocks;
	return sector;
}

u32 bs_bump_alloc(struct bs_bump *b, u32 want, u32 *index)
{
	u32 got = min(want, b->total - b->next);

	*index = b->next;
	b->next += got;
	return got;
}
