// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trackers: attached origins.
 *
 * A tracker holds its origin open, and watches its sectors on the disk. It was
 * attached by an admin, and stays until it is detached, or by a snapshot that
 * found none, and goes with that.
 *
 * Locks: bs_trackers_lock protects the list and the fields noted in the
 * header. It is not held while one is made or goes, which takes grace periods
 * and waits for the device: others shall not wait for one that hangs.
 */

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "image.h"
#include "tracker.h"

static DEFINE_MUTEX(bs_trackers_lock);
static LIST_HEAD(bs_trackers);

static struct bs_tracker *bs_tracker_find(struct block_device *bdev)
{
	struct bs_tracker *tracker;

	lockdep_assert_held(&bs_trackers_lock);
	list_for_each_entry(tracker, &bs_trackers, entry) {
		if (tracker->bdev.bdev == bdev)
			return tracker;
	}
	return NULL;
}

static void bs_tracker_fill(struct bs_tracker *tracker,
			    struct blksnap_tracker_info *info)
{
	struct block_device *bdev = tracker->bdev.bdev;

	lockdep_assert_held(&bs_trackers_lock);
	memset(info, 0, sizeof(*info));
	info->major = MAJOR(bdev->bd_dev);
	info->minor = MINOR(bdev->bd_dev);
	info->start = tracker->watch.range.start;
	info->sectors = tracker->watch.range.len;
	info->writes = bs_watch_writes(&tracker->watch);
	snprintf(info->name, sizeof(info->name), "%pg", bdev);
	if (tracker->automatic)
		info->flags |= BLKSNAP_TRACKER_AUTO;
	if (tracker->claimed) {
		info->flags |= BLKSNAP_TRACKER_IN_SNAPSHOT;
		memcpy(info->snapshot_id, tracker->snapshot_id,
		       sizeof(info->snapshot_id));
	}
}

/* Devices whose writes we would not see, or whose images would be wrong. */
static int bs_tracker_check(struct block_device *bdev)
{
	struct gendisk *disk = bdev->bd_disk;

	if (!disk_live(disk) || !bdev_nr_sectors(bdev))
		return -ENODEV;
	if (bdev_is_zoned(bdev) || blk_queue_dax(disk->queue) ||
	    bs_disk_has_rw_page(disk) || bs_is_image(disk) ||
	    bdev_logical_block_size(bdev) > BS_BLOCK_SIZE)
		return -EOPNOTSUPP;
	return 0;
}

static int bs_tracker_start(struct bs_tracker *tracker)
{
	struct block_device *bdev = tracker->bdev.bdev;
	struct bs_disk *disk = bs_disk_get(bdev);
	int ret;

	if (IS_ERR(disk))
		return PTR_ERR(disk);
	tracker->watch.range.start = bdev->bd_start_sect;
	tracker->watch.range.len = bdev_nr_sectors(bdev);
	ret = bs_disk_watch(disk, &tracker->watch, true);
	if (ret)
		bs_disk_put(disk);
	return ret;
}

static struct bs_tracker *bs_tracker_make(struct block_device *bdev)
{
	struct bs_tracker *tracker = kzalloc(sizeof(*tracker), GFP_KERNEL);
	int ret;

	lockdep_assert_not_held(&bs_trackers_lock);
	if (!tracker)
		return ERR_PTR(-ENOMEM);
	tracker->automatic = true;
	ret = bs_bdev_open(&tracker->bdev, bdev->bd_dev);
	if (ret)
		goto free;
	/* It may be gone, and another have its number. */
	ret = tracker->bdev.bdev == bdev ? bs_tracker_check(bdev) : -ENODEV;
	if (!ret)
		ret = bs_tracker_start(tracker);
	if (ret)
		goto close;
	return tracker;

close:
	bs_bdev_close(&tracker->bdev);
free:
	kfree(tracker);
	return ERR_PTR(ret);
}

/* Not in the list any more, and the lock not held. */
static void bs_tracker_destroy(struct bs_tracker *tracker)
{
	struct bs_disk *disk = tracker->watch.disk;

	lockdep_assert_not_held(&bs_trackers_lock);
	bs_disk_unwatch(&tracker->watch);
	bs_disk_put(disk);
	bs_bdev_close(&tracker->bdev);
	kfree(tracker);
}

/*
 * The tracker of this device, made if there is none. Returns with the lock held,
 * but for an error.
 */
static struct bs_tracker *bs_tracker_lock(struct block_device *bdev)
{
	struct bs_tracker *tracker, *made = NULL;

	for (;;) {
		mutex_lock(&bs_trackers_lock);
		tracker = bs_tracker_find(bdev);
		if (tracker && !made)
			return tracker;
		if (made && !tracker) {
			list_add_tail(&made->entry, &bs_trackers);
			return made;
		}
		mutex_unlock(&bs_trackers_lock);
		if (made) { /* somebody else was faster */
			bs_tracker_destroy(made);
			made = NULL;
			continue;
		}
		made = bs_tracker_make(bdev);
		if (IS_ERR(made))
			return made;
	}
}

/* Nobody can open them any more to have them detached. */
static void bs_trackers_prune(void)
{
	struct bs_tracker *tracker, *next;
	LIST_HEAD(gone);

	mutex_lock(&bs_trackers_lock);
	list_for_each_entry_safe(tracker, next, &bs_trackers, entry) {
		if (!tracker->claimed &&
		    !disk_live(tracker->bdev.bdev->bd_disk))
			list_move(&tracker->entry, &gone);
	}
	mutex_unlock(&bs_trackers_lock);
	list_for_each_entry_safe(tracker, next, &gone, entry)
		bs_tracker_destroy(tracker);
}

int bs_tracker_attach(struct block_device *bdev,
		      struct blksnap_tracker_info *info)
{
	struct bs_tracker *tracker;
	int ret = -EALREADY;

	bs_trackers_prune();
	tracker = bs_tracker_lock(bdev);
	if (IS_ERR(tracker))
		return PTR_ERR(tracker);
	if (tracker->automatic) {
		tracker->automatic = false;
		bs_tracker_fill(tracker, info);
		ret = 0;
	}
	mutex_unlock(&bs_trackers_lock);
	return ret;
}

void bs_tracker_unattach(struct block_device *bdev)
{
	struct bs_tracker *tracker;
	bool unused;

	mutex_lock(&bs_trackers_lock);
	tracker = bs_tracker_find(bdev);
	unused = tracker && !tracker->claimed;
	if (unused)
		list_del(&tracker->entry);
	else if (tracker)
		tracker->automatic = true;
	mutex_unlock(&bs_trackers_lock);
	if (unused)
		bs_tracker_destroy(tracker);
}

int bs_tracker_detach(struct block_device *bdev)
{
	struct bs_tracker *tracker;
	int ret = 0;

	mutex_lock(&bs_trackers_lock);
	tracker = bs_tracker_find(bdev);
	if (!tracker)
		ret = -ENOENT;
	else if (tracker->claimed)
		ret = -EBUSY;
	else
		list_del(&tracker->entry);
	mutex_unlock(&bs_trackers_lock);
	if (!ret)
		bs_tracker_destroy(tracker);
	return ret;
}

int bs_tracker_info(struct block_device *bdev,
		    struct blksnap_tracker_info *info)
{
	struct bs_tracker *tracker;

	mutex_lock(&bs_trackers_lock);
	tracker = bs_tracker_find(bdev);
	if (tracker)
		bs_tracker_fill(tracker, info);
	mutex_unlock(&bs_trackers_lock);
	return tracker ? 0 : -ENOENT;
}

u32 bs_tracker_list(struct blksnap_tracker_info *info, u32 room)
{
	struct bs_tracker *tracker;
	u32 nr = 0;

	bs_trackers_prune();
	mutex_lock(&bs_trackers_lock);
	list_for_each_entry(tracker, &bs_trackers, entry) {
		if (nr < room)
			bs_tracker_fill(tracker, &info[nr]);
		nr++;
	}
	mutex_unlock(&bs_trackers_lock);
	return nr;
}

struct bs_tracker *bs_tracker_claim(struct block_device *bdev, const u8 *id)
{
	struct bs_tracker *tracker = bs_tracker_lock(bdev);

	if (IS_ERR(tracker))
		return tracker;
	if (tracker->claimed) {
		tracker = ERR_PTR(memcmp(id, tracker->snapshot_id,
					 BLKSNAP_ID_SIZE) ? -EBUSY : -EEXIST);
	} else {
		tracker->claimed = true;
		memcpy(tracker->snapshot_id, id, BLKSNAP_ID_SIZE);
	}
	mutex_unlock(&bs_trackers_lock);
	return tracker;
}

void bs_tracker_unclaim(struct bs_tracker *tracker)
{
	bool automatic;

	mutex_lock(&bs_trackers_lock);
	tracker->claimed = false;
	automatic = tracker->automatic;
	if (automatic)
		list_del(&tracker->entry);
	mutex_unlock(&bs_trackers_lock);
	if (automatic)
		bs_tracker_destroy(tracker);
}
