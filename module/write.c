// SPDX-License-Identifier: GPL-2.0-only
/*
 * A write on a watched disk.
 *
 * bs_write_filter() is asked about each bio. One that touches a watched range
 * is admitted: it is counted on the disk, and its completion is interposed by
 * a struct bs_write, so that it is counted out when it is done. Then it is
 * decided whether it may pass, has to be held until old data is safe, or is
 * dropped. The cut closes the disk's gate: from then on nothing is admitted,
 * and bios are parked with nothing decided. When the gate opens, they start
 * from the top.
 *
 * Gate and count need no grace period: we count in, then look at the gate; the
 * cut closes the gate, then looks at the counts. With a full barrier between
 * the two steps on each side, either we see the gate closed and back out, or
 * the cut sees us counted and waits.
 *
 * A bio that the block core or a driver submits again to the same disk carries
 * our mark and passes at once: parking it then would deadlock the drain.
 */

#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "compat/bio.h"
#include "trace.h"
#include "write.h"

/* Writes in progress on each disk for which memory is never lacking. */
#define BS_WRITES_MIN 64

static struct kmem_cache *bs_write_cache;
static const struct bs_write_ops *bs_write_ops;

/* Bios that were taken for a disk which then had gone from the table. */
static struct bio_list bs_strays = BIO_EMPTY_LIST;
static DEFINE_SPINLOCK(bs_stray_lock); /* protects bs_strays */
static struct workqueue_struct *bs_stray_wq;

static struct bs_range bs_bio_range(struct bio *bio)
{
	return (struct bs_range){ bs_bio_disk_sector(bio), bio_sectors(bio) };
}

static void bs_count_in(struct bs_disk *disk)
{
	this_cpu_inc(disk->counts->in);
	smp_mb(); /* count before looking at the gate: bs_disk_close() */
}

/* RCU read side: the disk may be freed as soon as the counts are even. */
static void bs_count_out(struct bs_disk *disk)
{
	this_cpu_inc(disk->counts->out);
	smp_mb(); /* count before looking at the gate: bs_disk_close() */
	if (READ_ONCE(disk->closed))
		wake_up(&disk->drained);
}

/*
 * One is kept for each processor: a writer that waits for its writes gets the same
 * one each time.
 */
static struct bs_write *bs_write_alloc(struct bs_disk *disk)
{
	struct bs_write *write = this_cpu_xchg(*disk->spare, NULL);

	return write ?: mempool_alloc(disk->writes, GFP_NOWAIT | __GFP_NOWARN);
}

/* What is kept is nobody's reserve: that is filled up first. */
static void bs_write_free(struct bs_write *write, struct bs_disk *disk)
{
	mempool_t *pool = disk->writes;

	smp_rmb(); /* pairs with mempool_alloc(), as that in mempool_free() */
	if (READ_ONCE(pool->curr_nr) < pool->min_nr ||
	    this_cpu_cmpxchg(*disk->spare, NULL, write))
		mempool_free(write, pool);
}

static void bs_write_end(struct bio *bio, struct bs_mark *mark)
{
	struct bs_write *write = container_of(mark, struct bs_write, mark);
	struct bs_disk *disk = write->disk;

	bio->bi_end_io = write->end_io;
	bio->bi_private = write->private;
	rcu_read_lock();
	bs_write_free(write, disk);
	bs_count_out(disk);
	rcu_read_unlock();
	bs_endio_next(bio);
}

static enum bs_verdict bs_write_judge(struct bs_write *write)
{
	enum bs_verdict verdict = BS_PASS;
	struct bs_watch *watch;
	struct bs_cow *cow;

	list_for_each_entry_rcu(watch, &write->disk->watches, entry) {
		if (!bs_ranges_overlap(&watch->range, &write->range))
			continue;
		this_cpu_inc(*watch->writes);
		if (watch->written)
			watch->written(watch, &write->range);
		cow = rcu_dereference_check(watch->cow, rcu_read_lock_any_held());
		if (cow)
			verdict = max(verdict,
				      bs_write_ops->judge(cow, write->bio,
							  &write->range));
	}
	return verdict;
}

/* RCU read side. False: the gate is closed, nothing has been done. */
static bool bs_write_admit(struct bs_write *write, struct bs_disk *disk,
			   struct bio *bio)
{
	bs_count_in(disk);
	/* Acquire: what the cut armed before it opened. See bs_disk_open(). */
	if (smp_load_acquire(&disk->closed)) {
		bs_count_out(disk);
		return false;
	}
	/*
	 * A polled write ends only when its task asks for it. That may stop at
	 * the gate with the next one, and the drain would wait for both. Also,
	 * dm keeps a list in bi_private of a polled bio that it has split.
	 */
	bio_clear_polled(bio);
	write->disk = disk;
	write->bio = bio;
	write->range = bs_bio_range(bio);
	write->end_io = bio->bi_end_io;
	write->private = bio->bi_private;
	write->cow = NULL;
	write->serial = 0;
	bs_mark_set(bio, &write->mark, bs_write_end);
	write->verdict = bs_write_judge(write);
	return true;
}

static bool bs_disk_watches(struct bs_disk *disk, const struct bs_range *range)
{
	struct bs_watch *watch;

	list_for_each_entry_rcu(watch, &disk->watches, entry) {
		if (bs_ranges_overlap(&watch->range, range))
			return true;
	}
	return false;
}

/*
 * The cut waits until the statistics of the disk show no write: then those from
 * before the attach have ended. They do not tell which partition a write is for,
 * so with the gate closed all have to stop. Not those of a chain: they may be parts
 * of what has been split, which is waited for.
 */
static bool bs_disk_settling(struct bs_disk *disk, struct bio *bio)
{
	return READ_ONCE(disk->closed) && !bio_flagged(bio, BIO_CHAIN) &&
		!bs_chained(bio) && READ_ONCE(disk->settled) != atomic_read(&disk->unsettled);
}

/*
 * What device mapper has left to do of a polled write that was here before the
 * watch: bi_private is, or will be, its list. It is among the writes that the
 * watch waits for: none of them ends before its task, which is in there, polls.
 */
static bool bs_write_is_left(struct bs_disk *disk, struct bio *bio)
{
	return bio_flagged(bio, BIO_CHAIN) && (bio->bi_opf & REQ_POLLED) &&
		bs_disk_is_bio_based(disk->gendisk);
}

/* True: bs_write_take() shall have the bio, marked (decided) or not. */
static bool bs_write_wants(struct bs_disk *disk, struct bio *bio)
{
	struct bs_range range = bs_bio_range(bio);
	struct bs_write *write;

	if (!bs_disk_watches(disk, &range))
		return bs_disk_settling(disk, bio);
	if (bs_write_is_left(disk, bio))
		return false;
	write = bs_write_alloc(disk);
	if (!write)
		return true;
	if (!bs_write_admit(write, disk, bio)) {
		bs_write_free(write, disk);
		return true;
	}
	return write->verdict != BS_PASS;
}

/*
 * A frozen queue fails what may not wait. If that is one part of a request to a
 * RAID array, of which another part is under way, io_uring up to Linux 6.1 at
 * least gives the error to the user in place of trying again. Nobody asked for
 * our freezing: let it wait for the end of that. Not who polls: the queue may be
 * waiting for requests that nobody else asks for.
 */
static void bs_write_let_wait(struct bio *bio)
{
	struct bs_disk *disk = bs_disk_find(bio->bi_bdev->bd_disk);

	if (disk && atomic_read(&disk->draining))
		bio->bi_opf &= ~REQ_NOWAIT;
}

/*
 * Flushes without data pass: what they have to wait for is not complete yet. That
 * preemption is off is an RCU read side, too.
 */
static bool bs_write_filter(struct bio *bio)
{
	struct bs_disk *disk;

	if ((bio->bi_opf & (REQ_NOWAIT | REQ_POLLED)) == REQ_NOWAIT &&
	    atomic_read(&bs_disks_draining))
		bs_write_let_wait(bio);
	if (!op_is_write(bio_op(bio)) || !bio_sectors(bio))
		return false;
	disk = bs_disk_find(bio->bi_bdev->bd_disk);
	return disk && !bs_marked(bio) && bs_write_wants(disk, bio);
}

/* False: nobody watches the disk any more. */
static bool bs_write_park(struct bio *bio)
{
	struct bs_disk *disk;
	unsigned long flags;

	rcu_read_lock();
	disk = bs_disk_find(bio->bi_bdev->bd_disk);
	if (disk) {
		spin_lock_irqsave(&disk->lock, flags);
		bio_list_add(&disk->parked, bio);
		if (!disk->closed)
			queue_work(disk->park_wq, &disk->release);
		spin_unlock_irqrestore(&disk->lock, flags);
	}
	rcu_read_unlock();
	return disk;
}

static struct bio *bs_stray_pop(void)
{
	struct bio *bio;

	spin_lock_irq(&bs_stray_lock);
	bio = bio_list_pop(&bs_strays);
	spin_unlock_irq(&bs_stray_lock);
	return bio;
}

/* The disk may be watched again by now: it is looked for once more. */
static void bs_stray_send(struct work_struct *work)
{
	struct bio *bio;

	while ((bio = bs_stray_pop())) {
		bio->bi_opf &= ~REQ_NOWAIT;
		if (!bs_write_park(bio))
			bs_submit(bio);
		module_put(THIS_MODULE);
	}
}

static DECLARE_WORK(bs_stray_work, bs_stray_send);

/*
 * To submit it can sleep, and nobody knows of a task that sleeps in here: the
 * module could go. So a worker does. There is a reference now: whoever takes the
 * last disk away puts its own only after a grace period for tasks.
 */
static void bs_write_let_go(struct bio *bio)
{
	unsigned long flags;

	__module_get(THIS_MODULE);
	spin_lock_irqsave(&bs_stray_lock, flags);
	bio_list_add(&bs_strays, bio);
	spin_unlock_irqrestore(&bs_stray_lock, flags);
	queue_work(bs_stray_wq, &bs_stray_work);
}

/* Acts on the verdict; from here on the write is somebody else's. */
static void bs_write_dispatch(struct bs_write *write)
{
	struct bio *bio = write->bio;

	switch (write->verdict) {
	case BS_PASS:
		bs_write_send(write);
		break;
	case BS_HOLD:
		trace_blksnap_hold(bio->bi_bdev->bd_dev, write->range.start,
				   write->range.len);
		bs_write_ops->hold(write);
		break;
	case BS_DROP:
		bio_endio(bio);
		break;
	}
}

static void bs_write_take(struct bio *bio)
{
	struct bs_mark *mark = bs_marked(bio);

	if (mark)
		bs_write_dispatch(container_of(mark, struct bs_write, mark));
	else if (!bs_write_park(bio))
		bs_write_let_go(bio);
}

const struct bs_hook_ops bs_write_hook_ops = {
	.filter = bs_write_filter,
	.take = bs_write_take,
};

static void bs_write_send_work(struct work_struct *work)
{
	struct bs_write *write = container_of(work, struct bs_write, work);
	struct bio *bio = write->bio;

	/* Nobody is there any more who could poll, or try again later. */
	bio_clear_polled(bio);
	bio->bi_opf &= ~REQ_NOWAIT;
	bs_submit(bio);
}

void bs_write_send(struct bs_write *write)
{
	INIT_WORK(&write->work, bs_write_send_work);
	queue_work(write->disk->send_wq, &write->work);
}

static struct bio *bs_disk_unpark(struct bs_disk *disk)
{
	struct bio *bio = NULL;

	spin_lock_irq(&disk->lock);
	if (!disk->closed)
		bio = bio_list_pop(&disk->parked);
	spin_unlock_irq(&disk->lock);
	return bio;
}

/* The gate has been closed again: back to where it came from. */
static void bs_disk_repark(struct bs_disk *disk, struct bio *bio)
{
	spin_lock_irq(&disk->lock);
	bio_list_add_head(&disk->parked, bio);
	if (!disk->closed)
		queue_work(disk->park_wq, &disk->release);
	spin_unlock_irq(&disk->lock);
}

void bs_write_release(struct work_struct *work)
{
	struct bs_disk *disk = container_of(work, struct bs_disk, release);
	struct bs_write *write;
	struct bio *bio;
	bool admitted;

	while ((bio = bs_disk_unpark(disk))) {
		write = mempool_alloc(disk->writes, GFP_NOIO);
		rcu_read_lock();
		admitted = bs_write_admit(write, disk, bio);
		rcu_read_unlock();
		if (!admitted) {
			bs_write_free(write, disk);
			bs_disk_repark(disk, bio);
			return;
		}
		bs_write_dispatch(write);
	}
}

mempool_t *bs_write_pool(void)
{
	return mempool_create_slab_pool(BS_WRITES_MIN, bs_write_cache);
}

int bs_write_init(const struct bs_write_ops *ops)
{
	bs_write_ops = ops;
	bs_write_cache = KMEM_CACHE(bs_write, 0);
	if (!bs_write_cache)
		return -ENOMEM;
	bs_stray_wq = alloc_workqueue("blksnap-stray",
				      WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!bs_stray_wq)
		kmem_cache_destroy(bs_write_cache);
	return bs_stray_wq ? 0 : -ENOMEM;
}

void bs_write_exit(void)
{
	destroy_workqueue(bs_stray_wq);
	kmem_cache_destroy(bs_write_cache);
}
