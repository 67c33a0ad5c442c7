/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Are the arguments of a command valid by themselves?
 *
 * These functions look at a copy of the argument that is not going to change
 * any more, and at nothing else: not at descriptors, pointers or the state of
 * anything. They may be called in any context.
 *
 * Fields that are "out" in include/uapi/blksnap.h may hold anything. Unknown
 * flags, and reserved and pad fields that are not zero, give -EINVAL.
 */
#ifndef BS_PURE_ARGS_H
#define BS_PURE_ARGS_H

#include <linux/types.h>
#include <uapi/blksnap.h>

/* The least that a storage in a directory has to begin with */
#define BS_STORAGE_RESERVE_MIN (1u << 20)

/**
 * bs_args_version() - check the argument of BLKSNAP_IOC_VERSION
 * @arg: the argument
 *
 * Return: 0 or -EINVAL.
 */
int bs_args_version(const struct blksnap_version *arg);

/**
 * bs_args_tracker() - check that of BLKSNAP_IOC_TRACKER_ATTACH, _DETACH, _INFO
 * @arg: the argument
 *
 * Return: 0 or -EINVAL.
 */
int bs_args_tracker(const struct blksnap_tracker *arg);

/**
 * bs_args_tracker_list() - check the argument of BLKSNAP_IOC_TRACKER_LIST
 * @arg: the argument. Its count may be anything: it is no reason to allocate
 *	more than there are trackers.
 *
 * Return: 0 or -EINVAL.
 */
int bs_args_tracker_list(const struct blksnap_tracker_list *arg);

/**
 * bs_args_snapshot_open() - check that of BLKSNAP_IOC_SNAPSHOT_CREATE, _OPEN
 * @arg: the argument
 *
 * Return: 0 or -EINVAL.
 */
int bs_args_snapshot_open(const struct blksnap_snapshot_open *arg);

/**
 * bs_args_snapshot_list() - check the argument of BLKSNAP_IOC_SNAPSHOT_LIST
 * @arg: the argument. Its count may be anything, as with trackers.
 *
 * Return: 0 or -EINVAL.
 */
int bs_args_snapshot_list(const struct blksnap_snapshot_list *arg);

/**
 * bs_args_add_device() - check the argument of BLKSNAP_IOC_ADD_DEVICE
 * @arg: the argument
 *
 * Return: 0 or -EINVAL.
 */
int bs_args_add_device(const struct blksnap_add_device *arg);

/**
 * bs_args_append_storage() - check the argument of BLKSNAP_IOC_APPEND_STORAGE
 * @arg: the argument
 * @is_bdev: the descriptor is of a block device, not of a directory
 * @reserve: out on success, bytes to reserve now; 0 for a block device
 * @limit: out on success, bytes that the storage may grow to; of a block
 *	device, how many bytes to use, or 0 for all of it
 *
 * Sizes are multiples of BS_BLOCK_SIZE and no larger than the places that the
 * block map can tell apart.
 *
 * Return: 0 or -EINVAL.
 */
int bs_args_append_storage(const struct blksnap_append_storage *arg,
			   bool is_bdev, u64 *reserve, u64 *limit);

/**
 * bs_args_take() - check the argument of BLKSNAP_IOC_TAKE
 * @arg: the argument
 *
 * Return: 0, -EINVAL, or -E2BIG for more file systems than BLKSNAP_MAX_FS: so
 * on success the count is good for an allocation.
 */
int bs_args_take(const struct blksnap_take *arg);

/**
 * bs_args_snapshot_info() - check the argument of BLKSNAP_IOC_INFO
 * @arg: the argument. Its count may be anything, as with trackers.
 *
 * Return: 0 or -EINVAL.
 */
int bs_args_snapshot_info(const struct blksnap_snapshot_info *arg);

/**
 * bs_args_hold() - check the argument of BLKSNAP_IOC_HOLD
 * @arg: the argument
 *
 * Return: 0 or -EINVAL.
 */
int bs_args_hold(const struct blksnap_hold *arg);

/**
 * bs_args_destroy() - check the argument of BLKSNAP_IOC_DESTROY
 * @arg: the argument
 *
 * Return: 0 or -EINVAL.
 */
int bs_args_destroy(const struct blksnap_destroy *arg);

#endif /* BS_PURE_ARGS_H */
