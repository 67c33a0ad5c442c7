// SPDX-License-Identifier: GPL-2.0-only
/* fsync_bdev(), up to 6.5 */
#include <linux/blkdev.h>

int (*probe)(struct block_device *bdev) = fsync_bdev;
