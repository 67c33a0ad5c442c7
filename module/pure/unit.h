/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The copy unit of an origin: how much is copied for a small write.
 *
 * The least is what is written. But a disk that can do few requests in a second reads
 * a neighbourhood in hardly more time, and later writes to that need no read of their
 * own. So it is measured how long such a disk takes for a read of what is written and
 * no more: from its begin, or from the end of the read before if that was later, to
 * its end. Disks end reads in bursts, and any disk stands still for some 10 ms at
 * times, so the mean of enough of them is taken. As long as that leaves it at the
 * least, it is measured on and on; if not, it counts until it is time to try the
 * least again. All reads that are measured are of the same kind, so the choice does
 * not feed back into the measure.
 */
#ifndef BS_PURE_UNIT_H
#define BS_PURE_UNIT_H

#include <linux/types.h>

#include "range.h"

/* In blocks: 4, 64, 128 and 512 KiB */
#define BS_UNIT_LEAST 1u
#define BS_UNIT_SMALL 16u
#define BS_UNIT_LARGE 32u
#define BS_UNIT_MOST 128u

/*
 * From which time of a read on, in ns. 64 KiB take as long at 200 MB/s, the others at
 * 100 to 130 MB/s, which slower disks may be good for
 */
#define BS_UNIT_SMALL_NS 330000u
#define BS_UNIT_LARGE_NS 1300000u
#define BS_UNIT_MOST_NS 4000000u
/* Instead, if some of the time was spent on reads of the image */
#define BS_UNIT_SHARED_NS 5200000u

/* So many reads are measured at least, and for so long, in ns */
#define BS_UNIT_SAMPLES 32u
#define BS_UNIT_SPAN (100ULL * 1000 * 1000)
/* For how long more than the least is copied, in ns */
#define BS_UNIT_PERIOD (10ULL * 1000 * 1000 * 1000)
/* What each further block of a read may take, and of the write that it is for, in ns */
#define BS_UNIT_BLOCK 40000u

/**
 * struct bs_unit - what has been measured
 * @blocks: the unit; it is measured while this is the least
 * @fixed: it never is
 * @nr: reads that have been measured; 0 while it is not
 * @busy: how long these took
 * @last: when the last of them ended
 * @again: when it is time for that
 *
 * All times are in ns. One user at a time.
 */
struct bs_unit {
	u32 blocks;
	bool fixed;
	u32 nr;
	u64 busy;
	u64 last;
	u64 again;
};

/**
 * bs_unit_valid() - can this be a fixed unit?
 * @blocks: number
 *
 * Return: whether it is a power of two up to BS_UNIT_MOST.
 */
static inline bool bs_unit_valid(u32 blocks)
{
	return blocks && blocks <= BS_UNIT_MOST && !(blocks & (blocks - 1));
}

/**
 * bs_unit_init() - begin
 * @unit: the unit
 * @fixed: what it stays at, see bs_unit_valid(); 0: it is measured
 */
void bs_unit_init(struct bs_unit *unit, u32 fixed);

/**
 * bs_unit_get() - what to copy for the next small write
 * @unit: the unit
 * @now: the time
 * @others: other reads for copies are under way. If not, the disk keeps up, and the
 *	writer waits the least for the least, unless it turns.
 *
 * Return: in blocks, a power of two.
 */
u32 bs_unit_get(struct bs_unit *unit, u64 now, bool others);

/**
 * bs_unit_add() - a read of what was written, and no more, has ended
 * @unit: the unit
 * @begin: when it was sent
 * @end: when it ended
 * @nr: blocks, at least 1
 * @shared: somebody reads the image, and that is a part of the time; what is said of
 *	the last that is measured counts
 */
void bs_unit_add(struct bs_unit *unit, u64 begin, u64 end, u32 nr, bool shared);

/**
 * bs_unit_narrow() - never copy more than what is written again
 * @unit: the unit
 */
void bs_unit_narrow(struct bs_unit *unit);

#endif /* BS_PURE_UNIT_H */
