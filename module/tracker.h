/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trackers: what is attached to an origin.
 */
#ifndef BS_TRACKER_H
#define BS_TRACKER_H

#include <linux/list.h>
#include <uapi/blksnap.h>

#include "disk.h"

/**
 * struct bs_tracker - an attached origin
 * @entry: in the list of all; bs_trackers_lock
 * @bdev: the origin, open
 * @watch: its sectors
 * @automatic: attached by a snapshot, and goes with it; bs_trackers_lock
 * @claimed: by a snapshot; bs_trackers_lock
 * @snapshot_id: which one; bs_trackers_lock
 */
struct bs_tracker {
	struct list_head entry;
	struct bs_bdev bdev;
	struct bs_watch watch;
	bool automatic;
	bool claimed;
	u8 snapshot_id[BLKSNAP_ID_SIZE];
};

/* What bs_tracker_attach() has just done: never mind */
void bs_tracker_unattach(struct block_device *bdev);

/* As BLKSNAP_IOC_TRACKER_ATTACH, _DETACH and _INFO. May sleep long. */
int bs_tracker_attach(struct block_device *bdev,
		      struct blksnap_tracker_info *info);
int bs_tracker_detach(struct block_device *bdev);
int bs_tracker_info(struct block_device *bdev,
		    struct blksnap_tracker_info *info);

/**
 * bs_tracker_list() - tell all
 * @info: room for @room of them
 * @room: length of @info
 *
 * Return: how many there are.
 */
u32 bs_tracker_list(struct blksnap_tracker_info *info, u32 room);

/**
 * bs_tracker_claim() - have an origin for a snapshot, attached if need be
 * @bdev: the origin
 * @id: of the snapshot
 *
 * May sleep long.
 *
 * Return: the tracker, or an ERR_PTR as of BLKSNAP_IOC_ADD_DEVICE.
 */
struct bs_tracker *bs_tracker_claim(struct block_device *bdev, const u8 *id);

/**
 * bs_tracker_unclaim() - the opposite; may be gone afterwards
 * @tracker: not armed any more
 */
void bs_tracker_unclaim(struct bs_tracker *tracker);

#endif /* BS_TRACKER_H */
