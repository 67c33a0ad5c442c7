// SPDX-License-Identifier: GPL-2.0-only
/*
 * Segments of difference storages.
 *
 * A segment is made in three steps: blocks are got (from a file system by
 * swap_activate, or a whole block device), they are checked and put into a
 * table, and the segment is entered into the list of all. That is refused if
 * it lies on an origin of a snapshot that has been taken: its blocks may have
 * belonged to a file at that cut.
 *
 * The list of all tells each cut which sectors belong to storages: images read
 * as zeros there. From then until the maps are armed the origin is pinned: no segment
 * comes to lie on it, and none that does gives back its blocks.
 *
 * Each segment watches its disk for writes into its blocks. Ours do not reach
 * the watch, so any that does means that stored data is lost.
 *
 * Locks: bs_segments_mutex protects the lists of all and of pinned origins, and the
 * writing of bs_unpins. Nothing that needs a file system may be done under it.
 */

#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "segment.h"

static DEFINE_MUTEX(bs_segments_mutex);
static LIST_HEAD(bs_segments);
static LIST_HEAD(bs_pinned);
static unsigned int bs_unpins; /* counted, so that they can be waited for */
static DECLARE_WAIT_QUEUE_HEAD(bs_segments_unpinned);
static struct workqueue_struct *bs_segment_wq;

/* How long a release waits for its space to be back. */
#define BS_FLUSH_TIMEOUT (10 * HZ)
static atomic_t bs_segments_dropping = ATOMIC_INIT(0);
static DECLARE_WAIT_QUEUE_HEAD(bs_segments_dropped);

static void bs_segment_written(struct bs_watch *watch,
			       const struct bs_range *range)
{
	struct bs_segment *seg = container_of(watch, struct bs_segment, guard);

	if (bs_rangeset_overlaps(seg->ranges, seg->nr_ranges, range->start,
				 range->len))
		bs_fate_fail(seg->fate, BLKSNAP_EVENT_STORAGE_WRITTEN, -EIO,
			     seg->bdev->bd_dev);
}

/* The extents as sectors of the whole disk. */
static int bs_segment_make_ranges(struct bs_segment *seg)
{
	u64 start = seg->bdev->bd_start_sect;
	u32 i;

	seg->ranges = kvcalloc(seg->nr_ext, sizeof(*seg->ranges), GFP_KERNEL);
	if (!seg->ranges)
		return -ENOMEM;
	for (i = 0; i < seg->nr_ext; i++) {
		seg->ranges[i].start = start + seg->ext[i].sector;
		seg->ranges[i].len = bs_block_sector(seg->ext[i].blocks);
	}
	seg->nr_ranges = bs_rangeset_normalise(seg->ranges, seg->nr_ext);
	return 0;
}

static int bs_segment_guard(struct bs_segment *seg)
{
	const struct bs_range *last = &seg->ranges[seg->nr_ranges - 1];
	int ret;

	seg->disk = bs_disk_get(seg->bdev);
	if (IS_ERR(seg->disk)) {
		ret = PTR_ERR(seg->disk);
		seg->disk = NULL;
		return ret;
	}
	seg->guard.written = bs_segment_written;
	seg->guard.range.start = seg->ranges[0].start;
	seg->guard.range.len = last->start + last->len - seg->ranges[0].start;
	ret = bs_disk_watch(seg->disk, &seg->guard, false);
	if (ret) {
		bs_disk_put(seg->disk);
		seg->disk = NULL;
	}
	return ret;
}

bool bs_segment_overlaps(const struct bs_segment *seg,
			 const struct gendisk *disk,
			 const struct bs_range *range)
{
	return seg->bdev->bd_disk == disk &&
		bs_rangeset_overlaps(seg->ranges, seg->nr_ranges, range->start,
				     range->len);
}

static bool bs_segment_pinned(const struct bs_segment *seg)
{
	struct bs_watch *watch;

	lockdep_assert_held(&bs_segments_mutex);
	list_for_each_entry(watch, &bs_pinned, pin) {
		if (bs_segment_overlaps(seg, watch->disk->gendisk, &watch->range))
			return true;
	}
	return false;
}

static int bs_segment_register(struct bs_segment *seg)
{
	int ret;
	u32 i;

	mutex_lock(&bs_segments_mutex);
	ret = bs_segment_pinned(seg) ? -EBUSY : 0;
	for (i = 0; i < seg->nr_ranges && !ret; i++) {
		if (bs_disk_overlaps(seg->bdev, &seg->ranges[i]))
			ret = -EBUSY;
	}
	if (!ret)
		list_add_tail(&seg->all, &bs_segments);
	mutex_unlock(&bs_segments_mutex);
	return ret;
}

/* Waits while its blocks have been recorded by a cut that is not armed yet. */
static void bs_segment_unregister(struct bs_segment *seg)
{
	unsigned int unpins;

	mutex_lock(&bs_segments_mutex);
	while (bs_segment_pinned(seg)) {
		unpins = bs_unpins;
		mutex_unlock(&bs_segments_mutex);
		wait_event(bs_segments_unpinned, READ_ONCE(bs_unpins) != unpins);
		mutex_lock(&bs_segments_mutex);
	}
	list_del(&seg->all);
	mutex_unlock(&bs_segments_mutex);
}

/* Checks what we were given and makes it known. */
static int bs_segment_finish(struct bs_segment *seg, u64 max_blocks)
{
	int ret;

	if (!seg->nr_ext)
		return -EUCLEAN;
	ret = bs_extents_finish(seg->ext, seg->nr_ext,
				bdev_nr_sectors(seg->bdev), max_blocks,
				&seg->bump.total);
	if (!ret)
		ret = bs_segment_make_ranges(seg);
	if (!ret)
		ret = bs_segment_register(seg);
	if (!ret && seg->sf.file)
		ret = bs_swapfile_prove(&seg->sf);
	if (!ret)
		ret = bs_segment_guard(seg);
	return ret;
}

static void bs_segment_unguard(struct bs_segment *seg)
{
	if (!seg->disk)
		return;
	bs_disk_unwatch(&seg->guard);
	bs_disk_put(seg->disk);
}

static void bs_segment_drop_work(struct work_struct *work)
{
	struct bs_segment *seg = container_of(work, struct bs_segment, drop);

	/*
	 * First this: else a cut would have its image read as zeros what others
	 * had written there.
	 */
	bs_segment_unregister(seg);
	if (seg->sf.file)
		bs_swapfile_drop(&seg->sf);
	bs_bdev_unclaim(&seg->claimed);
	kvfree(seg->ranges);
	kvfree(seg->ext);
	kfree(seg);
	if (atomic_dec_and_test(&bs_segments_dropping))
		wake_up_all(&bs_segments_dropped);
	module_put(THIS_MODULE);
}

void bs_segment_drop(struct bs_segment *seg)
{
	bs_segment_unguard(seg);
	atomic_inc(&bs_segments_dropping);
	queue_work(bs_segment_wq, &seg->drop);
}

static struct bs_segment *bs_segment_alloc(struct bs_fate *fate)
{
	struct bs_segment *seg = kzalloc(sizeof(*seg), GFP_KERNEL);

	if (!seg)
		return NULL;
	seg->fate = fate;
	INIT_LIST_HEAD(&seg->all);
	INIT_WORK(&seg->drop, bs_segment_drop_work);
	__module_get(THIS_MODULE);
	return seg;
}

static struct bs_segment *bs_segment_result(struct bs_segment *seg, int ret)
{
	if (!ret)
		return seg;
	if (!seg->sf.file && !seg->claimed.bdev) {
		kfree(seg);
		module_put(THIS_MODULE);
		return ERR_PTR(ret);
	}
	bs_segment_drop(seg);
	bs_segments_flush();
	return ERR_PTR(ret);
}

struct bs_segment *bs_segment_from_dir(const struct path *dir, u64 size,
				       struct bs_fate *fate)
{
	struct bs_segment *seg = bs_segment_alloc(fate);
	int ret;

	if (!seg)
		return ERR_PTR(-ENOMEM);
	ret = bs_swapfile_make(&seg->sf, dir, size);
	if (ret) {
		seg->sf.file = NULL;
		return bs_segment_result(seg, ret);
	}
	seg->bdev = seg->sf.bdev;
	seg->ext = seg->sf.ext;
	seg->nr_ext = seg->sf.nr;
	return bs_segment_result(seg, bs_segment_finish(seg, size >>
							BS_BLOCK_SHIFT));
}

static int bs_segment_claim(struct bs_segment *seg, struct block_device *bdev,
			    u64 limit)
{
	u64 blocks;
	int ret;

	ret = bs_bdev_claim(&seg->claimed, bdev->bd_dev, seg);
	if (ret)
		return ret;
	seg->bdev = seg->claimed.bdev;
	if (seg->bdev != bdev)
		return -ENODEV; /* that is gone, and another has its number */
	if (bdev_read_only(seg->bdev))
		return -EROFS;
	if (bdev_is_zoned(seg->bdev))
		return -EOPNOTSUPP; /* several writes are on their way at once */
	/* Of a larger device so much is used */
	blocks = min_t(u64, bs_block_of(bdev_nr_sectors(seg->bdev)), BS_PLACE_MAX - 1);
	if (limit)
		blocks = min(blocks, limit >> BS_BLOCK_SHIFT);
	if (!blocks)
		return -EINVAL;
	seg->ext = kvcalloc(1, sizeof(*seg->ext), GFP_KERNEL);
	if (!seg->ext)
		return -ENOMEM;
	seg->ext[0].blocks = blocks;
	seg->nr_ext = 1;
	return bs_segment_finish(seg, blocks);
}

struct bs_segment *bs_segment_from_bdev(struct block_device *bdev, u64 limit,
					struct bs_fate *fate)
{
	struct bs_segment *seg = bs_segment_alloc(fate);

	if (!seg)
		return ERR_PTR(-ENOMEM);
	return bs_segment_result(seg, bs_segment_claim(seg, bdev, limit));
}

bool bs_segment_surrounds(const struct bs_segment *seg,
			  struct block_device *bdev,
			  const struct bs_range *range)
{
	struct block_device *own = seg->claimed.bdev;
	u64 start;

	if (!own || own->bd_disk != bdev->bd_disk)
		return false;
	start = own->bd_start_sect;
	return range->start >= start && range->start + range->len <=
		start + bdev_nr_sectors(own);
}

/* Into @out, if there is one. */
static u32 bs_segments_ranges(const struct bs_watch *watch,
			      struct bs_range *out)
{
	struct bs_segment *seg;
	struct bs_range r;
	u32 nr = 0, i;

	list_for_each_entry(seg, &bs_segments, all) {
		if (seg->bdev->bd_disk != watch->disk->gendisk)
			continue;
		for (i = 0; i < seg->nr_ranges; i++) {
			r = seg->ranges[i];
			if (!bs_range_clip(&r, &watch->range))
				continue;
			r.start -= watch->range.start;
			if (out)
				out[nr] = r;
			nr++;
		}
	}
	return nr;
}

static int bs_segments_record(const struct bs_watch *watch,
			      struct bs_range **holes, u32 *nr)
{
	lockdep_assert_held(&bs_segments_mutex);
	*holes = NULL;
	*nr = bs_segments_ranges(watch, NULL);
	if (!*nr)
		return 0;
	*holes = kvcalloc(*nr, sizeof(**holes), GFP_KERNEL);
	if (!*holes)
		return -ENOMEM;
	bs_segments_ranges(watch, *holes);
	*nr = bs_rangeset_normalise(*holes, *nr);
	return 0;
}

int bs_segments_pin(struct bs_watch *watch, struct bs_range **holes, u32 *nr)
{
	int ret;

	mutex_lock(&bs_segments_mutex);
	ret = bs_segments_record(watch, holes, nr);
	if (!ret)
		list_add(&watch->pin, &bs_pinned);
	mutex_unlock(&bs_segments_mutex);
	return ret;
}

void bs_segments_unpin(struct bs_watch *watch)
{
	mutex_lock(&bs_segments_mutex);
	list_del_init(&watch->pin);
	WRITE_ONCE(bs_unpins, bs_unpins + 1);
	mutex_unlock(&bs_segments_mutex);
	wake_up_all(&bs_segments_unpinned);
}

void bs_segments_flush(void)
{
	wait_event_timeout(bs_segments_dropped,
			   !atomic_read(&bs_segments_dropping),
			   BS_FLUSH_TIMEOUT);
}

void bs_segments_queue(struct delayed_work *work, unsigned long delay)
{
	if (delay)
		queue_delayed_work(bs_segment_wq, work, delay);
	else
		mod_delayed_work(bs_segment_wq, work, 0);
}

int bs_segment_init(void)
{
	bs_segment_wq = alloc_workqueue("blksnap-segment", WQ_UNBOUND, 0);
	return bs_segment_wq ? 0 : -ENOMEM;
}

void bs_segment_exit(void)
{
	destroy_workqueue(bs_segment_wq);
}
