/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk on which writes are watched: one gate and one count for all of it.
 */
#ifndef BS_DISK_H
#define BS_DISK_H

#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat/bdev.h"
#include "pure/range.h"

struct bs_cow;
struct bs_write;

struct bs_count {
	unsigned long in;
	unsigned long out;
};

/**
 * struct bs_disk - a disk with watches
 * @node: in the table of all; RCU
 * @gendisk: the disk, kept by @bdev
 * @bdev: the whole disk, open
 * @users: watches and makers of watches; bs_disks_lock
 * @watches: list of struct bs_watch; changed under bs_disks_lock, RCU
 * @unsettled: how often a watch has come whose earlier writes may still be in
 *	flight
 * @settled: the value of @unsettled for which none was; the cut
 * @young: since the last cut a watch has come of whose earlier writes nothing
 *	tells for a while
 * @watched: when the last such watch came, in jiffies
 * @settling: lets one at a time drain its queue for a new watch
 * @draining: how many are freezing its queue right now
 * @dying: in the list of disks that wait for their last writes; bs_disks_lock
 * @closed: the gate; written under @lock, read with a barrier after counting
 * @counts: admitted and completed writes, per CPU
 * @drained: the drain waits here
 * @lock: protects @parked
 * @parked: bios that came while the gate was closed, or for which there was
 *	no memory in the callback; not counted, nothing is decided on them
 * @release: works off @parked
 * @reap: frees a disk that hung when it was put
 * @writes: of struct bs_write
 * @spare: one of these for each processor, or NULL
 * @park_wq: for @release, which waits for what @send_wq and @copy_wq do
 * @copy_wq: reads old data
 * @send_wq: sends writes on; one may sleep there without stopping another
 */
struct bs_disk {
	struct hlist_node node;
	struct gendisk *gendisk;
	struct bs_bdev bdev;
	unsigned int users;
	struct list_head watches;
	atomic_t unsettled;
	int settled;
	bool young;
	unsigned long watched;
	struct mutex settling; /* see above */
	atomic_t draining;
	struct list_head dying;
	bool closed;
	struct bs_count __percpu *counts;
	wait_queue_head_t drained;
	spinlock_t lock; /* protects parked, and writing closed */
	struct bio_list parked;
	struct work_struct release;
	struct work_struct reap;
	mempool_t *writes;
	struct bs_write * __percpu *spare;
	struct workqueue_struct *park_wq;
	struct workqueue_struct *copy_wq;
	struct workqueue_struct *send_wq;
};

/**
 * struct bs_watch - a range of sectors of a disk, and who cares
 * @entry: in bs_disk.watches; RCU
 * @disk: set by bs_disk_watch()
 * @range: sectors of the disk
 * @cow: copies old data of the range, if a snapshot is armed; RCU, changed
 *	while the disk is drained, or to NULL
 * @written: told of each write into the range, with preemption off, if set
 * @writes: how many there were, per CPU
 * @pin: while a cut has its storages recorded, see bs_segments_pin()
 */
struct bs_watch {
	struct list_head entry;
	struct list_head pin;
	struct bs_disk *disk;
	struct bs_range range;
	struct bs_cow __rcu *cow;
	void (*written)(struct bs_watch *watch, const struct bs_range *range);
	unsigned long __percpu *writes;
};

/**
 * bs_disk_get() - the watched disk of a block device, made if need be
 * @bdev: the whole disk or one of its partitions, open
 *
 * May sleep long.
 *
 * Return: the disk, with a reference for the caller, or an ERR_PTR as of
 * bs_hook_get() and of opening the whole disk, -ENOMEM, -EINTR after a fatal
 * signal, or -ETIMEDOUT if writes from before it was last put do not end.
 */
struct bs_disk *bs_disk_get(struct block_device *bdev);

/**
 * bs_disk_put() - drop a reference
 * @disk: may be gone afterwards, once its last writes are done, for which this
 *	waits some seconds
 */
void bs_disk_put(struct bs_disk *disk);

/**
 * bs_disk_watch() - see each write into a range from now on
 * @disk: with a reference that stays as long as the watch
 * @watch: with @range and @written set
 * @settle: have the writes that were in flight before end, or make the next
 *	cut wait for them
 *
 * May sleep long.
 *
 * Return: 0, -ENOMEM, -ETIMEDOUT if the queue does not end its requests, or
 * -EINTR after a fatal signal.
 */
int bs_disk_watch(struct bs_disk *disk, struct bs_watch *watch, bool settle);

/**
 * bs_disk_unwatch() - the opposite; @watch is not used any more afterwards
 * @watch: a watch
 */
void bs_disk_unwatch(struct bs_watch *watch);

/**
 * bs_disk_overlaps() - is any of this range watched for a snapshot?
 * @bdev: the whole disk or a partition
 * @range: sectors of the disk
 *
 * Return: true if copying is armed there.
 */
bool bs_disk_overlaps(struct block_device *bdev, const struct bs_range *range);

/**
 * bs_watch_writes() - count what a watch has seen
 * @watch: a watch
 *
 * Return: the number of writes.
 */
u64 bs_watch_writes(const struct bs_watch *watch);

/**
 * bs_disk_mature() - wait until the statistics know of all earlier writes
 * @disk: with its watches
 *
 * Before a cut, with the gate open.
 *
 * Return: 0, or -EINTR after a fatal signal.
 */
int bs_disk_mature(struct bs_disk *disk);

/**
 * bs_disk_close() - close the gate: further writes are parked
 * @disk: with a reference; one closer at a time
 */
void bs_disk_close(struct bs_disk *disk);

/**
 * bs_disk_drain() - wait until all admitted writes are done
 * @disk: with its gate closed
 * @deadline: in jiffies
 *
 * Return: 0, -ETIMEDOUT, or -EINTR after a fatal signal.
 */
int bs_disk_drain(struct bs_disk *disk, unsigned long deadline);

/**
 * bs_disk_open() - open the gate: parked writes start from the top
 * @disk: with its gate closed
 */
void bs_disk_open(struct bs_disk *disk);

/* How many queues are being frozen right now, of all disks */
extern atomic_t bs_disks_draining;

/**
 * bs_disk_find() - the watched disk of a gendisk
 * @gendisk: any
 *
 * RCU read side, which is how long the result may be used.
 *
 * Return: the disk, or NULL.
 */
struct bs_disk *bs_disk_find(const struct gendisk *gendisk);

/**
 * bs_disk_init() - first of all
 *
 * Return: 0 or -ENOMEM.
 */
int bs_disk_init(void);

/* When all disks have been put; waits for the end of the last one's worker. */
void bs_disk_exit(void);

#endif /* BS_DISK_H */
