/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The difference storage of a snapshot: where old data goes. A log of blocks
 * over one or more segments, which it makes.
 */
#ifndef BS_STORAGE_H
#define BS_STORAGE_H

#include <linux/types.h>

#include "fate.h"
#include "log.h"
#include "pure/range.h"

struct block_device;
struct bs_storage;
struct file;

/**
 * struct bs_storage_stats - in bytes
 * @used: hold old data, or will soon
 * @reserved: are there
 * @limit: may be reserved
 */
struct bs_storage_stats {
	u64 used;
	u64 reserved;
	u64 limit;
};

/**
 * bs_storage_create() - an empty storage
 * @fate: of its snapshot; outlives it
 *
 * Return: the storage or an ERR_PTR(-ENOMEM).
 */
struct bs_storage *bs_storage_create(struct bs_fate *fate);

/**
 * bs_storage_destroy() - give everything back
 * @st: with no request in progress, and no reader
 *
 * Files are put by a worker, which bs_segments_flush() waits for: a frozen file
 * system does not stop this for longer than that waits, once for each source that
 * was growing.
 */
void bs_storage_destroy(struct bs_storage *st);

/**
 * bs_storage_add_dir() - reserve room in a directory
 * @st: storage
 * @dir: open directory
 * @reserve: bytes now
 * @limit: bytes that it may grow to
 *
 * Return: 0, or an error as of BLKSNAP_IOC_APPEND_STORAGE.
 */
int bs_storage_add_dir(struct bs_storage *st, struct file *dir, u64 reserve,
		       u64 limit);

/**
 * bs_storage_add_bdev() - use a block device
 * @st: storage
 * @bdev: device
 * @limit: bytes, 0 for all
 *
 * Return: 0, or an error as of BLKSNAP_IOC_APPEND_STORAGE.
 */
int bs_storage_add_bdev(struct bs_storage *st, struct block_device *bdev,
			u64 limit);

/**
 * bs_storage_fix() - reserve whatever lies on an origin up to its limit
 * @st: storage
 * @bdev: an origin
 * @range: its sectors on the disk
 *
 * Before the cut: blocks that were allocated after it might have belonged to
 * a file that was deleted after it.
 *
 * Return: 0; -ELOOP if the origin itself, or the disk around it, was given as
 * storage; -ENOSPC, -ENOMEM, ...
 */
int bs_storage_fix(struct bs_storage *st, struct block_device *bdev,
		   const struct bs_range *range);

/**
 * bs_storage_align() - have all of it take I/O in small units
 * @st: storage
 * @size: bytes: logical block size of an origin
 *
 * Image reads of so much may go to the storage. Segments that come later are
 * refused if they cannot take them.
 *
 * Return: 0, or -EOPNOTSUPP if there is a segment with larger units.
 */
int bs_storage_align(struct bs_storage *st, unsigned int size);

/* Is there any room at all? */
bool bs_storage_empty(struct bs_storage *st);

/* Where old data is appended and found. */
struct bs_log *bs_storage_log(struct bs_storage *st);

void bs_storage_stats(struct bs_storage *st, struct bs_storage_stats *stats);

#endif /* BS_STORAGE_H */
