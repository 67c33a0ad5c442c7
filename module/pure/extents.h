/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The extent table of one segment of the difference storage, and the bump
 * allocator over its blocks.
 *
 * Nothing here sleeps, allocates or takes a lock: any context will do. A table
 * is filled and finished before anyone else can see it and never changes
 * after that, so look-ups need no lock. The allocator is protected by the
 * lock of the storage that it belongs to.
 */
#ifndef BS_PURE_EXTENTS_H
#define BS_PURE_EXTENTS_H

#include <linux/types.h>

/**
 * struct bs_extent - a piece of a segment that is contiguous on the device
 * @sector: its first sector on the segment's device. It need not be a multiple
 *	of a block: a partition may begin anywhere.
 * @blocks: its length in blocks of BS_BLOCK_SIZE
 * @first: index of its first block within the segment, set by
 *	bs_extents_finish()
 */
struct bs_extent {
	u64 sector;
	u32 blocks;
	u32 first;
};

/**
 * bs_extents_finish() - check a table and make it ready for look-ups
 * @ext: the extents in the order of the segment, with sector and blocks set
 * @nr: how many there are
 * @capacity_sectors: length of the segment's device
 * @max_blocks: the most blocks that the segment may have
 * @total: out, how many blocks the segment has
 *
 * The table comes from a file system and says where we are going to write, so
 * nothing in it is trusted: every extent must have a length and lie on the
 * device, no two may share a sector, and together they must not be more than
 * @max_blocks, nor than the block map can count.
 *
 * Return: 0, or -EUCLEAN if the table did not stand the test; its order is
 * undefined then.
 */
int bs_extents_finish(struct bs_extent *ext, u32 nr, u64 capacity_sectors,
		      u64 max_blocks, u32 *total);

/**
 * bs_extents_sector() - where a block of a segment lies
 * @ext: a finished table
 * @nr: how many extents it has
 * @index: the block's index within the segment
 * @run: out, how many blocks from @index on are contiguous on the device; 0 if
 *	the segment has no such block
 *
 * Return: the block's first sector on the segment's device.
 */
u64 bs_extents_sector(const struct bs_extent *ext, u32 nr, u32 index, u32 *run);

/**
 * struct bs_bump - gives out the blocks of a segment, each once, in order
 * @next: index of the first block that is free
 * @total: how many blocks the segment has
 */
struct bs_bump {
	u32 next;
	u32 total;
};

/**
 * bs_bump_alloc() - take blocks that follow one another
 * @b: the allocator
 * @want: how many blocks
 * @index: out, index of the first block taken
 *
 * Return: how many blocks were taken: fewer than @want at the end of the
 * segment, and 0 once it is full.
 */
u32 bs_bump_alloc(struct bs_bump *b, u32 want, u32 *index);

#endif /* BS_PURE_EXTENTS_H */
