// SPDX-License-Identifier: GPL-2.0-only
/*
 * Freezing file systems with a deadline.
 *
 * A freeze can hang for ever in somebody else's storage, and so can the opening
 * of the device, the writing out of dirty data that makes it short, and the thaw,
 * so each one is done by a worker of its own. Whoever waits for it may give up:
 * then the item belongs to the worker, which thaws at once what it has frozen
 * too late. The item's state decides who it belongs to: RUNNING goes either to
 * DONE, by the worker, or to ABANDONED, by the waiter.
 *
 * A file system that cannot be found through its device (btrfs up to 6.12) is
 * given by one of its files and frozen by its superblock. If it has been found
 * all the same, it is frozen once, since it would refuse the second time.
 *
 * Lists belong to the caller. There are no locks.
 */

#include <linux/completion.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat/bdev.h"
#include "freeze.h"

enum bs_freeze_state { BS_FREEZE_RUNNING, BS_FREEZE_DONE, BS_FREEZE_ABANDONED };

/* What a worker does with an item. */
enum bs_freeze_op { BS_OP_SYNC, BS_OP_FREEZE, BS_OP_THAW };

/* How long a freeze under way is still waited for by a task that is killed. */
#define BS_KILLED_TIME (2 * HZ)

struct bs_freeze {
	struct list_head entry;
	struct work_struct work;
	struct completion done;
	int state;
	int result;
	enum bs_freeze_op op;
	bool started;	/* somebody has to wait for it */
	bool frozen;	/* to be thawed */
	bool reached;	/* a file system was, until we thawed it */
	u32 level;
	/* A device, which the first worker opens, */
	dev_t dev;
	const struct gendisk *disk;	/* to compare only: it may be gone */
	struct bs_bdev bdev;
	/* or one of the files of a file system */
	struct file *file;
};

/* Thaws have workers even if any number of freezes hang. */
static struct workqueue_struct *bs_freeze_wq, *bs_thaw_wq;

static int bs_freeze_do(struct bs_freeze *item)
{
	if (item->file)
		return bs_sb_freeze(file_inode(item->file)->i_sb);
	return bdev_freeze(item->bdev.bdev);
}

static int bs_freeze_open(struct bs_freeze *item)
{
	int ret = bs_bdev_open(&item->bdev, item->dev);

	/* It may be gone, and another have its number. */
	if (!ret && item->bdev.bdev->bd_disk != item->disk)
		ret = -ENODEV;
	return ret;
}

static int bs_freeze_write_out(struct bs_freeze *item)
{
	struct super_block *sb;
	int ret;

	if (!item->file) {
		ret = bs_freeze_open(item) ?: bs_bdev_sync(item->bdev.bdev);
		/*
		 * An error that is left over from before has to come now: since
		 * 6.8 a freeze that gets it leaves the file system frozen
		 */
		return ret ?: sync_blockdev(item->bdev.bdev);
	}
	sb = file_inode(item->file)->i_sb;
	down_read(&sb->s_umount);
	ret = sync_filesystem(sb);
	up_read(&sb->s_umount);
	return ret;
}

static int bs_freeze_undo(struct bs_freeze *item)
{
	if (item->file)
		return bs_sb_thaw(file_inode(item->file)->i_sb);
	return bdev_thaw(item->bdev.bdev);
}

static int bs_freeze_run(struct bs_freeze *item)
{
	/* There was no worker in time. */
	if (READ_ONCE(item->state) == BS_FREEZE_ABANDONED &&
	    item->op != BS_OP_THAW)
		return -ETIMEDOUT;
	switch (item->op) {
	case BS_OP_SYNC:
		return bs_freeze_write_out(item);
	case BS_OP_FREEZE:
		return bs_freeze_do(item);
	case BS_OP_THAW:
		return bs_freeze_undo(item);
	}
	return -EINVAL;
}

static void bs_freeze_free(struct bs_freeze *item)
{
	bs_bdev_close(&item->bdev);
	if (item->file)
		fput(item->file);
	kfree(item);
}

static void bs_freeze_work(struct work_struct *work)
{
	struct bs_freeze *item = container_of(work, struct bs_freeze, work);
	unsigned int noio;

	/* Memory must not be looked for in a file system that is frozen. */
	noio = memalloc_noio_save();
	item->result = bs_freeze_run(item);
	memalloc_noio_restore(noio);
	if (cmpxchg(&item->state, BS_FREEZE_RUNNING, BS_FREEZE_DONE) ==
	    BS_FREEZE_RUNNING) {
		complete(&item->done);
		return;
	}
	if (item->op == BS_OP_FREEZE && !item->result)
		bs_freeze_undo(item);
	bs_freeze_free(item);
	module_put(THIS_MODULE);
}

/* If a device brings the file system as well, they go together. */
static u32 bs_freeze_fs_level(struct list_head *list, struct super_block *sb,
			      u32 level)
{
	struct bs_freeze *item;

	list_for_each_entry(item, list, entry) {
		if (!item->file && sb->s_bdev && item->dev == sb->s_bdev->bd_dev)
			return item->level;
	}
	return level;
}

static struct bs_freeze *bs_freeze_alloc(struct list_head *list, u32 level)
{
	struct bs_freeze *item = kzalloc(sizeof(*item), GFP_KERNEL);

	if (!item)
		return NULL;
	INIT_WORK(&item->work, bs_freeze_work);
	init_completion(&item->done);
	item->level = level;
	list_add_tail(&item->entry, list);
	return item;
}

static int bs_freeze_add_dev(struct list_head *list,
			     const struct gendisk *disk, dev_t dev, u32 level)
{
	struct bs_freeze *item = bs_freeze_alloc(list, level);

	if (!item)
		return -ENOMEM;
	item->dev = dev;
	item->disk = disk;
	return 0;
}

int bs_freeze_add_bdev(struct list_head *list, struct block_device *bdev,
		       u32 level)
{
	struct xarray *parts = &bdev->bd_disk->part_tbl;
	struct block_device *part;
	unsigned long i;
	dev_t dev;
	int ret;

	if (bdev_is_partition(bdev))
		return bs_freeze_add_dev(list, bdev->bd_disk, bdev->bd_dev,
					 level);
	for (i = 0; ; i++) {
		rcu_read_lock();
		part = xa_find(parts, &i, ULONG_MAX, XA_PRESENT);
		dev = part ? part->bd_dev : 0;
		rcu_read_unlock();
		if (!part)
			return 0;
		ret = bs_freeze_add_dev(list, bdev->bd_disk, dev, level);
		if (ret)
			return ret;
	}
}

int bs_freeze_add_fs(struct list_head *list, struct file *file, u32 level)
{
	struct super_block *sb = file_inode(file)->i_sb;
	struct bs_freeze *item;

	list_for_each_entry(item, list, entry) {
		if (item->file && file_inode(item->file)->i_sb == sb)
			return 0;
	}
	if (!sb->s_op->freeze_fs && !sb->s_op->freeze_super)
		return -EOPNOTSUPP;
	item = bs_freeze_alloc(list, bs_freeze_fs_level(list, sb, level));
	if (!item)
		return -ENOMEM;
	item->file = get_file(file);
	return 0;
}

/* Has a device of the list brought this superblock to be frozen? */
static bool bs_freeze_found(struct list_head *list, struct super_block *sb)
{
	struct bs_freeze *item;

	list_for_each_entry(item, list, entry) {
		if (item->frozen && item->bdev.bdev &&
		    item->bdev.bdev == sb->s_bdev &&
		    bs_bdev_fs_frozen(item->bdev.bdev))
			return true;
	}
	return false;
}

static void bs_freeze_start(struct bs_freeze *item, enum bs_freeze_op op)
{
	item->op = op;
	item->started = true;
	item->state = BS_FREEZE_RUNNING;
	reinit_completion(&item->done);
	__module_get(THIS_MODULE); /* in case it is abandoned */
	queue_work(op == BS_OP_THAW ? bs_thaw_wq : bs_freeze_wq, &item->work);
}

static void bs_freeze_start_level(struct list_head *list, u32 level, bool files)
{
	struct bs_freeze *item;

	list_for_each_entry(item, list, entry) {
		if (item->level != level || !!item->file != files)
			continue;
		if (files && bs_freeze_found(list,
					     file_inode(item->file)->i_sb))
			continue;
		bs_freeze_start(item, BS_OP_FREEZE);
	}
}

static void bs_freeze_note(struct bs_freeze *item)
{
	dev_t dev = item->dev;

	item->frozen = item->op == BS_OP_FREEZE && !item->result;
	if (item->op != BS_OP_THAW || !item->result)
		return;
	/* Most likely somebody was faster: there are agents that thaw all they can */
	item->reached = false;
	if (item->file)
		dev = file_inode(item->file)->i_sb->s_dev;
	pr_warn("device %u:%u: thawing the file system gave error %d\n",
		MAJOR(dev), MINOR(dev), item->result);
}

static long bs_freeze_left(unsigned long deadline)
{
	return max_t(long, deadline - jiffies, 1);
}

/*
 * Who is killed waits for thaws all the same, and for freezes a little, so that
 * these are thawed in turn: what lies above starts after them.
 */
static bool bs_freeze_ends(struct bs_freeze *item, unsigned long *deadline)
{
	long left = bs_freeze_left(*deadline);

	if (item->op == BS_OP_THAW)
		return wait_for_completion_timeout(&item->done, left);
	left = wait_for_completion_killable_timeout(&item->done, left);
	if (left >= 0)
		return left;
	if (time_before(jiffies + BS_KILLED_TIME, *deadline))
		*deadline = jiffies + BS_KILLED_TIME;
	return wait_for_completion_timeout(&item->done,
					   bs_freeze_left(*deadline));
}

/* True: it has ended. False: it was given up, and is not ours any more. */
static bool bs_freeze_wait(struct bs_freeze *item, unsigned long *deadline)
{
	if (bs_freeze_ends(item, deadline))
		return true;
	if (cmpxchg(&item->state, BS_FREEZE_RUNNING, BS_FREEZE_ABANDONED) ==
	    BS_FREEZE_RUNNING)
		return false;
	wait_for_completion(&item->done);
	return true;
}

/* Waits for all that have been started, also if one has failed. */
static int bs_freeze_finish(struct list_head *list, unsigned long deadline)
{
	struct bs_freeze *item, *next;
	int ret = 0;

	list_for_each_entry_safe(item, next, list, entry) {
		if (!item->started)
			continue;
		item->started = false;
		/* From here on it may be the worker's. */
		list_del(&item->entry);
		if (!bs_freeze_wait(item, &deadline)) {
			ret = fatal_signal_pending(current) ? -EINTR :
				-ETIMEDOUT;
			continue;
		}
		list_add_tail(&item->entry, &next->entry); /* where it was */
		module_put(THIS_MODULE);
		bs_freeze_note(item);
		ret = ret ?: item->result;
	}
	return ret;
}

int bs_freeze_sync(struct list_head *list, unsigned long deadline)
{
	struct bs_freeze *item;

	list_for_each_entry(item, list, entry)
		bs_freeze_start(item, BS_OP_SYNC);
	return bs_freeze_finish(list, deadline);
}

int bs_freeze_level(struct list_head *list, u32 level, unsigned long deadline)
{
	int ret;

	bs_freeze_start_level(list, level, false);
	ret = bs_freeze_finish(list, deadline);
	if (ret)
		return ret;
	bs_freeze_start_level(list, level, true);
	return bs_freeze_finish(list, deadline);
}

static bool bs_freeze_is_on(const struct bs_freeze *item,
			    struct block_device *bdev)
{
	struct block_device *frozen = item->bdev.bdev;

	if (item->file)
		frozen = file_inode(item->file)->i_sb->s_bdev;
	if (!frozen || frozen->bd_disk != bdev->bd_disk)
		return false;
	return frozen == bdev || !bdev_is_partition(bdev);
}

bool bs_freeze_reached(struct list_head *list, struct block_device *bdev)
{
	struct bs_freeze *item;

	list_for_each_entry(item, list, entry) {
		if (item->reached && bs_freeze_is_on(item, bdev))
			return true;
	}
	return false;
}

bool bs_freeze_level_below(struct list_head *list, s64 below, u32 *level)
{
	struct bs_freeze *item;
	bool found = false;

	list_for_each_entry(item, list, entry) {
		if (item->level < below && (!found || item->level > *level)) {
			*level = item->level;
			found = true;
		}
	}
	return found;
}

bool bs_freeze_level_above(struct list_head *list, s64 above, u32 *level)
{
	struct bs_freeze *item;
	bool found = false;

	list_for_each_entry(item, list, entry) {
		if (item->level > above && (!found || item->level < *level)) {
			*level = item->level;
			found = true;
		}
	}
	return found;
}

/*
 * All at the same time: a thaw may write, and the caller need not know that one
 * file system of a level lies above another.
 */
void bs_freeze_thaw_level(struct list_head *list, u32 level,
			  unsigned long deadline)
{
	struct bs_freeze *item;

	list_for_each_entry(item, list, entry) {
		if (item->level != level || !item->frozen)
			continue;
		item->reached = item->file ||
			bs_bdev_fs_frozen(item->bdev.bdev);
		bs_freeze_start(item, BS_OP_THAW);
	}
	bs_freeze_finish(list, deadline);
}

void bs_freeze_end(struct list_head *list)
{
	struct bs_freeze *item, *next;

	list_for_each_entry_safe(item, next, list, entry) {
		list_del(&item->entry);
		bs_freeze_free(item);
	}
}

int bs_freeze_init(void)
{
	bs_freeze_wq = alloc_workqueue("blksnap-freeze", WQ_UNBOUND, 0);
	if (!bs_freeze_wq)
		return -ENOMEM;
	bs_thaw_wq = alloc_workqueue("blksnap-thaw",
				     WQ_UNBOUND | WQ_MEM_RECLAIM, WQ_MAX_ACTIVE);
	if (!bs_thaw_wq)
		destroy_workqueue(bs_freeze_wq);
	return bs_thaw_wq ? 0 : -ENOMEM;
}

void bs_freeze_exit(void)
{
	destroy_workqueue(bs_thaw_wq);
	destroy_workqueue(bs_freeze_wq);
}
