/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The log of old data over the segments of a difference storage. A block's
 * place is its index in the log; nothing is freed before release.
 */
#ifndef BS_LOG_H
#define BS_LOG_H

#include <linux/bio.h>
#include <linux/bvec.h>
#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "fate.h"
#include "segment.h"

/**
 * struct bs_log - a log
 * @fate: of the snapshot
 * @spent: called after places have been given, by a worker; may not wait
 * @lock: protects @queue, @used, @reserved, @in_flight, the segments' bump
 *	allocators, and adding to @segments
 * @queue: requests that have no place yet
 * @segments: list of struct bs_segment, only added to; RCU
 * @used: blocks that have been given, or left unused
 * @reserved: blocks that there are
 * @spare: blocks that may be stored though they need not be; kept by @spent's owner
 * @expected: blocks that somebody copies, and that are not stored yet
 * @stored: blocks that have got into the storage, to see whether it takes any
 * @in_flight: writes on their way
 * @wq: for @work
 * @work: makes writes of requests
 * @sender: the task that is sending a write, or NULL: what it submits to an
 *	origin meanwhile shows that the storage lies above it
 * @bios: of writes
 * @batches: of struct bs_batch
 */
struct bs_log {
	struct bs_fate *fate;
	void (*spent)(struct bs_log *log);
	spinlock_t lock; /* see above */
	struct list_head queue;
	struct list_head segments;
	u64 used;
	u64 reserved;
	u32 spare;
	atomic_t expected;
	atomic64_t stored;
	unsigned int in_flight;
	struct workqueue_struct *wq;
	struct work_struct work;
	struct task_struct *sender;
	struct bio_set bios;
	mempool_t *batches;
};

/**
 * struct bs_log_req - adjacent blocks of old data on their way into the log
 * @entry: in bs_log.queue
 * @vecs: whole blocks each
 * @nr_vecs: how many
 * @nr: blocks, at most BS_LOG_REQ_MAX
 * @done: called in any context; @place of the first block, if @error is 0
 */
struct bs_log_req {
	struct list_head entry;
	struct bio_vec *vecs;
	u32 nr_vecs;
	u32 nr;
	void (*done)(struct bs_log_req *req, u32 place, int error);
};

#define BS_LOG_REQ_MAX 128

/**
 * bs_log_init() - make an empty log
 * @log: zeroed
 * @fate: of its snapshot; outlives it
 * @spent: see struct bs_log
 *
 * Return: 0 or -ENOMEM; bs_log_exit() is to be called in either case.
 */
int bs_log_init(struct bs_log *log, struct bs_fate *fate,
		void (*spent)(struct bs_log *log));

/**
 * bs_log_stop() - wait until the last write has been accounted for
 * @log: with no request in progress
 *
 * @spent is not called any more afterwards.
 */
void bs_log_stop(struct bs_log *log);

/**
 * bs_log_exit() - drop the segments and free the memory
 * @log: stopped, and with no reader
 */
void bs_log_exit(struct bs_log *log);

/**
 * bs_log_add() - add a segment
 * @log: log; one adder at a time
 * @seg: belongs to the log on success
 *
 * Return: 0, or -E2BIG if there are more blocks than places.
 */
int bs_log_add(struct bs_log *log, struct bs_segment *seg);

/**
 * bs_log_append() - store old data
 * @log: log
 * @req: belongs to the log until its @done is called
 *
 * Any context. A failure fails the snapshot.
 */
void bs_log_append(struct bs_log *log, struct bs_log_req *req);

/**
 * bs_log_locate() - where a place lies
 * @log: log
 * @place: of a stored block
 * @bdev: device
 * @run: blocks from @place on that lie in sequence on it
 *
 * Any context.
 *
 * Return: sector of @bdev.
 */
u64 bs_log_locate(struct bs_log *log, u32 place, struct block_device **bdev,
		  u32 *run);

#endif /* BS_LOG_H */
