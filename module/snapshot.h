/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Snapshots: sets of origins that are cut at one instant.
 */
#ifndef BS_SNAPSHOT_H
#define BS_SNAPSHOT_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>
#include <uapi/blksnap.h>

#include "cow.h"
#include "fate.h"
#include "image.h"
#include "storage.h"
#include "tracker.h"

struct file;

/**
 * struct bs_take_fs - a file system to freeze, see struct blksnap_take_fs
 * @file: a file or directory of it
 * @level: see there
 */
struct bs_take_fs {
	struct file *file;
	u32 level;
};

/**
 * struct bs_member - an origin of a snapshot
 * @entry: in bs_snapshot.members
 * @tracker: the origin
 * @level: see struct blksnap_add_device
 * @frozen: a file system was frozen at the cut
 * @cow: what is kept of it, from the cut on
 * @img: shows it, from the cut on
 */
struct bs_member {
	struct list_head entry;
	struct bs_tracker *tracker;
	u32 level;
	bool frozen;
	struct bs_cow *cow;
	struct bs_image *img;
};

/**
 * struct bs_snapshot - a snapshot
 * @ref: one for each descriptor, one for the list
 * @entry: in the list of all; bs_snapshots_lock
 * @id: never changes
 * @fds: open descriptors
 * @fate: see there
 * @lock: protects all that follows
 * @taken: the cut has been made
 * @released: nothing is left but @fate
 * @hold: outlives its last descriptor
 * @members: list of struct bs_member
 * @nr_members: length of it
 * @storage: where old data goes
 * @taken_ns: see struct blksnap_snapshot_info; so are the following
 * @pause_ns: pause
 * @gate_ns: part of it with gates closed
 * @watch: looks after the origins now and then
 */
struct bs_snapshot {
	struct kref ref;
	struct list_head entry;
	u8 id[BLKSNAP_ID_SIZE];
	atomic_t fds;
	struct bs_fate fate;
	struct mutex lock; /* see above; held over whole commands */
	bool taken;
	bool released;
	bool hold;
	struct list_head members;
	u32 nr_members;
	struct bs_storage *storage;
	u64 taken_ns;
	u64 pause_ns;
	u64 gate_ns;
	struct delayed_work watch;
};

/**
 * bs_snapshot_create() - an empty snapshot
 *
 * Return: it, with one descriptor counted, or an ERR_PTR(-ENOMEM).
 */
struct bs_snapshot *bs_snapshot_create(void);

/* One more descriptor of the snapshot with this id, or NULL. */
struct bs_snapshot *bs_snapshot_open(const u8 *id);

/* One descriptor less; the last one releases it, unless it is held. */
void bs_snapshot_close(struct bs_snapshot *snap);

/**
 * bs_snapshot_list() - tell the ids of all
 * @ids: room for @room ids
 * @room: see there
 *
 * Return: how many there are.
 */
u32 bs_snapshot_list(u8 *ids, u32 room);

/* The commands of the UAPI, with their errors. All may sleep long. */
int bs_snapshot_add_device(struct bs_snapshot *snap, struct block_device *bdev,
			   u32 level);
int bs_snapshot_append_dir(struct bs_snapshot *snap, struct file *dir,
			   u64 reserve, u64 limit);
int bs_snapshot_append_bdev(struct bs_snapshot *snap,
			    struct block_device *bdev, u64 limit);
int bs_snapshot_take(struct bs_snapshot *snap, const struct bs_take_fs *fs,
		     u32 nr, u64 timeout_ns);
int bs_snapshot_hold(struct bs_snapshot *snap, bool hold);
int bs_snapshot_destroy(struct bs_snapshot *snap, bool force);

/**
 * bs_snapshots_fail() - all snapshots fail, taken or not
 * @event: enum blksnap_event_type
 * @error: negative errno
 */
void bs_snapshots_fail(u32 event, int error);

/**
 * bs_snapshot_info() - tell about a snapshot and its members
 * @snap: snapshot
 * @info: filled in but for @members_ptr; @count is the number of members
 * @members: room for @room of them
 * @room: see there
 *
 * Return: 0, -ESHUTDOWN, or -EINTR after a fatal signal.
 */
int bs_snapshot_info(struct bs_snapshot *snap,
		     struct blksnap_snapshot_info *info,
		     struct blksnap_member_info *members, u32 room);

#endif /* BS_SNAPSHOT_H */
