/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copy before write: what one snapshot keeps of one origin.
 */
#ifndef BS_COW_H
#define BS_COW_H

#include <linux/llist.h>
#include <linux/mempool.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "fate.h"
#include "log.h"
#include "pure/blockmap.h"
#include "pure/range.h"
#include "pure/unit.h"
#include "write.h"

/**
 * struct bs_cow - the frozen view of an origin
 * @serial: later ones have larger numbers
 * @users: writes and runs at work
 * @idle: waited on for @users to be 0
 * @bdev: the origin; open as long as this lives
 * @range: its sectors on the disk
 * @map: what has been preserved, and where
 * @log: where to
 * @fate: of the snapshot
 * @holes: sectors of the origin that belong to a storage: read as zeros
 * @nr_holes: length of @holes
 * @queue: held writes that @work has to look at
 * @work: on the disk's copy_wq
 * @buffered: blocks in memory
 * @reading: runs that are being read
 * @unit: how much is copied for a small write
 * @image_at: when the image was last read, in ns; without a lock
 * @pages: of blocks
 * @runs: of struct bs_run
 * @lock: protects @unit, @blocked, @stalled, @seen and @deadline
 * @blocked: writes that wait for blocks that others are reading
 * @stalled: writes that wait for memory, or for the storage to take some
 * @retry: lets them try again, on the disk's copy_wq
 * @begun: blocks that were sent to be read
 * @seen: what had been begun and stored when the last one stalled
 * @deadline: when that is too long ago, in jiffies
 * @copied: statistics, in blocks; so are the following
 * @stored: stored blocks
 * @held: writes
 * @discards: discards dropped
 * @image_read: sectors read from the image
 */
struct bs_cow {
	u64 serial;
	atomic_t users;
	wait_queue_head_t idle;
	struct block_device *bdev;
	struct bs_range range;
	struct bs_map map;
	struct bs_log *log;
	struct bs_fate *fate;
	struct bs_range *holes;
	u32 nr_holes;
	struct llist_head queue;
	struct work_struct work;
	atomic_t buffered;
	atomic_t reading;
	struct bs_unit unit;
	u64 image_at;
	mempool_t *pages;
	mempool_t *runs;
	spinlock_t lock; /* see above */
	struct list_head blocked;
	struct list_head stalled;
	struct delayed_work retry;
	atomic64_t begun;
	u64 seen;
	unsigned long deadline;
	atomic64_t copied;
	atomic64_t stored;
	atomic64_t held;
	atomic64_t discards;
	atomic64_t image_read;
};

/* What writes are decided by. */
extern const struct bs_write_ops bs_cow_write_ops;

/**
 * bs_cow_create() - prepare for an origin
 * @bdev: the origin
 * @range: its sectors on the disk
 * @log: where old data goes
 * @fate: of the snapshot
 *
 * Not armed yet: that is done by bs_watch.cow.
 *
 * Return: it, or an ERR_PTR(-ENOMEM).
 */
struct bs_cow *bs_cow_create(struct block_device *bdev,
			     const struct bs_range *range,
			     struct bs_log *log, struct bs_fate *fate);

/**
 * bs_cow_destroy() - wait for all users and free it
 * @cow: not armed any more since a grace period, of a failed snapshot, so that
 *	nothing new is begun; or never armed
 */
void bs_cow_destroy(struct bs_cow *cow);

static inline void bs_cow_get(struct bs_cow *cow)
{
	atomic_inc(&cow->users);
}

/* Any context. */
void bs_cow_put(struct bs_cow *cow);

#endif /* BS_COW_H */
