/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One piece of a difference storage: a pinned file, or a block device.
 */
#ifndef BS_SEGMENT_H
#define BS_SEGMENT_H

#include <linux/list.h>
#include <linux/workqueue.h>

#include "compat/bdev.h"
#include "disk.h"
#include "fate.h"
#include "pure/extents.h"
#include "swapfile.h"

/**
 * struct bs_segment - blocks that old data is stored in
 * @entry: in its storage; RCU
 * @all: in the list of all segments; bs_segments_mutex
 * @fate: of the snapshot that it serves
 * @base: place of its first block
 * @bump: which of its blocks are in use; the storage's lock
 * @bdev: the device that the blocks lie on
 * @ext: the blocks, in the order of places
 * @nr_ext: length of @ext
 * @ranges: the same as sectors of the whole disk, sorted and merged
 * @nr_ranges: length of @ranges
 * @disk: the whole disk, on which foreign writes into @ranges are watched for
 * @guard: the watch
 * @sf: the file, if it is one
 * @claimed: the device, if it is one
 * @owner: which of the storage's sources it came from
 * @drop: gives everything back
 *
 * But for the first four, @bump and @owner it never changes once it is made.
 */
struct bs_segment {
	struct list_head entry;
	struct list_head all;
	struct bs_fate *fate;
	u32 base;
	struct bs_bump bump;
	struct block_device *bdev;
	struct bs_extent *ext;
	u32 nr_ext;
	struct bs_range *ranges;
	u32 nr_ranges;
	struct bs_disk *disk;
	struct bs_watch guard;
	struct bs_swapfile sf;
	struct bs_bdev claimed;
	const void *owner;
	struct work_struct drop;
};

/**
 * bs_segment_from_dir() - make one of a file
 * @dir: directory
 * @size: bytes
 * @fate: fails if somebody else writes there
 *
 * Return: the segment or an ERR_PTR as of BLKSNAP_IOC_APPEND_STORAGE.
 */
struct bs_segment *bs_segment_from_dir(const struct path *dir, u64 size,
				       struct bs_fate *fate);

/**
 * bs_segment_from_bdev() - make one of a block device
 * @bdev: device
 * @limit: bytes, 0 for all of it
 * @fate: fails if somebody else writes there
 *
 * Return: the segment or an ERR_PTR as of BLKSNAP_IOC_APPEND_STORAGE.
 */
struct bs_segment *bs_segment_from_bdev(struct block_device *bdev, u64 limit,
					struct bs_fate *fate);

/**
 * bs_segment_drop() - give it back
 * @seg: nothing is in flight to it, nobody can find it any more
 *
 * By a worker, which bs_segments_flush() waits for.
 */
void bs_segment_drop(struct bs_segment *seg);

/*
 * Was it made of a block device in which these sectors of the disk of @bdev lie? Old
 * data of that would overwrite it.
 */
bool bs_segment_surrounds(const struct bs_segment *seg,
			  struct block_device *bdev,
			  const struct bs_range *range);

/* Does any of it lie in these sectors of the disk? */
bool bs_segment_overlaps(const struct bs_segment *seg,
			 const struct gendisk *disk,
			 const struct bs_range *range);

/**
 * bs_segments_pin() - which sectors of an origin belong to any storage
 * @watch: the origin
 * @holes: out, array of sectors relative to the origin's start; kvfree()
 * @nr: out, its length
 *
 * Until bs_segments_unpin(), that stays so: new segments are refused there, and those
 * that are dropped keep their blocks.
 *
 * Return: 0 or -ENOMEM.
 */
int bs_segments_pin(struct bs_watch *watch, struct bs_range **holes, u32 *nr);

/**
 * bs_segments_unpin() - the cut has been made, or not
 * @watch: the origin, pinned or not
 */
void bs_segments_unpin(struct bs_watch *watch);

/* Wait until dropped segments have been given back, but not for ever. */
void bs_segments_flush(void);

/*
 * Queue work that may be stopped by a frozen file system: for now, or for later if it
 * is not queued already.
 */
void bs_segments_queue(struct delayed_work *work, unsigned long delay);

int bs_segment_init(void);
void bs_segment_exit(void);

#endif /* BS_SEGMENT_H */
