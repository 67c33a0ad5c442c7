// SPDX-License-Identifier: GPL-2.0-only
/* bdev_freeze() and holder operations that freeze, 6.8 */
#include <linux/blkdev.h>

int (*probe)(struct block_device *bdev) = bdev_freeze;
int (*probe_freeze(struct blk_holder_ops *ops))(struct block_device *bdev)
{
	return ops->freeze;
}
