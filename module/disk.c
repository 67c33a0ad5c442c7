// SPDX-License-Identifier: GPL-2.0-only
/*
 * Disks on which writes are watched.
 *
 * A disk is found by its gendisk in a hash table, under RCU. It holds the list
 * of watches (origins, and areas of the difference storage), the gate, and the
 * count of writes in progress. Gate and count belong to the disk, not to a
 * watch: with a disk and its partition both watched, counting at one and
 * parking at the other would never drain.
 *
 * Locks: bs_disks_lock protects the table, the list of dying disks, and
 * bs_disk.users and .watches against other changers; readers are under RCU.
 * bs_disk.lock protects .parked. The counts are summed up as follows: first all
 * that went out, then, after a barrier, all that came in. Nobody goes out before
 * having come in, so equal sums say that at the instant between nobody was
 * inside.
 *
 * A disk that is put for the last time is taken from the table at once, and
 * freed when its last writes are done: by who put it, or, if the disk hangs, by
 * a worker. Until then nobody may count the same disk anew: a cut would not see
 * the writes of the old count. It holds a reference to the module.
 */

#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat/wq.h"
#include "write.h"

#define BS_DISKS_BITS 8
/* How often the drain looks by itself, were a wake-up to be missed. */
#define BS_DRAIN_POLL msecs_to_jiffies(20)
/* How long a driver may have a write before its statistics show it. */
#define BS_MATURE_TIME (2 * HZ)
/* How long a command waits for the last writes of a disk that is put. */
#define BS_REAP_TIME (5 * HZ)
/* How long a queue may take to end the requests that it has. */
#define BS_SETTLE_TIME (20 * HZ)

static DEFINE_HASHTABLE(bs_disks, BS_DISKS_BITS);
static DEFINE_MUTEX(bs_disks_lock);
static LIST_HEAD(bs_disks_dying);
static struct workqueue_struct *bs_reap_wq;

atomic_t bs_disks_draining = ATOMIC_INIT(0);

struct bs_disk *bs_disk_find(const struct gendisk *gendisk)
{
	struct bs_disk *disk;

	hash_for_each_possible_rcu(bs_disks, disk, node,
				   (unsigned long)gendisk,
				   lockdep_is_held(&bs_disks_lock)) {
		if (disk->gendisk == gendisk)
			return disk;
	}
	return NULL;
}

static bool bs_disk_quiet(struct bs_disk *disk)
{
	unsigned long in = 0, out = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		out += READ_ONCE(per_cpu_ptr(disk->counts, cpu)->out);
	smp_mb(); /* see the head of this file */
	for_each_possible_cpu(cpu)
		in += READ_ONCE(per_cpu_ptr(disk->counts, cpu)->in);
	return in == out;
}

static void bs_disk_free_spare(struct bs_disk *disk)
{
	int cpu;

	if (!disk->spare)
		return;
	for_each_possible_cpu(cpu)
		mempool_free(*per_cpu_ptr(disk->spare, cpu), disk->writes);
	free_percpu(disk->spare);
}

static void bs_disk_free(struct bs_disk *disk)
{
	if (disk->park_wq)
		destroy_workqueue(disk->park_wq);
	if (disk->send_wq)
		destroy_workqueue(disk->send_wq);
	if (disk->copy_wq)
		destroy_workqueue(disk->copy_wq);
	bs_disk_free_spare(disk);
	mempool_destroy(disk->writes);
	free_percpu(disk->counts);
	bs_bdev_close(&disk->bdev);
	kfree(disk);
}

static int bs_disk_alloc_parts(struct bs_disk *disk)
{
	const char *name = disk->gendisk->disk_name;

	disk->counts = alloc_percpu(struct bs_count);
	disk->spare = alloc_percpu(struct bs_write *);
	disk->writes = bs_write_pool();
	disk->park_wq = alloc_workqueue("blksnap-park-%s",
					WQ_MEM_RECLAIM | WQ_UNBOUND, 1, name);
	/* Bound: one worker takes what was queued where it runs, see doc/design.md */
	disk->copy_wq = alloc_workqueue("blksnap-copy-%s",
					WQ_MEM_RECLAIM | WQ_PERCPU, 0, name);
	disk->send_wq = alloc_workqueue("blksnap-send-%s",
					WQ_MEM_RECLAIM | WQ_PERCPU, 0, name);
	if (!disk->counts || !disk->spare || !disk->writes || !disk->park_wq ||
	    !disk->copy_wq || !disk->send_wq)
		return -ENOMEM;
	return 0;
}

static struct bs_disk *bs_disk_alloc(struct gendisk *gendisk)
{
	struct bs_disk *disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	int ret;

	if (!disk)
		return ERR_PTR(-ENOMEM);
	disk->gendisk = gendisk;
	INIT_LIST_HEAD(&disk->watches);
	init_waitqueue_head(&disk->drained);
	mutex_init(&disk->settling);
	spin_lock_init(&disk->lock);
	bio_list_init(&disk->parked);
	INIT_WORK(&disk->release, bs_write_release);
	ret = bs_disk_alloc_parts(disk);
	if (!ret)
		ret = bs_bdev_open(&disk->bdev, disk_devt(gendisk));
	if (ret) {
		bs_disk_free(disk);
		return ERR_PTR(ret);
	}
	return disk;
}

static bool bs_disk_is_dying(struct gendisk *gendisk)
{
	struct bs_disk *disk;

	lockdep_assert_held(&bs_disks_lock);
	list_for_each_entry(disk, &bs_disks_dying, dying) {
		if (disk->gendisk == gendisk)
			return true;
	}
	return false;
}

/* No new count may begin while the old one is not even. Locks if it is 0. */
static int bs_disks_lock_reaped(struct gendisk *gendisk)
{
	unsigned long deadline = jiffies + BS_REAP_TIME;

	for (;;) {
		mutex_lock(&bs_disks_lock);
		if (!bs_disk_is_dying(gendisk))
			return 0;
		mutex_unlock(&bs_disks_lock);
		if (time_after(jiffies, deadline))
			return -ETIMEDOUT;
		if (fatal_signal_pending(current))
			return -EINTR;
		schedule_timeout_killable(BS_DRAIN_POLL);
	}
}

static int bs_disk_enter(struct bs_disk *disk)
{
	int ret = bs_hook_get(&bs_write_hook_ops, disk->bdev.bdev);

	lockdep_assert_held(&bs_disks_lock);
	if (ret)
		return ret;
	__module_get(THIS_MODULE);
	hash_add_rcu(bs_disks, &disk->node, (unsigned long)disk->gendisk);
	return 0;
}

/* The one that is known, or else this one from now on, if there is one. */
static struct bs_disk *bs_disk_get_or_enter(struct gendisk *gendisk,
					    struct bs_disk *fresh)
{
	int ret = bs_disks_lock_reaped(gendisk);
	struct bs_disk *disk;

	if (ret)
		return ERR_PTR(ret);
	disk = bs_disk_find(gendisk);
	if (!disk && fresh) {
		ret = bs_disk_enter(fresh);
		disk = ret ? ERR_PTR(ret) : fresh;
	}
	if (!IS_ERR_OR_NULL(disk))
		disk->users++;
	mutex_unlock(&bs_disks_lock);
	return disk;
}

struct bs_disk *bs_disk_get(struct block_device *bdev)
{
	struct gendisk *gendisk = bdev->bd_disk;
	struct bs_disk *fresh, *disk = bs_disk_get_or_enter(gendisk, NULL);

	if (disk)
		return disk;
	/* It may hang in being opened, which must not stop others. */
	fresh = bs_disk_alloc(gendisk);
	if (IS_ERR(fresh))
		return fresh;
	disk = bs_disk_get_or_enter(gendisk, fresh);
	if (disk != fresh)
		bs_disk_free(fresh);
	return disk;
}

/* The release first: no bio is in its hands then, that would be counted yet. */
static bool bs_disk_ended(struct bs_disk *disk)
{
	return !work_busy(&disk->release) && bio_list_empty(&disk->parked) &&
	       bs_disk_quiet(disk);
}

static bool bs_disk_wait_ended(struct bs_disk *disk, unsigned long deadline)
{
	while (!wait_event_timeout(disk->drained, bs_disk_ended(disk),
				   BS_DRAIN_POLL)) {
		if (time_after(jiffies, deadline))
			return false;
	}
	return true;
}

static void bs_disk_reap(struct bs_disk *disk)
{
	/* Whoever counted out last may still be at it. */
	synchronize_rcu();
	flush_work(&disk->release);
	bs_hook_put();
	mutex_lock(&bs_disks_lock);
	list_del(&disk->dying);
	mutex_unlock(&bs_disks_lock);
	bs_disk_free(disk);
	module_put(THIS_MODULE);
}

/* A disk that hangs: nobody waits for it. */
static void bs_disk_reap_late(struct work_struct *work)
{
	struct bs_disk *disk = container_of(work, struct bs_disk, reap);

	while (!bs_disk_wait_ended(disk, jiffies + BS_REAP_TIME))
		;
	bs_disk_reap(disk);
}

void bs_disk_put(struct bs_disk *disk)
{
	bool last;

	mutex_lock(&bs_disks_lock);
	last = !--disk->users;
	if (last) {
		hash_del_rcu(&disk->node);
		list_add_tail(&disk->dying, &bs_disks_dying);
	}
	mutex_unlock(&bs_disks_lock);
	if (!last)
		return;
	synchronize_rcu();
	if (bs_disk_wait_ended(disk, jiffies + BS_REAP_TIME)) {
		bs_disk_reap(disk);
	} else {
		INIT_WORK(&disk->reap, bs_disk_reap_late);
		queue_work(bs_reap_wq, &disk->reap);
	}
}

/* Is the disk, or a partition of it, a part of an array or the like? */
static bool bs_disk_has_driver(struct bs_disk *disk)
{
	struct block_device *part;
	bool parts_held = false, has = false;
	unsigned long i;

	rcu_read_lock();
	xa_for_each_start(&disk->gendisk->part_tbl, i, part, 1) {
		parts_held |= !!READ_ONCE(part->bd_holder);
		has |= bs_bdev_has_driver(part);
	}
	rcu_read_unlock();
	/* A claimed partition puts a mark of its own upon the disk */
	return has || (!parts_held &&
		       bs_bdev_has_driver(disk->gendisk->part0));
}

/* The cut waits until it is likely that none of its earlier writes is left. */
static void bs_disk_set_young(struct bs_disk *disk)
{
	WRITE_ONCE(disk->watched, jiffies);
	smp_store_release(&disk->young, true); /* pairs with bs_disk_mature() */
}

/*
 * Writes that were submitted before the watch was seen are not counted. A
 * task may still be on its way into the queue with one, so there is a grace
 * period for tasks between two drains of it; nobody else may keep it frozen then,
 * or such a task would sleep through that. What blk-throttle has parked
 * stays out of reach, and so does what a driver above has sent while it
 * submitted something else, which its task may be asleep with. A bio-based
 * disk has no queue to drain: its statistics have to show no write in flight
 * once, which the cut waits for. Some targets of device mapper (crypt, delay)
 * count a write only when they pass it on.
 */
static int bs_disk_settle(struct bs_disk *disk)
{
	struct request_queue *q = disk->gendisk->queue;
	int ret;

	if (bs_disk_is_bio_based(disk->gendisk)) {
		synchronize_rcu();
		synchronize_rcu_tasks();
		bs_disk_set_young(disk);
		atomic_inc(&disk->unsettled);
		return 0;
	}
	if (mutex_lock_killable(&disk->settling))
		return -EINTR;
	atomic_inc(&disk->draining);
	atomic_inc(&bs_disks_draining);
	synchronize_rcu();
	ret = bs_queue_drain(q, BS_SETTLE_TIME);
	if (!ret) {
		synchronize_rcu_tasks();
		ret = bs_queue_drain(q, BS_SETTLE_TIME);
	}
	atomic_dec(&bs_disks_draining);
	atomic_dec(&disk->draining);
	mutex_unlock(&disk->settling);
	if (bs_disk_has_driver(disk))
		bs_disk_set_young(disk);
	return ret;
}

int bs_disk_watch(struct bs_disk *disk, struct bs_watch *watch, bool settle)
{
	int ret = 0;

	watch->disk = disk;
	INIT_LIST_HEAD(&watch->pin);
	watch->writes = alloc_percpu(unsigned long);
	if (!watch->writes)
		return -ENOMEM;
	mutex_lock(&bs_disks_lock);
	list_add_tail_rcu(&watch->entry, &disk->watches);
	mutex_unlock(&bs_disks_lock);
	if (settle)
		ret = bs_disk_settle(disk);
	if (ret)
		bs_disk_unwatch(watch);
	return ret;
}

void bs_disk_unwatch(struct bs_watch *watch)
{
	mutex_lock(&bs_disks_lock);
	list_del_rcu(&watch->entry);
	mutex_unlock(&bs_disks_lock);
	synchronize_rcu();
	free_percpu(watch->writes);
}

bool bs_disk_overlaps(struct block_device *bdev, const struct bs_range *range)
{
	struct bs_watch *watch;
	struct bs_disk *disk;
	bool overlaps = false;

	rcu_read_lock();
	disk = bs_disk_find(bdev->bd_disk);
	if (disk) {
		list_for_each_entry_rcu(watch, &disk->watches, entry)
			overlaps |= rcu_access_pointer(watch->cow) &&
				    bs_ranges_overlap(&watch->range, range);
	}
	rcu_read_unlock();
	return overlaps;
}

u64 bs_watch_writes(const struct bs_watch *watch)
{
	u64 nr = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		nr += READ_ONCE(*per_cpu_ptr(watch->writes, cpu));
	return nr;
}

int bs_disk_mature(struct bs_disk *disk)
{
	unsigned long until;
	long left;

	if (!xchg(&disk->young, false)) /* pairs with bs_disk_set_young() */
		return 0;
	until = READ_ONCE(disk->watched) + BS_MATURE_TIME;
	while ((left = until - jiffies) > 0) {
		if (schedule_timeout_killable(left) &&
		    fatal_signal_pending(current)) {
			WRITE_ONCE(disk->young, true);
			return -EINTR;
		}
	}
	return 0;
}

void bs_disk_close(struct bs_disk *disk)
{
	spin_lock_irq(&disk->lock);
	WRITE_ONCE(disk->closed, true);
	spin_unlock_irq(&disk->lock);
	smp_mb(); /* close before looking at the counts: bs_count_in(), _out() */
}

void bs_disk_open(struct bs_disk *disk)
{
	spin_lock_irq(&disk->lock);
	/* Release: maps were armed before. See bs_write_admit(). */
	smp_store_release(&disk->closed, false);
	queue_work(disk->park_wq, &disk->release);
	spin_unlock_irq(&disk->lock);
}

static bool bs_disk_no_writes_in_flight(struct bs_disk *disk)
{
	struct block_device *part;
	unsigned int nr = 0;
	unsigned long i;

	rcu_read_lock();
	xa_for_each(&disk->gendisk->part_tbl, i, part)
		nr += bs_bdev_writes_in_flight(part);
	rcu_read_unlock();
	return !nr;
}

static bool bs_disk_drained(struct bs_disk *disk)
{
	int unsettled = atomic_read(&disk->unsettled);

	if (!bs_disk_quiet(disk))
		return false;
	if (disk->settled != unsettled && bs_disk_no_writes_in_flight(disk))
		WRITE_ONCE(disk->settled, unsettled);
	return disk->settled == unsettled;
}

int bs_disk_drain(struct bs_disk *disk, unsigned long deadline)
{
	while (!wait_event_timeout(disk->drained, bs_disk_drained(disk),
				   BS_DRAIN_POLL)) {
		if (fatal_signal_pending(current))
			return -EINTR;
		if (time_after(jiffies, deadline))
			return -ETIMEDOUT;
	}
	return 0;
}

int bs_disk_init(void)
{
	bs_reap_wq = alloc_workqueue("blksnap-reap", WQ_UNBOUND, 0);
	return bs_reap_wq ? 0 : -ENOMEM;
}

void bs_disk_exit(void)
{
	destroy_workqueue(bs_reap_wq);
}
