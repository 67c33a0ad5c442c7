/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading a bio as the hook sees it.
 */
#ifndef BS_COMPAT_BIO_H
#define BS_COMPAT_BIO_H

#include <linux/bio.h>
#include <linux/blkdev.h>

#include "compat/config.h"

/*
 * First sector of a bio on its disk. A bio for a partition has sectors of the
 * partition until the block core has remapped it.
 */
static inline sector_t bs_bio_disk_sector(struct bio *bio)
{
	sector_t sector = bio->bi_iter.bi_sector;

	if (!bio_flagged(bio, BIO_REMAPPED))
		sector += bio->bi_bdev->bd_start_sect;
	return sector;
}

#endif /* BS_COMPAT_BIO_H */
