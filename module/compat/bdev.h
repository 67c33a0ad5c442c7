/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Block devices: opening, freezing and statistics under the newest names.
 */
#ifndef BS_COMPAT_BDEV_H
#define BS_COMPAT_BDEV_H

#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/fs.h>
#include <linux/part_stat.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>

#include "compat/config.h"

/**
 * struct bs_bdev - a block device that we have opened
 * @bdev: the device, NULL if it is not open
 * @handle: what closes it again
 */
struct bs_bdev {
	struct block_device *bdev;
	void *handle;
};

/* A device that is going away cannot be opened, and has two errnos for that. */
static inline int bs_open_error(const void *error)
{
	int ret = PTR_ERR(error);

	return ret == -ENXIO ? -ENODEV : ret;
}

#ifdef HAVE_BDEV_FILE_OPEN
static inline int bs_bdev_open(struct bs_bdev *b, dev_t dev)
{
	struct file *file = bdev_file_open_by_dev(dev, BLK_OPEN_READ, NULL,
						  NULL);

	if (IS_ERR(file))
		return bs_open_error(file);
	b->handle = file;
	b->bdev = file_bdev(file);
	return 0;
}

static inline int bs_bdev_claim(struct bs_bdev *b, dev_t dev, void *holder)
{
	struct file *file = bdev_file_open_by_dev(dev, BLK_OPEN_READ |
						  BLK_OPEN_WRITE, holder,
						  NULL);

	if (IS_ERR(file))
		return bs_open_error(file);
	b->handle = file;
	b->bdev = file_bdev(file);
	return 0;
}

static inline void bs_bdev_close(struct bs_bdev *b)
{
	if (b->bdev)
		bdev_fput(b->handle);
	b->bdev = NULL;
}

static inline void bs_bdev_unclaim(struct bs_bdev *b)
{
	bs_bdev_close(b);
}
#else /* !HAVE_BDEV_FILE_OPEN: before 6.9 */
static inline int bs_bdev_open(struct bs_bdev *b, dev_t dev)
{
	struct block_device *bdev = blkdev_get_by_dev(dev, FMODE_READ, NULL);

	if (IS_ERR(bdev))
		return bs_open_error(bdev);
	b->bdev = bdev;
	return 0;
}

static inline int bs_bdev_claim(struct bs_bdev *b, dev_t dev, void *holder)
{
	struct block_device *bdev = blkdev_get_by_dev(dev, FMODE_READ |
						      FMODE_WRITE | FMODE_EXCL,
						      holder);

	if (IS_ERR(bdev))
		return bs_open_error(bdev);
	b->bdev = bdev;
	return 0;
}

static inline void bs_bdev_close(struct bs_bdev *b)
{
	if (b->bdev)
		blkdev_put(b->bdev, FMODE_READ);
	b->bdev = NULL;
}

static inline void bs_bdev_unclaim(struct bs_bdev *b)
{
	if (b->bdev)
		blkdev_put(b->bdev, FMODE_READ | FMODE_WRITE | FMODE_EXCL);
	b->bdev = NULL;
}
#endif

/* Has somebody claimed it who is not known to be a file system? */
static inline bool bs_bdev_has_driver(const struct block_device *bdev)
{
#ifdef HAVE_BLK_HOLDER_OPS
	return READ_ONCE(bdev->bd_holder) && !READ_ONCE(bdev->bd_holder_ops);
#else /* before 6.5 */
	return READ_ONCE(bdev->bd_holder) && !READ_ONCE(bdev->bd_super);
#endif
}

#ifdef HAVE_BDEV_FREEZE
/* Did bdev_freeze() reach a file system? Asked while it is frozen. */
static inline bool bs_bdev_fs_frozen(struct block_device *bdev)
{
	bool frozen;

	mutex_lock(&bdev->bd_holder_lock);
	frozen = bdev->bd_holder_ops && bdev->bd_holder_ops->freeze;
	mutex_unlock(&bdev->bd_holder_lock);
	return frozen;
}
#else /* before 6.8 */
#define bdev_freeze freeze_bdev
#define bdev_thaw thaw_bdev
static inline bool bs_bdev_fs_frozen(struct block_device *bdev)
{
	return READ_ONCE(bdev->bd_fsfreeze_sb);
}
#endif

/* Write out what is dirty on a device, and on a file system mounted on it. */
#ifdef HAVE_FSYNC_BDEV
static inline int bs_bdev_sync(struct block_device *bdev)
{
	return fsync_bdev(bdev);
}
#else /* since 6.6 */
static inline int bs_bdev_sync(struct block_device *bdev)
{
	mutex_lock(&bdev->bd_holder_lock);
	if (bdev->bd_holder_ops && bdev->bd_holder_ops->sync) {
		bdev->bd_holder_ops->sync(bdev); /* unlocks */
		return 0;
	}
	mutex_unlock(&bdev->bd_holder_lock);
	return sync_blockdev(bdev);
}
#endif

#ifdef HAVE_FREEZE_SUPER_OWNER
static inline int bs_sb_freeze(struct super_block *sb)
{
	return freeze_super(sb, FREEZE_MAY_NEST | FREEZE_HOLDER_USERSPACE,
			    NULL);
}

static inline int bs_sb_thaw(struct super_block *sb)
{
	return thaw_super(sb, FREEZE_MAY_NEST | FREEZE_HOLDER_USERSPACE, NULL);
}
#elif defined(HAVE_FREEZE_SUPER_WHO)
static inline int bs_sb_freeze(struct super_block *sb)
{
	return freeze_super(sb, FREEZE_HOLDER_USERSPACE);
}

static inline int bs_sb_thaw(struct super_block *sb)
{
	return thaw_super(sb, FREEZE_HOLDER_USERSPACE);
}
#else
static inline int bs_sb_freeze(struct super_block *sb)
{
	return freeze_super(sb);
}

static inline int bs_sb_thaw(struct super_block *sb)
{
	return thaw_super(sb);
}
#endif

#ifndef HAVE_UNFREEZE_QUEUE_NOMEMRESTORE
#define blk_mq_unfreeze_queue_nomemrestore blk_mq_unfreeze_queue
#endif

/**
 * bs_queue_drain() - wait until all requests of a blk-mq queue are done
 * @q: the queue; it takes no others meanwhile
 * @timeout: in jiffies
 *
 * Return: 0, -ETIMEDOUT, or -EINTR after a fatal signal.
 */
static inline int bs_queue_drain(struct request_queue *q, unsigned long timeout)
{
	unsigned long deadline = jiffies + timeout;
	unsigned int memflags = memalloc_noio_save();
	int ret = 0;

	blk_freeze_queue_start(q);
	while (!ret && !blk_mq_freeze_queue_wait_timeout(q, HZ / 10)) {
		if (fatal_signal_pending(current))
			ret = -EINTR;
		else if (time_after(jiffies, deadline))
			ret = -ETIMEDOUT;
	}
	blk_mq_unfreeze_queue_nomemrestore(q);
	memalloc_noio_restore(memflags);
	return ret;
}

/* Writes in flight as the statistics of a device tell; meant to be 0 once. */
static inline unsigned int bs_bdev_writes_in_flight(struct block_device *bdev)
{
	unsigned int nr = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		nr += part_stat_local_read_cpu(bdev, in_flight[1], cpu);
	return nr;
}

/* Does the disk have a way for writes that goes around submit_bio()? */
static inline bool bs_disk_has_rw_page(struct gendisk *disk)
{
#ifdef HAVE_RW_PAGE
	return disk->fops->rw_page;
#else
	return false;
#endif
}

static inline bool bs_disk_is_bio_based(struct gendisk *disk)
{
	return disk->fops->submit_bio;
}

#endif /* BS_COMPAT_BDEV_H */
