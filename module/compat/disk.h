/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making a bio-based disk: queue limits came into blk_alloc_disk() with 6.9,
 * and open() was given the gendisk with 6.5.
 *
 * Readers' pages are handed on to the origin and the storage, of which some
 * (dm-crypt) want whole blocks in memory too: direct readers have to bring
 * buffers that are aligned as logical blocks are.
 */
#ifndef BS_COMPAT_DISK_H
#define BS_COMPAT_DISK_H

#include <linux/blkdev.h>

#include "compat/config.h"

#ifdef HAVE_BLK_ALLOC_DISK_LIMITS
static inline struct gendisk *bs_alloc_disk(unsigned int logical_block,
					    unsigned int physical_block,
					    unsigned int max_sectors)
{
	struct queue_limits lim = {
		.logical_block_size = logical_block,
		.physical_block_size = physical_block,
		.io_min = physical_block,
		.max_hw_sectors = max_sectors,
		.max_segments = BIO_MAX_VECS,
		.dma_alignment = logical_block - 1,
	};

	return blk_alloc_disk(&lim, NUMA_NO_NODE);
}
#else
static inline struct gendisk *bs_alloc_disk(unsigned int logical_block,
					    unsigned int physical_block,
					    unsigned int max_sectors)
{
	struct gendisk *disk = blk_alloc_disk(NUMA_NO_NODE);

	if (!disk)
		return ERR_PTR(-ENOMEM);
	blk_queue_logical_block_size(disk->queue, logical_block);
	blk_queue_physical_block_size(disk->queue, physical_block);
	blk_queue_max_hw_sectors(disk->queue, max_sectors);
	blk_queue_max_segments(disk->queue, BIO_MAX_VECS);
	blk_queue_dma_alignment(disk->queue, logical_block - 1);
	return disk;
}
#endif

/* The parameters of block_device_operations.open and .release. */
#ifdef HAVE_DISK_OPEN_GENDISK
#define BS_DISK_OPEN_ARGS struct gendisk *opened, blk_mode_t mode
#define BS_DISK_RELEASE_ARGS struct gendisk *disk

static inline struct gendisk *bs_opened_disk(struct gendisk *opened)
{
	return opened;
}
#else
#define BS_DISK_OPEN_ARGS struct block_device *opened, fmode_t mode
#define BS_DISK_RELEASE_ARGS struct gendisk *disk, fmode_t mode

static inline struct gendisk *bs_opened_disk(struct block_device *opened)
{
	return opened->bd_disk;
}
#endif

#endif /* BS_COMPAT_DISK_H */
