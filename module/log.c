// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log of old data.
 *
 * Old data comes in requests of up to 128 adjacent blocks and is queued. One
 * work item takes as many requests from the queue as make one write, gives
 * them places in sequence, and sends it. While as many writes are on their way
 * as are allowed, the queue grows, so that a slow device gets large writes. A
 * request never crosses segments: the rest of a full one is left unused.
 *
 * Nobody waits for room: when no segment has any, the snapshot fails.
 *
 * Locks: bs_log.lock (any context), see the header. The list of segments is
 * read under RCU, or under the lock.
 */

#include <linux/delay.h>
#include <linux/rculist.h>

#include "compat/wq.h"
#include "hook.h"
#include "log.h"
#include "mark.h"
#include "trace.h"

/* Blocks in one write, and writes on their way. */
#define BS_BATCH_MAX 256
#define BS_BATCHES_MAX 8

/* Requests that are written together. */
struct bs_batch {
	struct bs_mark mark;
	struct bs_log *log;
	struct bs_segment *seg;
	struct list_head reqs;
	u32 index;	/* of the first block in the segment */
	u32 nr;
	u32 nr_vecs;
	atomic_t pending;
	blk_status_t status;
};

static void bs_batch_finish(struct bs_batch *batch)
{
	int error = blk_status_to_errno(READ_ONCE(batch->status));
	u32 place = batch->seg->base + batch->index;
	struct bs_log *log = batch->log;
	struct bs_log_req *req, *next;
	unsigned long flags;

	if (error)
		bs_fate_fail(log->fate, BLKSNAP_EVENT_STORE_ERROR, error,
			     batch->seg->bdev->bd_dev);
	else
		atomic64_add(batch->nr, &log->stored);
	list_for_each_entry_safe(req, next, &batch->reqs, entry) {
		u32 nr = req->nr;

		req->done(req, place, error);
		place += nr;
	}
	mempool_free(batch, log->batches);
	spin_lock_irqsave(&log->lock, flags);
	log->in_flight--;
	if (!list_empty(&log->queue))
		queue_work(log->wq, &log->work);
	spin_unlock_irqrestore(&log->lock, flags);
}

static void bs_batch_put(struct bs_batch *batch)
{
	if (atomic_dec_and_test(&batch->pending))
		bs_batch_finish(batch);
}

static void bs_batch_end(struct bio *bio, struct bs_mark *mark)
{
	struct bs_batch *batch = container_of(mark, struct bs_batch, mark);

	if (bio->bi_status)
		WRITE_ONCE(batch->status, bio->bi_status);
	bio_put(bio);
	bs_batch_put(batch);
}

/* Where the next block of a batch comes from. */
struct bs_batch_pos {
	struct bs_log_req *req;
	u32 vec;
	u32 block;	/* in the vec */
};

static void bs_batch_next_vec(struct bs_batch_pos *pos)
{
	pos->block = 0;
	if (++pos->vec < pos->req->nr_vecs)
		return;
	pos->vec = 0;
	pos->req = list_next_entry(pos->req, entry);
}

static void bs_batch_fill(struct bio *bio, struct bs_batch_pos *pos, u32 nr)
{
	struct bio_vec *bv;
	u32 left, step;

	for (; nr; nr -= step) {
		bv = &pos->req->vecs[pos->vec];
		left = (bv->bv_len >> BS_BLOCK_SHIFT) - pos->block;
		step = min(nr, left);
		__bio_add_page(bio, bv->bv_page, step << BS_BLOCK_SHIFT,
			       pos->block << BS_BLOCK_SHIFT);
		pos->block += step;
		if (step == left)
			bs_batch_next_vec(pos);
	}
}

static void bs_batch_send(struct bs_batch *batch)
{
	struct bs_segment *seg = batch->seg;
	struct bs_batch_pos pos = {
		list_first_entry(&batch->reqs, struct bs_log_req, entry), 0, 0
	};
	u32 index = batch->index, left = batch->nr, run;
	struct bio *bio;
	u64 sector;

	atomic_set(&batch->pending, 1);
	while (left) {
		sector = bs_extents_sector(seg->ext, seg->nr_ext, index, &run);
		run = min(run, left);
		bio = bio_alloc_bioset(seg->bdev, min(run, batch->nr_vecs),
				       REQ_OP_WRITE | REQ_SYNC | REQ_IDLE, GFP_NOIO,
				       &batch->log->bios);
		bio->bi_iter.bi_sector = sector;
		bs_batch_fill(bio, &pos, run);
		bs_mark_set(bio, &batch->mark, bs_batch_end);
		trace_blksnap_store(seg->bdev->bd_dev, seg->base + index, run);
		atomic_inc(&batch->pending);
		left -= run;
		index += run;
		bs_submit(bio);
	}
	bs_batch_put(batch);
}

/* The segment with room for a request, and the request's place in it. */
static struct bs_segment *bs_log_place(struct bs_log *log, u32 nr, u32 *index)
{
	struct bs_segment *seg;

	lockdep_assert_held(&log->lock);
	list_for_each_entry(seg, &log->segments, entry) {
		if (seg->bump.total - seg->bump.next >= nr) {
			bs_bump_alloc(&seg->bump, nr, index);
			log->used += nr;
			return seg;
		}
		/* Nothing is ever put behind what did not fit. */
		log->used += seg->bump.total - seg->bump.next;
		seg->bump.next = seg->bump.total;
	}
	return NULL;
}

/* Moves requests from the queue to the batch while they fit. */
static bool bs_batch_gather(struct bs_batch *batch, struct bs_log *log)
{
	struct bs_log_req *req;
	u32 index;

	lockdep_assert_held(&log->lock);
	req = list_first_entry(&log->queue, struct bs_log_req, entry);
	batch->seg = bs_log_place(log, req->nr, &batch->index);
	if (!batch->seg)
		return false;
	list_move_tail(&req->entry, &batch->reqs);
	batch->nr = req->nr;
	batch->nr_vecs = req->nr_vecs;
	while (!list_empty(&log->queue)) {
		req = list_first_entry(&log->queue, struct bs_log_req, entry);
		if (batch->nr + req->nr > BS_BATCH_MAX ||
		    batch->seg->bump.total - batch->seg->bump.next < req->nr)
			break;
		bs_bump_alloc(&batch->seg->bump, req->nr, &index);
		log->used += req->nr;
		batch->nr += req->nr;
		batch->nr_vecs += req->nr_vecs;
		list_move_tail(&req->entry, &batch->reqs);
	}
	return true;
}

static void bs_log_discard_queue(struct bs_log *log)
{
	struct bs_log_req *req, *next;
	LIST_HEAD(queue);

	spin_lock_irq(&log->lock);
	list_splice_init(&log->queue, &queue);
	spin_unlock_irq(&log->lock);
	list_for_each_entry_safe(req, next, &queue, entry)
		req->done(req, 0, -EIO);
}

/* One write. False: nothing to do now. */
static bool bs_log_step(struct bs_log *log)
{
	struct bs_batch *batch = mempool_alloc(log->batches, GFP_NOIO);
	bool full = false, ready;

	batch->log = log;
	batch->status = BLK_STS_OK;
	INIT_LIST_HEAD(&batch->reqs);
	spin_lock_irq(&log->lock);
	ready = !list_empty(&log->queue) && log->in_flight < BS_BATCHES_MAX;
	if (ready) {
		full = !bs_batch_gather(batch, log);
		log->in_flight += !full;
	}
	spin_unlock_irq(&log->lock);
	if (ready && !full) {
		WRITE_ONCE(log->sender, current);
		bs_batch_send(batch);
		WRITE_ONCE(log->sender, NULL);
		log->spent(log);
		return true;
	}
	mempool_free(batch, log->batches);
	if (full)
		bs_fate_fail(log->fate, BLKSNAP_EVENT_OVERFLOW, -ENOSPC, 0);
	return false;
}

static void bs_log_work(struct work_struct *work)
{
	struct bs_log *log = container_of(work, struct bs_log, work);

	while (!bs_fate_error(log->fate) && bs_log_step(log))
		;
	if (bs_fate_error(log->fate))
		bs_log_discard_queue(log);
}

void bs_log_append(struct bs_log *log, struct bs_log_req *req)
{
	unsigned long flags;

	spin_lock_irqsave(&log->lock, flags);
	list_add_tail(&req->entry, &log->queue);
	if (log->in_flight < BS_BATCHES_MAX)
		queue_work(log->wq, &log->work);
	spin_unlock_irqrestore(&log->lock, flags);
}

u64 bs_log_locate(struct bs_log *log, u32 place, struct block_device **bdev,
		  u32 *run)
{
	struct bs_segment *seg;
	u64 sector = 0;

	*run = 0;
	rcu_read_lock();
	list_for_each_entry_rcu(seg, &log->segments, entry) {
		if (place - seg->base >= seg->bump.total)
			continue;
		*bdev = seg->bdev;
		sector = bs_extents_sector(seg->ext, seg->nr_ext,
					   place - seg->base, run);
		break;
	}
	rcu_read_unlock();
	return sector;
}

int bs_log_add(struct bs_log *log, struct bs_segment *seg)
{
	int ret = -E2BIG;

	spin_lock_irq(&log->lock);
	if (log->reserved + seg->bump.total <= BS_PLACE_MAX) {
		seg->base = log->reserved;
		log->reserved += seg->bump.total;
		list_add_tail_rcu(&seg->entry, &log->segments);
		ret = 0;
	}
	spin_unlock_irq(&log->lock);
	return ret;
}

int bs_log_init(struct bs_log *log, struct bs_fate *fate,
		void (*spent)(struct bs_log *log))
{
	log->fate = fate;
	log->spent = spent;
	spin_lock_init(&log->lock);
	INIT_LIST_HEAD(&log->queue);
	INIT_LIST_HEAD(&log->segments);
	INIT_WORK(&log->work, bs_log_work);
	log->batches = mempool_create_kmalloc_pool(2, sizeof(struct bs_batch));
	log->wq = alloc_workqueue("blksnap-log", WQ_MEM_RECLAIM | WQ_PERCPU,
				  1);
	if (!log->batches || !log->wq)
		return -ENOMEM;
	return bioset_init(&log->bios, 2, 0, BIOSET_NEED_BVECS);
}

/* The last batch still counts itself out after its requests are done. */
static bool bs_log_busy(struct bs_log *log)
{
	bool busy;

	spin_lock_irq(&log->lock);
	busy = log->in_flight;
	spin_unlock_irq(&log->lock);
	return busy;
}

void bs_log_stop(struct bs_log *log)
{
	while (bs_log_busy(log))
		fsleep(1000);
	if (log->wq)
		destroy_workqueue(log->wq);
}

void bs_log_exit(struct bs_log *log)
{
	struct bs_segment *seg, *next;

	list_for_each_entry_safe(seg, next, &log->segments, entry)
		bs_segment_drop(seg);
	mempool_destroy(log->batches);
	bioset_exit(&log->bios);
}
