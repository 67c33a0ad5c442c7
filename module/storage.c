// SPDX-License-Identifier: GPL-2.0-only
/*
 * The difference storage: a log of blocks over segments.
 *
 * Old data comes in requests of up to 64 adjacent blocks and is queued. One
 * work item takes as many requests from the queue as make one write, gives
 * them places in sequence, and sends it. While as many writes are on their way
 * as are allowed, the queue grows, so that a slow device gets large writes. A
 * request never crosses segments: the rest of a full one is left unused.
 *
 * Each APPEND_STORAGE makes a source: a directory that segments can be made
 * in up to a limit, or a block device, which is one segment. When free space
 * falls below the watermark, a worker makes the next segment. Step and
 * watermark grow with what is reserved, so that a busy snapshot has room ahead
 * of need. Nobody waits for it: when the log is full, the snapshot fails.
 *
 * Locks: bs_storage.lock (any context) protects the queue, the segments' bump
 * allocators and the counters. The list of segments is only added to, under
 * .grow_lock and .lock; it is read under RCU. .grow_lock (may sleep) protects
 * the sources.
 */

#include <linux/bio.h>
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/path.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "hook.h"
#include "mark.h"
#include "segment.h"
#include "storage.h"
#include "trace.h"

/* Blocks in one write, and writes on their way. */
#define BS_BATCH_MAX 256
#define BS_BATCHES_MAX 8
/* Free space that is low: a part of the limit. */
#define BS_LOW_SHIFT 3
/* The least that the storage grows by. */
#define BS_STEP_MIN (16ULL << 20)

/* A directory that the storage may grow in. Protected by grow_lock. */
struct bs_source {
	struct list_head entry;
	struct path dir;
	const struct cred *cred;
	u64 reserved;
	u64 limit;
	bool exhausted;
};

struct bs_storage {
	struct bs_fate *fate;
	spinlock_t lock; /* protects what follows, up to in_flight */
	struct list_head queue;
	struct list_head segments;
	u64 used;	/* blocks */
	u64 reserved;	/* blocks */
	u64 limit;	/* blocks */
	bool told_low;
	unsigned int in_flight;
	struct workqueue_struct *wq;
	struct work_struct work;
	struct bio_set bios;
	mempool_t *batches;
	struct mutex grow_lock; /* protects sources */
	struct list_head sources;
	struct work_struct grow;
};

/* Requests that are written together. */
struct bs_batch {
	struct bs_mark mark;
	struct bs_storage *st;
	struct bs_segment *seg;
	struct list_head reqs;
	u32 index;	/* of the first block in the segment */
	u32 nr;
	atomic_t pending;
	blk_status_t status;
};

static void bs_batch_finish(struct bs_batch *batch)
{
	int error = blk_status_to_errno(READ_ONCE(batch->status));
	u32 place = batch->seg->base + batch->index;
	struct bs_storage *st = batch->st;
	struct bs_store_req *req, *next;
	unsigned long flags;

	if (error)
		bs_fate_fail(st->fate, BLKSNAP_EVENT_STORE_ERROR, error,
			     batch->seg->bdev->bd_dev);
	list_for_each_entry_safe(req, next, &batch->reqs, entry) {
		u32 nr = req->nr;

		req->done(req, place, error);
		place += nr;
	}
	mempool_free(batch, st->batches);
	spin_lock_irqsave(&st->lock, flags);
	st->in_flight--;
	queue_work(st->wq, &st->work);
	spin_unlock_irqrestore(&st->lock, flags);
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
	struct bs_store_req *req;
	u32 block;
};

static void bs_batch_fill(struct bio *bio, struct bs_batch_pos *pos, u32 nr)
{
	struct bio_vec *bv;

	while (nr--) {
		if (pos->block == pos->req->nr) {
			pos->req = list_next_entry(pos->req, entry);
			pos->block = 0;
		}
		bv = &pos->req->vecs[pos->block++];
		__bio_add_page(bio, bv->bv_page, BS_BLOCK_SIZE, 0);
	}
}

static void bs_batch_send(struct bs_batch *batch)
{
	struct bs_segment *seg = batch->seg;
	struct bs_batch_pos pos = {
		list_first_entry(&batch->reqs, struct bs_store_req, entry), 0
	};
	u32 index = batch->index, left = batch->nr, run;
	struct bio *bio;
	u64 sector;

	atomic_set(&batch->pending, 1);
	while (left) {
		sector = bs_extents_sector(seg->ext, seg->nr_ext, index, &run);
		run = min(run, left);
		bio = bio_alloc_bioset(seg->bdev, run, REQ_OP_WRITE, GFP_NOIO,
				       &batch->st->bios);
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
static struct bs_segment *bs_storage_place(struct bs_storage *st,
					   u32 nr, u32 *index)
{
	struct bs_segment *seg;

	lockdep_assert_held(&st->lock);
	list_for_each_entry(seg, &st->segments, entry) {
		if (seg->bump.total - seg->bump.next >= nr) {
			bs_bump_alloc(&seg->bump, nr, index);
			st->used += nr;
			return seg;
		}
		/* Nothing is ever put behind what did not fit. */
		st->used += seg->bump.total - seg->bump.next;
		seg->bump.next = seg->bump.total;
	}
	return NULL;
}

/* Moves requests from the queue to the batch while they fit. */
static bool bs_batch_gather(struct bs_batch *batch, struct bs_storage *st)
{
	struct bs_store_req *req;
	u32 index;

	lockdep_assert_held(&st->lock);
	req = list_first_entry(&st->queue, struct bs_store_req, entry);
	batch->seg = bs_storage_place(st, req->nr, &batch->index);
	if (!batch->seg)
		return false;
	list_move_tail(&req->entry, &batch->reqs);
	batch->nr = req->nr;
	while (!list_empty(&st->queue)) {
		req = list_first_entry(&st->queue, struct bs_store_req, entry);
		if (batch->nr + req->nr > BS_BATCH_MAX ||
		    batch->seg->bump.total - batch->seg->bump.next < req->nr)
			break;
		bs_bump_alloc(&batch->seg->bump, req->nr, &index);
		st->used += req->nr;
		batch->nr += req->nr;
		list_move_tail(&req->entry, &batch->reqs);
	}
	return true;
}

static void bs_storage_discard_queue(struct bs_storage *st)
{
	struct bs_store_req *req, *next;
	LIST_HEAD(queue);

	spin_lock_irq(&st->lock);
	list_splice_init(&st->queue, &queue);
	spin_unlock_irq(&st->lock);
	list_for_each_entry_safe(req, next, &queue, entry)
		req->done(req, 0, -EIO);
}

/* Tells once when space is low, and has the storage grow ahead of need. */
static void bs_storage_watch_space(struct bs_storage *st)
{
	u64 left, room, limit;
	bool tell;

	spin_lock_irq(&st->lock);
	limit = st->limit;
	left = limit - st->used;
	room = st->reserved - st->used;
	tell = left <= limit >> BS_LOW_SHIFT && !st->told_low;
	st->told_low |= tell;
	spin_unlock_irq(&st->lock);
	if (tell)
		bs_fate_event(st->fate, BLKSNAP_EVENT_LOW_SPACE, 0, 0,
			      left << BS_BLOCK_SHIFT);
	if (room < st->reserved >> 1 && st->reserved < limit)
		bs_segments_queue(&st->grow);
}

/* One write. False: nothing to do now. */
static bool bs_storage_step(struct bs_storage *st)
{
	struct bs_batch *batch = mempool_alloc(st->batches, GFP_NOIO);
	bool full = false, ready;

	batch->st = st;
	batch->status = BLK_STS_OK;
	INIT_LIST_HEAD(&batch->reqs);
	spin_lock_irq(&st->lock);
	ready = !list_empty(&st->queue) && st->in_flight < BS_BATCHES_MAX;
	if (ready) {
		full = !bs_batch_gather(batch, st);
		st->in_flight += !full;
	}
	spin_unlock_irq(&st->lock);
	if (ready && !full) {
		bs_batch_send(batch);
		return true;
	}
	mempool_free(batch, st->batches);
	if (full)
		bs_fate_fail(st->fate, BLKSNAP_EVENT_OVERFLOW, -ENOSPC, 0);
	return false;
}

static void bs_storage_work(struct work_struct *work)
{
	struct bs_storage *st = container_of(work, struct bs_storage, work);

	while (!bs_fate_error(st->fate) && bs_storage_step(st))
		;
	if (bs_fate_error(st->fate))
		bs_storage_discard_queue(st);
	else
		bs_storage_watch_space(st);
}

void bs_storage_append(struct bs_storage *st, struct bs_store_req *req)
{
	unsigned long flags;

	spin_lock_irqsave(&st->lock, flags);
	list_add_tail(&req->entry, &st->queue);
	if (st->in_flight < BS_BATCHES_MAX)
		queue_work(st->wq, &st->work);
	spin_unlock_irqrestore(&st->lock, flags);
}

u64 bs_storage_locate(struct bs_storage *st, u32 place,
		      struct block_device **bdev, u32 *run)
{
	struct bs_segment *seg;
	u64 sector = 0;

	*run = 0;
	rcu_read_lock();
	list_for_each_entry_rcu(seg, &st->segments, entry) {
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

static u64 bs_storage_total(struct bs_storage *st)
{
	u64 total;

	spin_lock_irq(&st->lock);
	total = st->reserved;
	spin_unlock_irq(&st->lock);
	return total;
}

static int bs_storage_add_segment(struct bs_storage *st,
				  struct bs_segment *seg, const void *owner)
{
	u64 base = bs_storage_total(st);

	lockdep_assert_held(&st->grow_lock);
	if (base + seg->bump.total > BS_PLACE_MAX) {
		bs_segment_drop(seg);
		return -E2BIG;
	}
	seg->base = base;
	seg->owner = owner;
	spin_lock_irq(&st->lock);
	list_add_tail_rcu(&seg->entry, &st->segments);
	st->reserved += seg->bump.total;
	st->told_low = false;
	spin_unlock_irq(&st->lock);
	return 0;
}

static void bs_storage_add_limit(struct bs_storage *st, s64 blocks)
{
	spin_lock_irq(&st->lock);
	st->limit += blocks;
	spin_unlock_irq(&st->lock);
}

/* Makes one more segment of this size in a source's directory. */
static int bs_source_grow(struct bs_storage *st, struct bs_source *source,
			  u64 size)
{
	const struct cred *cred = override_creds(source->cred);
	struct bs_segment *seg;
	int ret;

	seg = bs_segment_from_dir(&source->dir, size, st->fate);
	revert_creds(cred);
	if (IS_ERR(seg))
		return PTR_ERR(seg);
	/* The file system may give a little less: the limit follows. */
	bs_storage_add_limit(st, (s64)seg->bump.total -
			     (s64)(size >> BS_BLOCK_SHIFT));
	ret = bs_storage_add_segment(st, seg, source);
	if (!ret)
		source->reserved += size;
	return ret;
}

static struct bs_source *bs_storage_growable(struct bs_storage *st)
{
	struct bs_source *source;

	list_for_each_entry(source, &st->sources, entry) {
		if (!source->exhausted && source->reserved < source->limit)
			return source;
	}
	return NULL;
}

static void bs_storage_grow(struct work_struct *work)
{
	struct bs_storage *st = container_of(work, struct bs_storage, grow);
	struct bs_source *source;
	u64 step;
	int ret;

	mutex_lock(&st->grow_lock);
	source = bs_storage_growable(st);
	if (!source)
		goto out;
	step = max(source->reserved >> 1, BS_STEP_MIN) & ~(BS_STEP_MIN - 1);
	step = min(step, source->limit - source->reserved);
	ret = bs_source_grow(st, source, step);
	if (ret) {
		source->exhausted = true;
		bs_fate_event(st->fate, BLKSNAP_EVENT_LOW_SPACE, ret, 0,
			      (bs_storage_total(st) - READ_ONCE(st->used)) <<
			      BS_BLOCK_SHIFT);
	}
out:
	mutex_unlock(&st->grow_lock);
}

static struct bs_source *bs_source_alloc(struct file *dir, u64 limit)
{
	struct bs_source *source = kzalloc(sizeof(*source), GFP_KERNEL);

	if (!source)
		return NULL;
	source->dir = dir->f_path;
	path_get(&source->dir);
	source->cred = get_current_cred();
	source->limit = limit;
	return source;
}

static void bs_source_free(struct bs_source *source)
{
	put_cred(source->cred);
	path_put(&source->dir);
	kfree(source);
}

int bs_storage_add_dir(struct bs_storage *st, struct file *dir, u64 reserve,
		       u64 limit)
{
	struct bs_source *source = bs_source_alloc(dir, limit);
	int ret;

	if (!source)
		return -ENOMEM;
	mutex_lock(&st->grow_lock);
	bs_storage_add_limit(st, limit >> BS_BLOCK_SHIFT);
	ret = bs_source_grow(st, source, reserve);
	if (ret) {
		bs_storage_add_limit(st, -(s64)(limit >> BS_BLOCK_SHIFT));
		bs_source_free(source);
	} else {
		list_add_tail(&source->entry, &st->sources);
	}
	mutex_unlock(&st->grow_lock);
	return ret;
}

int bs_storage_add_bdev(struct bs_storage *st, dev_t dev, u64 limit)
{
	struct bs_segment *seg = bs_segment_from_bdev(dev, limit, st->fate);
	u32 total;
	int ret;

	if (IS_ERR(seg))
		return PTR_ERR(seg);
	total = seg->bump.total;
	mutex_lock(&st->grow_lock);
	ret = bs_storage_add_segment(st, seg, NULL);
	if (!ret)
		bs_storage_add_limit(st, total);
	mutex_unlock(&st->grow_lock);
	return ret;
}

static bool bs_source_overlaps(struct bs_storage *st,
			       const struct bs_source *source,
			       struct block_device *bdev,
			       const struct bs_range *range)
{
	struct bs_segment *seg;

	list_for_each_entry(seg, &st->segments, entry) {
		if (seg->owner == source &&
		    bs_segment_overlaps(seg, bdev, range))
			return true;
	}
	return false;
}

int bs_storage_fix(struct bs_storage *st, struct block_device *bdev,
		   const struct bs_range *range)
{
	struct bs_source *source;
	int ret = 0;

	mutex_lock(&st->grow_lock);
	list_for_each_entry(source, &st->sources, entry) {
		if (source->reserved == source->limit ||
		    !bs_source_overlaps(st, source, bdev, range))
			continue;
		ret = bs_source_grow(st, source,
				     source->limit - source->reserved);
		if (ret)
			break;
	}
	mutex_unlock(&st->grow_lock);
	return ret;
}

bool bs_storage_empty(struct bs_storage *st)
{
	return list_empty(&st->segments);
}

void bs_storage_stats(struct bs_storage *st, struct bs_storage_stats *stats)
{
	spin_lock_irq(&st->lock);
	stats->used = st->used << BS_BLOCK_SHIFT;
	stats->reserved = st->reserved << BS_BLOCK_SHIFT;
	stats->limit = st->limit << BS_BLOCK_SHIFT;
	spin_unlock_irq(&st->lock);
}

static void bs_storage_free(struct bs_storage *st)
{
	if (st->wq)
		destroy_workqueue(st->wq);
	mempool_destroy(st->batches);
	bioset_exit(&st->bios);
	kfree(st);
}

struct bs_storage *bs_storage_create(struct bs_fate *fate)
{
	struct bs_storage *st = kzalloc(sizeof(*st), GFP_KERNEL);

	if (!st)
		return ERR_PTR(-ENOMEM);
	st->fate = fate;
	spin_lock_init(&st->lock);
	mutex_init(&st->grow_lock);
	INIT_LIST_HEAD(&st->queue);
	INIT_LIST_HEAD(&st->segments);
	INIT_LIST_HEAD(&st->sources);
	INIT_WORK(&st->work, bs_storage_work);
	INIT_WORK(&st->grow, bs_storage_grow);
	st->batches = mempool_create_kmalloc_pool(2, sizeof(struct bs_batch));
	st->wq = alloc_workqueue("blksnap-store",
				 WQ_MEM_RECLAIM | WQ_UNBOUND, 1);
	if (!st->batches || !st->wq ||
	    bioset_init(&st->bios, 2, 0, BIOSET_NEED_BVECS)) {
		bs_storage_free(st);
		return ERR_PTR(-ENOMEM);
	}
	return st;
}

/* The last batch still counts itself out after its requests are done. */
static bool bs_storage_busy(struct bs_storage *st)
{
	bool busy;

	spin_lock_irq(&st->lock);
	busy = st->in_flight;
	spin_unlock_irq(&st->lock);
	return busy;
}

void bs_storage_destroy(struct bs_storage *st)
{
	struct bs_source *source, *next_source;
	struct bs_segment *seg, *next_seg;

	cancel_work_sync(&st->grow);
	while (bs_storage_busy(st))
		fsleep(1000);
	flush_work(&st->work);
	list_for_each_entry_safe(seg, next_seg, &st->segments, entry)
		bs_segment_drop(seg);
	list_for_each_entry_safe(source, next_source, &st->sources, entry)
		bs_source_free(source);
	bs_storage_free(st);
}
