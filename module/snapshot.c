// SPDX-License-Identifier: GPL-2.0-only
/*
 * Life of a snapshot: created empty with a descriptor, given origins and
 * storage, cut, read, released. What is done at the cut is in cut.c.
 *
 * It is released by DESTROY, or when its last descriptor is closed and it is
 * not held. After that only its fate is left, for readers of events.
 *
 * Locks: bs_snapshots_lock protects the list of all; bs_snapshot.lock what is
 * noted in the header. The latter is held over whole commands, and taken
 * first.
 */

#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uuid.h>

#include "cut.h"
#include "segment.h"
#include "snapshot.h"

/* How often it is looked whether the origins are still there. */
#define BS_WATCH_INTERVAL (2 * HZ)

static DEFINE_MUTEX(bs_snapshots_lock);
static LIST_HEAD(bs_snapshots);

static struct block_device *bs_member_bdev(const struct bs_member *member)
{
	return member->tracker->bdev.bdev;
}

/* The origins do not change while the watch runs: it is stopped first. */
static void bs_snapshot_watch(struct work_struct *work)
{
	struct bs_snapshot *snap = container_of(work, struct bs_snapshot,
						watch.work);
	struct block_device *bdev;
	struct bs_member *member;

	list_for_each_entry(member, &snap->members, entry) {
		bdev = bs_member_bdev(member);
		if (!disk_live(bdev->bd_disk) ||
		    bdev_nr_sectors(bdev) != member->cow->range.len)
			bs_fate_fail(&snap->fate, BLKSNAP_EVENT_DEVICE_GONE,
				     -ENODEV, bdev->bd_dev);
	}
	if (!bs_fate_error(&snap->fate))
		schedule_delayed_work(&snap->watch, BS_WATCH_INTERVAL);
}

static void bs_snapshot_free(struct kref *ref)
{
	kfree(container_of(ref, struct bs_snapshot, ref));
	module_put(THIS_MODULE);
}

static void bs_snapshot_put(struct bs_snapshot *snap)
{
	kref_put(&snap->ref, bs_snapshot_free);
}

struct bs_snapshot *bs_snapshot_create(void)
{
	struct bs_snapshot *snap = kzalloc(sizeof(*snap), GFP_KERNEL);

	if (!snap)
		return ERR_PTR(-ENOMEM);
	bs_fate_init(&snap->fate);
	snap->storage = bs_storage_create(&snap->fate);
	if (IS_ERR(snap->storage)) {
		kfree(snap);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&snap->ref); /* of the list */
	kref_get(&snap->ref); /* of the descriptor */
	atomic_set(&snap->fds, 1);
	generate_random_uuid(snap->id);
	mutex_init(&snap->lock);
	INIT_LIST_HEAD(&snap->members);
	INIT_DELAYED_WORK(&snap->watch, bs_snapshot_watch);
	__module_get(THIS_MODULE);
	mutex_lock(&bs_snapshots_lock);
	list_add_tail(&snap->entry, &bs_snapshots);
	mutex_unlock(&bs_snapshots_lock);
	return snap;
}

struct bs_snapshot *bs_snapshot_open(const u8 *id)
{
	struct bs_snapshot *snap, *found = NULL;

	mutex_lock(&bs_snapshots_lock);
	list_for_each_entry(snap, &bs_snapshots, entry) {
		if (memcmp(snap->id, id, sizeof(snap->id)))
			continue;
		found = snap;
		kref_get(&snap->ref);
		atomic_inc(&snap->fds);
	}
	mutex_unlock(&bs_snapshots_lock);
	return found;
}

u32 bs_snapshot_list(u8 *ids, u32 room)
{
	struct bs_snapshot *snap;
	u32 nr = 0;

	mutex_lock(&bs_snapshots_lock);
	list_for_each_entry(snap, &bs_snapshots, entry) {
		if (nr < room)
			memcpy(ids + nr * sizeof(snap->id), snap->id,
			       sizeof(snap->id));
		nr++;
	}
	mutex_unlock(&bs_snapshots_lock);
	return nr;
}

void bs_snapshots_fail(u32 event, int error)
{
	struct bs_snapshot *snap;

	mutex_lock(&bs_snapshots_lock);
	list_for_each_entry(snap, &bs_snapshots, entry)
		bs_fate_fail(&snap->fate, event, error, 0);
	mutex_unlock(&bs_snapshots_lock);
}

/* Closes all images, or none. */
static bool bs_snapshot_close_images(struct bs_snapshot *snap, bool force)
{
	struct bs_member *member;

	list_for_each_entry(member, &snap->members, entry) {
		if (!member->img || bs_image_close(member->img, force))
			continue;
		list_for_each_entry_continue_reverse(member, &snap->members,
						     entry) {
			if (member->img)
				bs_image_reopen(member->img);
		}
		return false;
	}
	return true;
}

static void bs_snapshot_drop_members(struct bs_snapshot *snap)
{
	struct bs_member *member, *next;

	list_for_each_entry_safe(member, next, &snap->members, entry) {
		list_del(&member->entry);
		bs_tracker_unclaim(member->tracker);
		kfree(member);
	}
	snap->nr_members = 0;
}

static int bs_snapshot_release(struct bs_snapshot *snap, bool force)
{
	lockdep_assert_held(&snap->lock);
	if (snap->released)
		return -ESHUTDOWN;
	if (!bs_snapshot_close_images(snap, force))
		return -EBUSY;
	cancel_delayed_work_sync(&snap->watch);
	mutex_lock(&bs_snapshots_lock);
	list_del(&snap->entry);
	mutex_unlock(&bs_snapshots_lock);
	bs_fate_release(&snap->fate);
	bs_cut_undo(snap);
	bs_storage_destroy(snap->storage);
	bs_snapshot_drop_members(snap);
	snap->released = true;
	bs_snapshot_put(snap);
	return 0;
}

int bs_snapshot_destroy(struct bs_snapshot *snap, bool force)
{
	int ret;

	if (mutex_lock_killable(&snap->lock))
		return -EINTR;
	ret = bs_snapshot_release(snap, force);
	mutex_unlock(&snap->lock);
	if (!ret)
		bs_segments_flush();
	return ret;
}

void bs_snapshot_close(struct bs_snapshot *snap)
{
	bool last;

	mutex_lock(&snap->lock);
	last = atomic_dec_and_test(&snap->fds) && !snap->hold;
	if (last)
		bs_snapshot_release(snap, true);
	mutex_unlock(&snap->lock);
	if (last)
		bs_segments_flush();
	bs_snapshot_put(snap);
}

static int bs_snapshot_check_new(const struct bs_snapshot *snap)
{
	lockdep_assert_held(&snap->lock);
	if (snap->released)
		return -ESHUTDOWN;
	return snap->taken ? -EISCONN : 0;
}

static int bs_snapshot_do_add(struct bs_snapshot *snap,
			      struct block_device *bdev, u32 level)
{
	struct bs_member *member;
	int ret = bs_snapshot_check_new(snap);

	if (ret)
		return ret;
	if (snap->nr_members == BLKSNAP_MAX_MEMBERS)
		return -E2BIG;
	member = kzalloc(sizeof(*member), GFP_KERNEL);
	if (!member)
		return -ENOMEM;
	member->level = level;
	member->tracker = bs_tracker_claim(bdev, snap->id);
	if (IS_ERR(member->tracker)) {
		ret = PTR_ERR(member->tracker);
		kfree(member);
		return ret;
	}
	list_add_tail(&member->entry, &snap->members);
	snap->nr_members++;
	return 0;
}

int bs_snapshot_add_device(struct bs_snapshot *snap, struct block_device *bdev,
			   u32 level)
{
	int ret;

	if (mutex_lock_killable(&snap->lock))
		return -EINTR;
	ret = bs_snapshot_do_add(snap, bdev, level);
	mutex_unlock(&snap->lock);
	return ret;
}

int bs_snapshot_append_dir(struct bs_snapshot *snap, struct file *dir,
			   u64 reserve, u64 limit)
{
	int ret = -ESHUTDOWN;

	if (mutex_lock_killable(&snap->lock))
		return -EINTR;
	/* Swap files consist of pages, which may be larger than our blocks */
	if (!snap->released)
		ret = bs_storage_add_dir(snap->storage, dir,
					 PAGE_ALIGN(reserve),
					 PAGE_ALIGN(limit));
	mutex_unlock(&snap->lock);
	return ret;
}

int bs_snapshot_append_bdev(struct bs_snapshot *snap,
			    struct block_device *bdev, u64 limit)
{
	int ret = -ESHUTDOWN;

	if (mutex_lock_killable(&snap->lock))
		return -EINTR;
	if (!snap->released)
		ret = bs_storage_add_bdev(snap->storage, bdev, limit);
	mutex_unlock(&snap->lock);
	return ret;
}

static int bs_snapshot_do_take(struct bs_snapshot *snap,
			       const struct bs_take_fs *fs, u32 nr,
			       u64 timeout_ns)
{
	int ret = bs_snapshot_check_new(snap);

	if (!ret)
		ret = bs_fate_error(&snap->fate); /* its storage was written to */
	if (ret)
		return ret;
	if (!snap->nr_members)
		return -ENODEV;
	if (bs_storage_empty(snap->storage))
		return -ENOSTR;
	ret = bs_cut_take(snap, fs, nr, timeout_ns);
	if (ret)
		return ret;
	snap->taken = true;
	schedule_delayed_work(&snap->watch, BS_WATCH_INTERVAL);
	return 0;
}

int bs_snapshot_take(struct bs_snapshot *snap, const struct bs_take_fs *fs,
		     u32 nr, u64 timeout_ns)
{
	int ret;

	if (mutex_lock_killable(&snap->lock))
		return -EINTR;
	ret = bs_snapshot_do_take(snap, fs, nr, timeout_ns);
	mutex_unlock(&snap->lock);
	return ret;
}

int bs_snapshot_hold(struct bs_snapshot *snap, bool hold)
{
	int ret = -ESHUTDOWN;

	if (mutex_lock_killable(&snap->lock))
		return -EINTR;
	if (!snap->released) {
		snap->hold = hold;
		ret = 0;
	}
	mutex_unlock(&snap->lock);
	return ret;
}

static void bs_member_fill_image(struct bs_member *member,
				 struct blksnap_member_info *info)
{
	struct gendisk *disk = bs_image_disk(member->img);
	struct bs_cow *cow = member->cow;

	info->image_major = MAJOR(disk_devt(disk));
	info->image_minor = MINOR(disk_devt(disk));
	info->copied = atomic64_read(&cow->copied) << BS_BLOCK_SHIFT;
	info->stored = atomic64_read(&cow->stored) << BS_BLOCK_SHIFT;
	info->held = atomic64_read(&cow->held);
	info->discards = atomic64_read(&cow->discards);
	info->image_read = atomic64_read(&cow->image_read) << SECTOR_SHIFT;
	strscpy(info->image, disk->disk_name, sizeof(info->image));
}

static void bs_member_fill(struct bs_member *member,
			   struct blksnap_member_info *info)
{
	struct block_device *bdev = bs_member_bdev(member);

	memset(info, 0, sizeof(*info));
	info->major = MAJOR(bdev->bd_dev);
	info->minor = MINOR(bdev->bd_dev);
	info->block_size = BS_BLOCK_SIZE;
	info->sectors = member->tracker->watch.range.len;
	snprintf(info->name, sizeof(info->name), "%pg", bdev);
	if (member->frozen)
		info->flags |= BLKSNAP_MEMBER_FROZEN;
	if (!bdev_is_partition(bdev))
		info->flags |= BLKSNAP_MEMBER_WHOLE_DISK;
	if (member->img)
		bs_member_fill_image(member, info);
}

static void bs_snapshot_fill(struct bs_snapshot *snap,
			     struct blksnap_snapshot_info *info)
{
	struct bs_storage_stats stats;
	int error = bs_fate_error(&snap->fate);

	bs_storage_stats(snap->storage, &stats);
	info->flags = snap->hold ? BLKSNAP_INFO_HELD : 0;
	info->state = error ? BLKSNAP_STATE_FAILED :
		snap->taken ? BLKSNAP_STATE_TAKEN : BLKSNAP_STATE_NEW;
	info->error = error;
	info->count = snap->nr_members;
	memcpy(info->id, snap->id, sizeof(info->id));
	info->taken_ns = snap->taken_ns;
	info->pause_ns = snap->pause_ns;
	info->gate_ns = snap->gate_ns;
	info->storage_used = stats.used;
	info->storage_reserved = stats.reserved;
	info->storage_limit = stats.limit;
}

int bs_snapshot_info(struct bs_snapshot *snap,
		     struct blksnap_snapshot_info *info,
		     struct blksnap_member_info *members, u32 room)
{
	struct bs_member *member;
	int ret = -ESHUTDOWN;
	u32 nr = 0;

	if (mutex_lock_killable(&snap->lock))
		return -EINTR;
	if (snap->released)
		goto out;
	bs_snapshot_fill(snap, info);
	list_for_each_entry(member, &snap->members, entry) {
		if (nr < room)
			bs_member_fill(member, &members[nr]);
		nr++;
	}
	ret = 0;
out:
	mutex_unlock(&snap->lock);
	return ret;
}
