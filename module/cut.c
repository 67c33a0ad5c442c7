// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cut.
 *
 *   prepare  all that can fail or take long: room in the storage, maps, images,
 *            dirty data written while writers still run
 *   stop     from the highest level of the device stack to the lowest: freeze
 *            file systems, close gates, wait until admitted writes are done
 *   switch   the maps are armed
 *   start    from the lowest level to the highest: open gates, thaw
 *   publish  add the disks
 *
 * A level is stopped before the one below it is touched, and started after it:
 * a loop device's writes need the file system that holds its file.
 *
 * Between stop and start no memory allocation may enter a frozen file system,
 * and no user's code is run.
 *
 * Locks: bs_cut_lock lets one cut be made at a time, so that each gate has one
 * closer. From the recording of the storages' ranges until the maps are armed, the
 * origins are pinned: no segment comes or goes there.
 */

#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/sched/mm.h>

#include "compat/rcu.h"
#include "cut.h"
#include "freeze.h"
#include "segment.h"
#include "sysfs.h"
#include "trace.h"

#define BS_CUT_TIMEOUT_NS (10ULL * NSEC_PER_SEC)
#define BS_CUT_TIMEOUT_MAX_NS (3600ULL * NSEC_PER_SEC)

/* Writers are stopped meanwhile, whoever they are. */
#define BS_DRAIN_TIMEOUT (5 * HZ)

/* How long thaws are waited for, all together. */
#define BS_THAW_TIMEOUT (10 * HZ)

static DEFINE_MUTEX(bs_cut_lock);

/**
 * struct bs_cut - one cut in progress
 * @snap: whose
 * @freezes: list of file systems
 * @deadline: in jiffies
 * @begin: when the first freeze began, 0 before
 * @closed: when the first gate was closed, 0 before
 * @gate_ns: from @closed to when the last gate was opened
 * @pause_ns: from @begin to the last thaw
 */
struct bs_cut {
	struct bs_snapshot *snap;
	struct list_head freezes;
	unsigned long deadline;
	u64 begin;
	u64 closed;
	u64 gate_ns;
	u64 pause_ns;
};

static struct block_device *bs_member_bdev(const struct bs_member *member)
{
	return member->tracker->bdev.bdev;
}

static struct bs_disk *bs_member_disk(const struct bs_member *member)
{
	return member->tracker->watch.disk;
}

static bool bs_member_alive(const struct bs_member *member)
{
	struct block_device *bdev = bs_member_bdev(member);

	return disk_live(bdev->bd_disk) &&
		bdev_nr_sectors(bdev) == member->tracker->watch.range.len;
}

static int bs_cut_prepare_storage(struct bs_snapshot *snap)
{
	struct block_device *bdev;
	struct bs_member *member;
	int ret;

	list_for_each_entry(member, &snap->members, entry) {
		bdev = bs_member_bdev(member);
		ret = bs_storage_align(snap->storage,
				       bdev_logical_block_size(bdev));
		if (!ret)
			ret = bs_storage_fix(snap->storage, bdev,
					     &member->tracker->watch.range);
		if (ret)
			return ret;
	}
	return 0;
}

static int bs_cut_prepare_member(struct bs_snapshot *snap,
				 struct bs_member *member)
{
	const struct bs_range *range = &member->tracker->watch.range;
	struct block_device *bdev = bs_member_bdev(member);
	int ret;

	if (!bs_member_alive(member))
		return -ENODEV;
	member->cow = bs_cow_create(bdev, range,
				    bs_storage_log(snap->storage),
				    &snap->fate);
	if (IS_ERR(member->cow)) {
		ret = PTR_ERR(member->cow);
		member->cow = NULL;
		return ret;
	}
	member->img = bs_image_create(member->cow, !bdev_is_partition(bdev),
				      snap->id);
	if (IS_ERR(member->img)) {
		ret = PTR_ERR(member->img);
		member->img = NULL;
		return ret;
	}
	return 0;
}

/* A disk has one gate: it is closed once, with the lowest of its members. */
static void bs_cut_set_levels(struct bs_snapshot *snap)
{
	struct bs_member *member, *m;

	list_for_each_entry(member, &snap->members, entry) {
		list_for_each_entry(m, &snap->members, entry) {
			if (bs_member_disk(m) == bs_member_disk(member))
				member->level = min(member->level, m->level);
		}
	}
}

static int bs_cut_prepare(struct bs_cut *cut, const struct bs_take_fs *fs,
			  u32 nr)
{
	struct bs_snapshot *snap = cut->snap;
	struct bs_member *member;
	int ret;
	u32 i;

	bs_cut_set_levels(snap);
	list_for_each_entry(member, &snap->members, entry) {
		ret = bs_cut_prepare_member(snap, member);
		if (!ret)
			ret = bs_disk_mature(bs_member_disk(member));
		if (!ret)
			ret = bs_freeze_add_bdev(&cut->freezes,
						 bs_member_bdev(member),
						 member->level);
		if (ret)
			return ret;
	}
	for (i = 0; i < nr; i++) {
		ret = bs_freeze_add_fs(&cut->freezes, fs[i].file, fs[i].level);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * Has an earlier member of the list the same disk? For a disk and partitions
 * of it, each step is done once.
 */
static bool bs_member_repeats_disk(struct bs_snapshot *snap,
				   struct bs_member *member)
{
	struct bs_member *m;

	list_for_each_entry(m, &snap->members, entry) {
		if (m == member)
			return false;
		if (bs_member_disk(m) == bs_member_disk(member))
			return true;
	}
	return false;
}

static void bs_cut_close_level(struct bs_snapshot *snap, u32 level)
{
	struct bs_member *member;

	list_for_each_entry(member, &snap->members, entry) {
		if (member->level == level &&
		    !bs_member_repeats_disk(snap, member))
			bs_disk_close(bs_member_disk(member));
	}
}

static int bs_cut_drain_level(struct bs_cut *cut, u32 level)
{
	unsigned long deadline = jiffies + BS_DRAIN_TIMEOUT;
	struct bs_member *member;
	int ret = 0;

	if (time_after(deadline, cut->deadline))
		deadline = cut->deadline;

	list_for_each_entry(member, &cut->snap->members, entry) {
		if (member->level == level && !ret &&
		    !bs_member_repeats_disk(cut->snap, member))
			ret = bs_disk_drain(bs_member_disk(member), deadline);
	}
	return ret;
}

static int bs_cut_stop_level(struct bs_cut *cut, u32 level)
{
	int ret;

	ret = bs_freeze_level(&cut->freezes, level, cut->deadline);
	if (ret)
		return ret;
	cut->closed = cut->closed ?: ktime_get_ns();
	bs_cut_close_level(cut->snap, level);
	return bs_cut_drain_level(cut, level);
}

/*
 * Each member has something to freeze, if only its device. A freeze waits for three
 * grace periods in turn, with writers stopped: most of what it takes.
 */
static int bs_cut_stop(struct bs_cut *cut)
{
	s64 below = S64_MAX;
	u32 level = 0;
	int ret = 0;

	rcu_expedite_gp();
	cut->begin = ktime_get_ns();
	while (!ret && bs_freeze_level_below(&cut->freezes, below, &level)) {
		ret = bs_cut_stop_level(cut, level);
		below = level;
	}
	rcu_unexpedite_gp();
	return ret;
}

static void bs_cut_switch(struct bs_cut *cut)
{
	struct bs_snapshot *snap = cut->snap;
	struct bs_member *member;

	list_for_each_entry(member, &snap->members, entry)
		rcu_assign_pointer(member->tracker->watch.cow, member->cow);
	snap->taken_ns = ktime_get_real_ns();
}

/* Also those that a stop that failed had not closed yet. */
static void bs_cut_open_level(struct bs_snapshot *snap, u32 level)
{
	struct bs_member *member;

	list_for_each_entry(member, &snap->members, entry) {
		if (member->level == level &&
		    !bs_member_repeats_disk(snap, member))
			bs_disk_open(bs_member_disk(member));
	}
}

/*
 * Thawing may write, so the gates of a level open first. A thaw that hangs is
 * taken from the list, after its level; each level has been seen by then.
 */
static void bs_cut_start(struct bs_cut *cut)
{
	unsigned long deadline = jiffies + BS_THAW_TIMEOUT;
	s64 above = -1;
	u32 level = 0;

	while (bs_freeze_level_above(&cut->freezes, above, &level)) {
		bs_cut_open_level(cut->snap, level);
		if (cut->closed)
			cut->gate_ns = ktime_get_ns() - cut->closed;
		bs_freeze_thaw_level(&cut->freezes, level, deadline);
		above = level;
	}
	cut->pause_ns = ktime_get_ns() - cut->begin;
}

static void bs_cut_note_frozen(struct bs_cut *cut)
{
	struct bs_member *member;

	list_for_each_entry(member, &cut->snap->members, entry)
		member->frozen = bs_freeze_reached(&cut->freezes,
						   bs_member_bdev(member));
}

static int bs_cut_pin(struct bs_snapshot *snap)
{
	struct bs_member *member;
	int ret = 0;

	list_for_each_entry(member, &snap->members, entry) {
		ret = bs_segments_pin(&member->tracker->watch,
				      &member->cow->holes,
				      &member->cow->nr_holes);
		if (ret)
			break;
	}
	return ret;
}

static void bs_cut_unpin(struct bs_snapshot *snap)
{
	struct bs_member *member;

	list_for_each_entry(member, &snap->members, entry)
		bs_segments_unpin(&member->tracker->watch);
}

static int bs_cut_now(struct bs_cut *cut)
{
	unsigned int noio;
	int ret;

	ret = bs_cut_pin(cut->snap);
	if (ret)
		goto unpin;
	noio = memalloc_noio_save();
	ret = bs_cut_stop(cut);
	if (!ret)
		bs_cut_switch(cut);
	bs_cut_start(cut);
	memalloc_noio_restore(noio);
	bs_cut_note_frozen(cut);
	trace_blksnap_cut(cut->pause_ns, cut->gate_ns, ret);
unpin:
	bs_cut_unpin(cut->snap);
	return ret;
}

static int bs_cut_publish(struct bs_snapshot *snap)
{
	struct bs_member *member;
	int ret = 0;

	list_for_each_entry(member, &snap->members, entry) {
		ret = bs_image_publish(member->img, bs_image_groups);
		if (ret)
			break;
	}
	return ret;
}

static void bs_cut_disarm(struct bs_snapshot *snap)
{
	struct bs_member *member;

	list_for_each_entry(member, &snap->members, entry)
		RCU_INIT_POINTER(member->tracker->watch.cow, NULL);
	synchronize_rcu();
}

void bs_cut_undo(struct bs_snapshot *snap)
{
	struct bs_member *member;

	/* Nobody shall read what is not preserved any more. */
	list_for_each_entry(member, &snap->members, entry) {
		if (member->img)
			bs_image_stop(member->img);
	}
	bs_cut_disarm(snap);
	list_for_each_entry(member, &snap->members, entry) {
		if (member->img)
			bs_image_remove(member->img);
		member->img = NULL;
		if (member->cow)
			bs_cow_destroy(member->cow);
		member->cow = NULL;
		member->frozen = false;
	}
	snap->taken_ns = 0;
}

int bs_cut_take(struct bs_snapshot *snap, const struct bs_take_fs *fs, u32 nr,
		u64 timeout_ns)
{
	u64 timeout = nsecs_to_jiffies(min(timeout_ns ?: BS_CUT_TIMEOUT_NS,
					   BS_CUT_TIMEOUT_MAX_NS));
	struct bs_cut cut = { .snap = snap };
	int ret;

	ret = bs_cut_prepare_storage(snap);
	if (ret)
		return ret;
	INIT_LIST_HEAD(&cut.freezes);
	if (mutex_lock_killable(&bs_cut_lock))
		return -EINTR;
	ret = bs_cut_prepare(&cut, fs, nr);
	if (!ret)
		ret = bs_freeze_sync(&cut.freezes, jiffies + timeout);
	cut.deadline = jiffies + timeout;
	if (!ret)
		ret = bs_cut_now(&cut);
	mutex_unlock(&bs_cut_lock);
	bs_freeze_end(&cut.freezes);
	if (!ret)
		ret = bs_cut_publish(snap);
	if (ret)
		bs_cut_undo(snap);
	snap->pause_ns = cut.pause_ns;
	snap->gate_ns = cut.gate_ns;
	return ret;
}
