// SPDX-License-Identifier: GPL-2.0-only
/*
 * The difference storage: what the log's segments are made of, and its growth.
 *
 * Each APPEND_STORAGE makes a source: a directory that segments can be made
 * in up to a limit, or a block device, which is one segment. When free space
 * falls below the watermark, a worker makes the next segment. Step and
 * watermark grow with what is reserved, so that a busy snapshot has room ahead
 * of need. A source that fails for now (it is full, frozen, an origin of another
 * snapshot) is tried again, less and less often, and another one meanwhile.
 *
 * Locks: bs_storage.grow_lock (may sleep) protects the sources, and lets one
 * segment be made at a time. bs_log.lock also protects limit and told_low.
 */

#include <linux/cred.h>
#include <linux/mutex.h>
#include <linux/path.h>
#include <linux/slab.h>

#include "storage.h"

/* Free space that is low: a part of the limit. */
#define BS_LOW_SHIFT 3
/* The least that the storage grows by. */
#define BS_STEP_MIN (16ULL << 20)
/* How long a source that fails is let alone at most, in seconds. */
#define BS_RETRY_MAX 64

/* A directory that the storage may grow in. Protected by grow_lock. */
struct bs_source {
	struct list_head entry;
	struct path dir;
	const struct cred *cred;
	u64 reserved;
	u64 limit;
	unsigned int delay;	/* in seconds, after a failure; or 0 */
	unsigned long retry;	/* when that is over, in jiffies */
	int told;	/* the error that readers of events know of */
};

struct bs_storage {
	struct bs_log log;
	u64 limit;	/* blocks */
	bool told_low;
	unsigned int align;	/* largest logical block that will do; grow_lock */
	struct mutex grow_lock; /* see above */
	struct list_head sources;
	struct delayed_work grow;
};

static bool bs_storage_wants_more(const struct bs_storage *st)
{
	const struct bs_log *log = &st->log;

	lockdep_assert_held(&log->lock);
	return log->reserved - log->used < log->reserved >> 1 &&
		log->reserved < st->limit;
}

/*
 * More than has to be is stored only in the first half, and not faster than it
 * grows.
 */
static void bs_storage_judge_spare(struct bs_storage *st)
{
	struct bs_log *log = &st->log;
	u64 most = min(st->limit >> 1, log->reserved - (log->reserved >> 2));

	lockdep_assert_held(&log->lock);
	WRITE_ONCE(log->spare, most - min(most, log->used));
}

/* Tells once when space is low, and has the storage grow ahead of need. */
static void bs_storage_spent(struct bs_log *log)
{
	struct bs_storage *st = container_of(log, struct bs_storage, log);
	bool tell, grow;
	u64 left, limit;

	spin_lock_irq(&st->log.lock);
	limit = st->limit;
	left = limit - st->log.used;
	grow = bs_storage_wants_more(st);
	tell = left <= limit >> BS_LOW_SHIFT && !st->told_low;
	st->told_low |= tell;
	bs_storage_judge_spare(st);
	spin_unlock_irq(&st->log.lock);
	if (tell)
		bs_fate_event(st->log.fate, BLKSNAP_EVENT_LOW_SPACE, 0, 0,
			      left << BS_BLOCK_SHIFT);
	if (grow)
		bs_segments_queue(&st->grow, 0);
}

static int bs_storage_add(struct bs_storage *st, struct bs_segment *seg)
{
	int ret;

	lockdep_assert_held(&st->grow_lock);
	ret = bdev_logical_block_size(seg->bdev) > st->align ?
		-EOPNOTSUPP : bs_log_add(&st->log, seg);
	if (ret) {
		bs_segment_drop(seg);
		bs_segments_flush();
		return ret;
	}
	spin_lock_irq(&st->log.lock);
	st->told_low = false;
	bs_storage_judge_spare(st);
	spin_unlock_irq(&st->log.lock);
	return 0;
}

static void bs_storage_add_limit(struct bs_storage *st, s64 blocks)
{
	spin_lock_irq(&st->log.lock);
	st->limit += blocks;
	bs_storage_judge_spare(st);
	spin_unlock_irq(&st->log.lock);
}

/* Makes one more segment of this size in a source's directory. */
static int bs_source_grow(struct bs_storage *st, struct bs_source *source,
			  u64 size)
{
	const struct cred *cred = override_creds(source->cred);
	struct bs_segment *seg;
	s64 less;
	int ret;

	seg = bs_segment_from_dir(&source->dir, size, st->log.fate);
	revert_creds(cred);
	if (IS_ERR(seg))
		return PTR_ERR(seg);
	/* The file system may give a little less: the limit follows. */
	less = (size >> BS_BLOCK_SHIFT) - seg->bump.total;
	seg->owner = source;
	ret = bs_storage_add(st, seg);
	if (ret)
		return ret;
	bs_storage_add_limit(st, -less);
	source->reserved += size;
	return 0;
}

static u64 bs_storage_left(struct bs_storage *st)
{
	u64 left;

	spin_lock_irq(&st->log.lock);
	left = st->log.reserved - st->log.used;
	spin_unlock_irq(&st->log.lock);
	return left;
}

/* Makes the next segment. */
static int bs_source_try(struct bs_storage *st, struct bs_source *source)
{
	u64 step = max(source->reserved >> 1, BS_STEP_MIN) & ~(BS_STEP_MIN - 1);
	int ret;

	step = min(step, source->limit - source->reserved);
	ret = bs_source_grow(st, source, step);
	/* It is tried again and again: tell once */
	if (ret && ret != source->told)
		bs_fate_event(st->log.fate, BLKSNAP_EVENT_LOW_SPACE, ret, 0,
			      bs_storage_left(st) << BS_BLOCK_SHIFT);
	source->told = ret;
	source->delay = ret ? clamp_t(unsigned int, source->delay * 2, 1,
				      BS_RETRY_MAX) : 0;
	source->retry = jiffies + source->delay * HZ;
	return ret;
}

/* False: it is to be tried again. */
static bool bs_storage_grow_now(struct bs_storage *st)
{
	struct bs_source *source;
	bool failed = false;

	list_for_each_entry(source, &st->sources, entry) {
		if (source->reserved == source->limit)
			continue;
		if (bs_fate_error(st->log.fate))
			return true;
		if (!source->delay || time_after_eq(jiffies, source->retry)) {
			if (!bs_source_try(st, source))
				return true;
		}
		failed = true;
	}
	return !failed;
}

static void bs_storage_grow(struct work_struct *work)
{
	struct bs_storage *st = container_of(to_delayed_work(work),
					     struct bs_storage, grow);
	bool wanted;

	mutex_lock(&st->grow_lock);
	spin_lock_irq(&st->log.lock);
	wanted = bs_storage_wants_more(st);
	spin_unlock_irq(&st->log.lock);
	if (wanted && !bs_storage_grow_now(st))
		bs_segments_queue(&st->grow, HZ);
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

int bs_storage_add_bdev(struct bs_storage *st, struct block_device *bdev,
			u64 limit)
{
	struct bs_segment *seg = bs_segment_from_bdev(bdev, limit, st->log.fate);
	u32 total;
	int ret;

	if (IS_ERR(seg))
		return PTR_ERR(seg);
	total = seg->bump.total;
	mutex_lock(&st->grow_lock);
	ret = bs_storage_add(st, seg);
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

	list_for_each_entry(seg, &st->log.segments, entry) {
		if (seg->owner == source &&
		    bs_segment_overlaps(seg, bdev->bd_disk, range))
			return true;
	}
	return false;
}

static bool bs_storage_surrounds(struct bs_storage *st,
				 struct block_device *bdev,
				 const struct bs_range *range)
{
	struct bs_segment *seg;

	lockdep_assert_held(&st->grow_lock);
	list_for_each_entry(seg, &st->log.segments, entry) {
		if (bs_segment_surrounds(seg, bdev, range))
			return true;
	}
	return false;
}

static int bs_storage_fill_up(struct bs_storage *st, struct block_device *bdev,
			      const struct bs_range *range)
{
	struct bs_source *source;
	int ret = 0;

	list_for_each_entry(source, &st->sources, entry) {
		if (source->reserved == source->limit ||
		    !bs_source_overlaps(st, source, bdev, range))
			continue;
		ret = bs_source_grow(st, source,
				     source->limit - source->reserved);
		if (ret)
			break;
	}
	return ret;
}

int bs_storage_fix(struct bs_storage *st, struct block_device *bdev,
		   const struct bs_range *range)
{
	int ret = -ELOOP;

	mutex_lock(&st->grow_lock);
	if (!bs_storage_surrounds(st, bdev, range))
		ret = bs_storage_fill_up(st, bdev, range);
	mutex_unlock(&st->grow_lock);
	return ret;
}

int bs_storage_align(struct bs_storage *st, unsigned int size)
{
	struct bs_segment *seg;
	int ret = 0;

	mutex_lock(&st->grow_lock);
	list_for_each_entry(seg, &st->log.segments, entry) {
		if (bdev_logical_block_size(seg->bdev) > size)
			ret = -EOPNOTSUPP;
	}
	if (!ret)
		st->align = min(st->align, size);
	mutex_unlock(&st->grow_lock);
	return ret;
}

bool bs_storage_empty(struct bs_storage *st)
{
	return list_empty(&st->log.segments);
}

void bs_storage_stats(struct bs_storage *st, struct bs_storage_stats *stats)
{
	spin_lock_irq(&st->log.lock);
	stats->used = st->log.used << BS_BLOCK_SHIFT;
	stats->reserved = st->log.reserved << BS_BLOCK_SHIFT;
	stats->limit = st->limit << BS_BLOCK_SHIFT;
	spin_unlock_irq(&st->log.lock);
}

struct bs_log *bs_storage_log(struct bs_storage *st)
{
	return &st->log;
}

struct bs_storage *bs_storage_create(struct bs_fate *fate)
{
	struct bs_storage *st = kzalloc(sizeof(*st), GFP_KERNEL);

	if (!st)
		return ERR_PTR(-ENOMEM);
	st->align = BS_BLOCK_SIZE;
	mutex_init(&st->grow_lock);
	INIT_LIST_HEAD(&st->sources);
	INIT_DELAYED_WORK(&st->grow, bs_storage_grow);
	if (bs_log_init(&st->log, fate, bs_storage_spent)) {
		bs_storage_destroy(st);
		return ERR_PTR(-ENOMEM);
	}
	return st;
}

void bs_storage_destroy(struct bs_storage *st)
{
	struct bs_source *source, *next;

	bs_log_stop(&st->log);
	cancel_delayed_work_sync(&st->grow); /* only it queues itself now */
	bs_log_exit(&st->log);
	list_for_each_entry_safe(source, next, &st->sources, entry)
		bs_source_free(source);
	kfree(st);
}
