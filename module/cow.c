// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copy before write.
 *
 * The map has a word for each block of the origin, see pure/blockmap.h. A
 * write may pass when the old data of all its blocks is in memory or stored;
 * this is looked up in the hook if the write is small. If it is not so, the
 * write is held and queued: the origin's worker claims the blocks that nobody
 * has claimed and starts to read them (run.c), and the write waits, without a
 * thread, until its own reads and those of others that it depends on are done.
 * Then it is sent on, while the old data is on its way to the storage.
 *
 * A large write goes through this in steps of BS_RUN_MAX blocks. If several
 * snapshots watch the blocks (of a disk and of its partition), it goes through
 * it for one after the other, in the order of their serial numbers. None can
 * be armed while it does, since the write is counted.
 *
 * A cow has one worker, which does nothing that waits for memory or for the
 * storage: a write that has to stands aside in the list of stalled ones.
 *
 * Locks: bs_cow.lock protects the unit, the lists of blocked and of stalled
 * writes, and what belongs to the latter. A write puts itself among the blocked
 * ones only if, under the lock, its blocks are still being read; whoever ends a
 * read changes the words first and then kicks the list under the lock.
 */

#include <linux/blkdev.h>
#include <linux/moduleparam.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "run.h"

/* Blocks that the hook looks up itself; a larger write goes to a worker. */
#define BS_JUDGE_MAX 256
/*
 * How long nothing may have been read or stored when there is no memory or no room;
 * how soon it is tried again.
 */
#define BS_STALL_TIMEOUT (30 * HZ)
#define BS_STALL_POLL (HZ / 50)

static unsigned int copy_kib;
module_param(copy_kib, uint, 0644);
MODULE_PARM_DESC(copy_kib,
		 "What is copied for a small write to an origin of later snapshots, in KiB: a power of two from 4 to 512. 0 (the default): chosen by how many reads the origin can do in a second");

static atomic64_t bs_cow_serial = ATOMIC64_INIT(0);

void bs_cow_put(struct bs_cow *cow)
{
	rcu_read_lock(); /* bs_cow_destroy() waits for it */
	if (atomic_dec_and_test(&cow->users))
		wake_up_all(&cow->idle);
	rcu_read_unlock();
}

/* The blocks of the origin that a range of the disk touches. */
static bool bs_cow_blocks(const struct bs_cow *cow,
			  const struct bs_range *range, u64 *first, u64 *nr)
{
	struct bs_range r = *range;

	if (!bs_range_clip(&r, &cow->range))
		return false;
	bs_range_to_blocks(r.start - cow->range.start, r.len, first, nr);
	return true;
}

static enum bs_verdict bs_cow_judge(struct bs_cow *cow, const struct bio *bio,
				    const struct bs_range *range)
{
	u64 first, nr;

	if (bs_fate_error(cow->fate) || !bs_cow_blocks(cow, range, &first, &nr))
		return BS_PASS;
	/* A storage above its origin would feed on itself. */
	if (READ_ONCE(cow->log->sender) == current) {
		bs_fate_fail(cow->fate, BLKSNAP_EVENT_STORE_ERROR, -ELOOP,
			     cow->bdev->bd_dev);
		return BS_PASS;
	}
	/*
	 * A discard is a hint, and to drop it is always right. To copy all
	 * that a trim of the free space names would kill the snapshot.
	 */
	if (bio_op(bio) == REQ_OP_DISCARD) {
		if (!bdev_max_discard_sectors(bio->bi_bdev))
			return BS_PASS; /* to be refused */
		atomic64_inc(&cow->discards);
		return BS_DROP;
	}
	if (nr <= BS_JUDGE_MAX && bs_map_all_safe(&cow->map, first, nr))
		return BS_PASS;
	atomic64_inc(&cow->held);
	return BS_HOLD;
}

/* The next snapshot that has a say on this write; false if there is none. */
static bool bs_write_pick(struct bs_write *write)
{
	struct bs_cow *cow, *best = NULL;
	struct bs_watch *watch;
	u64 first, nr;

	rcu_read_lock();
	list_for_each_entry_rcu(watch, &write->disk->watches, entry) {
		cow = rcu_dereference(watch->cow);
		if (cow && cow->serial > write->serial &&
		    (!best || cow->serial < best->serial) &&
		    bs_cow_blocks(cow, &write->range, &first, &nr)) {
			best = cow;
			write->next = first;
			write->end = first + nr;
		}
	}
	if (best) {
		bs_cow_get(best);
		write->serial = best->serial;
	}
	write->cow = best;
	rcu_read_unlock();
	return best;
}

static u64 bs_write_step_end(const struct bs_write *write)
{
	return min(write->end, write->next + BS_RUN_MAX);
}

static bool bs_write_step_safe(const struct bs_write *write)
{
	return bs_fate_error(write->cow->fate) ||
		bs_map_all_safe(&write->cow->map, write->next,
				bs_write_step_end(write) - write->next);
}

static void bs_write_unpick(struct bs_write *write)
{
	bs_cow_put(write->cow);
	write->cow = NULL;
}

/* Goes as far as it can without copying. True: sent on, gone. Any context. */
static bool bs_write_advance(struct bs_write *write)
{
	while (write->cow || bs_write_pick(write)) {
		if (!bs_write_step_safe(write))
			return false;
		write->next = bs_write_step_end(write);
		if (write->next == write->end || bs_fate_error(write->cow->fate))
			bs_write_unpick(write);
	}
	bs_write_send(write);
	return true;
}

static bool bs_write_step_missing(const struct bs_write *write)
{
	u64 block = write->next, end = bs_write_step_end(write);
	u32 word;

	while (block < end) {
		block += bs_map_run(&write->cow->map, block, end - block, &word);
		if (word == BS_WORD_NONE)
			return true;
	}
	return false;
}

/* True: its blocks are being read by others, who will kick it. */
static bool bs_write_block(struct bs_write *write)
{
	struct bs_cow *cow = write->cow;
	unsigned long flags;
	bool block;

	spin_lock_irqsave(&cow->lock, flags);
	block = !bs_write_step_safe(write) && !bs_write_step_missing(write);
	if (block)
		list_add_tail(&write->entry, &cow->blocked);
	spin_unlock_irqrestore(&cow->lock, flags);
	return block;
}

/* Hands it to the worker of its cow. Any context. */
static void bs_cow_requeue(struct bs_write *write)
{
	struct workqueue_struct *wq = write->disk->copy_wq;
	struct bs_cow *cow = write->cow;

	bs_cow_get(cow); /* with the write, its reference may go at once */
	llist_add(&write->node, &cow->queue);
	/* Always: who added before us may have been stopped right here */
	queue_work(wq, &cow->work);
	bs_cow_put(cow);
}

/* Sent on if nothing is to be done, else handed to a worker. Any context. */
static void bs_write_pass_on(struct bs_write *write)
{
	if (write->end - write->next > BS_RUN_MAX ||
	    !bs_write_step_safe(write)) {
		bs_cow_requeue(write);
		return;
	}
	bs_write_unpick(write);
	if (bs_write_pick(write))
		bs_cow_requeue(write);
	else
		bs_write_send(write);
}

static void bs_cow_hold(struct bs_write *write)
{
	if (bs_write_pick(write))
		bs_write_pass_on(write);
	else
		bs_write_send(write);
}

const struct bs_write_ops bs_cow_write_ops = {
	.judge = bs_cow_judge,
	.hold = bs_cow_hold,
};

void bs_cow_read_done(struct bs_write *write)
{
	if (atomic_dec_and_test(&write->pending))
		bs_write_pass_on(write);
}

/* Lets all writes of a list go on; they are ours once they are taken from it. */
static void bs_cow_pass_on(struct bs_cow *cow, struct list_head *list)
{
	struct bs_write *write, *next;
	unsigned long flags;
	LIST_HEAD(writes);

	spin_lock_irqsave(&cow->lock, flags);
	list_splice_init(list, &writes);
	spin_unlock_irqrestore(&cow->lock, flags);
	list_for_each_entry_safe(write, next, &writes, entry)
		bs_write_pass_on(write);
}

void bs_cow_kick(struct bs_cow *cow)
{
	bs_cow_pass_on(cow, &cow->blocked);
}

void bs_cow_unstall(struct bs_cow *cow)
{
	if (!list_empty_careful(&cow->stalled))
		bs_cow_pass_on(cow, &cow->stalled);
}

static void bs_cow_retry(struct work_struct *work)
{
	bs_cow_unstall(container_of(to_delayed_work(work), struct bs_cow,
				    retry));
}

/* As long as anybody gets on, there is hope: the log is one for all origins. */
static bool bs_cow_hopeless(struct bs_cow *cow)
{
	u64 now = atomic64_read(&cow->begun) +
		atomic64_read(&cow->log->stored);

	lockdep_assert_held(&cow->lock);
	if (now != cow->seen)
		cow->deadline = jiffies + BS_STALL_TIMEOUT;
	cow->seen = now;
	return time_after(jiffies, cow->deadline);
}

/*
 * There is no memory or no room. It tries again when some has been given back, and
 * now and then, so that others get theirs. If nobody gets on, it is the snapshot that
 * fails: nothing must stop the origin.
 */
static void bs_write_stall(struct bs_write *write, int error)
{
	struct workqueue_struct *wq = write->disk->copy_wq;
	struct bs_cow *cow = write->cow;
	bool hopeless;

	spin_lock_irq(&cow->lock);
	hopeless = bs_cow_hopeless(cow);
	bs_cow_get(cow);
	list_add_tail(&write->entry, &cow->stalled);
	spin_unlock_irq(&cow->lock);
	if (hopeless && error == -ENOMEM)
		bs_fate_fail(cow->fate, BLKSNAP_EVENT_NO_MEMORY, -ENOMEM,
			     cow->bdev->bd_dev);
	else if (hopeless)
		bs_fate_fail(cow->fate, BLKSNAP_EVENT_STORE_ERROR, -ETIMEDOUT,
			     cow->bdev->bd_dev);
	queue_delayed_work(wq, &cow->retry, BS_STALL_POLL);
	bs_cow_put(cow);
}

/* Copies what nobody copies. True: it waits, for reads or for memory. */
static bool bs_write_copy(struct bs_write *write)
{
	int error;

	atomic_set(&write->pending, 1);
	error = bs_run_copy(write->cow, write->next, bs_write_step_end(write),
			    write);
	if (!atomic_dec_and_test(&write->pending))
		return true;
	if (error)
		bs_write_stall(write, error);
	return error;
}

static void bs_write_go_on(struct bs_write *write, const struct bs_cow *cow)
{
	while (!bs_write_advance(write)) {
		/* It has an own worker, which copies as the only one */
		if (write->cow != cow) {
			bs_cow_requeue(write);
			return;
		}
		if (bs_write_step_missing(write) && bs_write_copy(write))
			return;
		if (bs_write_block(write))
			return;
	}
}

/* All that have come meanwhile, so that the disk gets their reads at once. */
static void bs_cow_work(struct work_struct *work)
{
	struct bs_cow *cow = container_of(work, struct bs_cow, work);
	struct bs_write *write, *next;
	struct llist_node *list;
	struct blk_plug plug;

	list = llist_reverse_order(llist_del_all(&cow->queue));
	blk_start_plug(&plug);
	llist_for_each_entry_safe(write, next, list, node) {
		bs_write_go_on(write, cow);
		cond_resched();
	}
	blk_finish_plug(&plug);
}

static int bs_cow_alloc_parts(struct bs_cow *cow)
{
	cow->pages = bs_run_page_pool();
	cow->runs = bs_run_pool();
	return cow->pages && cow->runs ? 0 : -ENOMEM;
}

static void bs_cow_free(struct bs_cow *cow)
{
	mempool_destroy(cow->runs);
	mempool_destroy(cow->pages);
	bs_map_destroy(&cow->map);
	kvfree(cow->holes);
	kfree(cow);
}

/* What cannot be is left to be chosen. */
static u32 bs_cow_fixed_unit(void)
{
	u32 kib = READ_ONCE(copy_kib);

	return bs_unit_valid(kib / 4) && !(kib % 4) ? kib / 4 : 0;
}

struct bs_cow *bs_cow_create(struct block_device *bdev,
			     const struct bs_range *range,
			     struct bs_log *log, struct bs_fate *fate)
{
	struct bs_cow *cow = kzalloc(sizeof(*cow), GFP_KERNEL);

	if (!cow)
		return ERR_PTR(-ENOMEM);
	cow->serial = atomic64_inc_return(&bs_cow_serial);
	cow->bdev = bdev;
	cow->range = *range;
	cow->log = log;
	cow->fate = fate;
	bs_map_init(&cow->map);
	bs_unit_init(&cow->unit, bs_cow_fixed_unit());
	init_waitqueue_head(&cow->idle);
	spin_lock_init(&cow->lock);
	INIT_LIST_HEAD(&cow->blocked);
	INIT_LIST_HEAD(&cow->stalled);
	init_llist_head(&cow->queue);
	INIT_WORK(&cow->work, bs_cow_work);
	INIT_DELAYED_WORK(&cow->retry, bs_cow_retry);
	cow->seen = U64_MAX;
	if (bs_cow_alloc_parts(cow)) {
		bs_cow_free(cow);
		return ERR_PTR(-ENOMEM);
	}
	return cow;
}

void bs_cow_destroy(struct bs_cow *cow)
{
	wait_event(cow->idle, !atomic_read(&cow->users));
	synchronize_rcu(); /* whoever put it last may still wake us */
	flush_work(&cow->work);
	cancel_delayed_work_sync(&cow->retry);
	bs_cow_free(cow);
}
