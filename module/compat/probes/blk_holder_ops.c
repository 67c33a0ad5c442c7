// SPDX-License-Identifier: GPL-2.0-only
/* block_device.bd_holder_ops, 6.5 */
#include <linux/blkdev.h>

const struct blk_holder_ops *probe(struct block_device *bdev)
{
	return bdev->bd_holder_ops;
}
