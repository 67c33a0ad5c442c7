/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of sectors and blocks, and sorted sets of them.
 *
 * Nothing here sleeps, allocates or takes a lock, so every function may be
 * called in any context. Arrays belong to the caller, who also keeps them
 * from changing during a call.
 *
 * A range that would reach beyond U64_MAX ends there: no arithmetic here wraps
 * around, whatever the numbers. The position U64_MAX itself is in no range.
 */
#ifndef BS_PURE_RANGE_H
#define BS_PURE_RANGE_H

#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/types.h>

/* The unit of copying. Blocks are counted from the start of the origin. */
#define BS_BLOCK_SHIFT 12
#define BS_BLOCK_SIZE (1u << BS_BLOCK_SHIFT)
#define BS_BLOCK_SECTORS_SHIFT (BS_BLOCK_SHIFT - 9)
#define BS_SECTORS_PER_BLOCK (1u << BS_BLOCK_SECTORS_SHIFT)

/*
 * The last place that a block of old data can have in the difference storage.
 * A place is kept in the block map as place + 1, and the two largest words
 * have a meaning of their own there.
 */
#define BS_PLACE_MAX 0xfffffffcu

/**
 * struct bs_range - a piece of a device, in whatever unit the user counts
 * @start: its first position
 * @len: how many positions it has; a range of none is empty, wherever it is
 */
struct bs_range {
	u64 start;
	u64 len;
};

/**
 * bs_block_of() - which block a sector is in
 * @sector: a sector of the origin, counted from the origin's start
 *
 * Return: the block's number.
 */
static inline u64 bs_block_of(u64 sector)
{
	return sector >> BS_BLOCK_SECTORS_SHIFT;
}

/**
 * bs_block_sector() - where a block begins
 * @block: a block's number, less than 2^61
 *
 * Return: its first sector, counted from the origin's start.
 */
static inline u64 bs_block_sector(u64 block)
{
	return block << BS_BLOCK_SECTORS_SHIFT;
}

/**
 * bs_blocks_in() - how many blocks hold so many sectors
 * @sectors: any number of sectors, from the start of a block on
 *
 * Return: the number of blocks; the last one may be used in part only.
 */
static inline u64 bs_blocks_in(u64 sectors)
{
	return (sectors >> BS_BLOCK_SECTORS_SHIFT) +
	       !!(sectors & (BS_SECTORS_PER_BLOCK - 1));
}

/**
 * bs_range_end() - the first position behind a range
 * @start: first position
 * @len: number of positions
 *
 * Return: @start + @len, or U64_MAX if that is too large for a u64.
 */
static inline u64 bs_range_end(u64 start, u64 len)
{
	u64 end;

	if (check_add_overflow(start, len, &end))
		return U64_MAX;
	return end;
}

static inline u64 bs_end_of(const struct bs_range *r)
{
	return bs_range_end(r->start, r->len);
}

/**
 * bs_ranges_overlap() - have two ranges a position in common?
 * @a: one range
 * @b: the other
 *
 * Return: whether they have.
 */
static inline bool bs_ranges_overlap(const struct bs_range *a,
				     const struct bs_range *b)
{
	return max(a->start, b->start) < min(bs_end_of(a), bs_end_of(b));
}

/**
 * bs_range_clip() - cut off what lies outside of bounds
 * @r: the range; afterwards, the part of it that lies inside, or a range of
 *	length 0
 * @bounds: the bounds
 *
 * Return: whether anything is left.
 */
bool bs_range_clip(struct bs_range *r, const struct bs_range *bounds);

/**
 * bs_range_to_blocks() - the blocks that a range of sectors touches
 * @start: first sector, counted from the origin's start
 * @len: number of sectors
 * @first: out, the first block touched
 * @nr: out, how many blocks are touched, wholly or in part; 0 if @len is 0
 */
void bs_range_to_blocks(u64 start, u64 len, u64 *first, u64 *nr);

/**
 * bs_rangeset_normalise() - make a set of any ranges
 * @r: the ranges in any order; afterwards, the same positions as ranges that
 *	are sorted, not empty, and neither overlap nor touch one another
 * @nr: how many there are
 *
 * The functions below take only sets that went through this one.
 *
 * Return: how many ranges there are now, at most @nr. The array behind them
 * has no defined content.
 */
u32 bs_rangeset_normalise(struct bs_range *r, u32 nr);

/**
 * bs_rangeset_test() - is a position in the set?
 * @r: a normalised set
 * @nr: how many ranges it has
 * @pos: the position
 * @run: out, how many positions from @pos on have the same answer, which is
 *	U64_MAX - @pos if it never changes
 *
 * Return: whether @pos is in the set.
 */
bool bs_rangeset_test(const struct bs_range *r, u32 nr, u64 pos, u64 *run);

/**
 * bs_rangeset_overlaps() - is any position of a range in the set?
 * @r: a normalised set
 * @nr: how many ranges it has
 * @start: first position
 * @len: how many positions
 *
 * Return: whether one is.
 */
bool bs_rangeset_overlaps(const struct bs_range *r, u32 nr, u64 start, u64 len);

#endif /* BS_PURE_RANGE_H */
