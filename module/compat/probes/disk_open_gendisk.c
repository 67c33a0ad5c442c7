// SPDX-License-Identifier: GPL-2.0-only
/* block_device_operations.open gets the gendisk, 6.5 */
#include <linux/blkdev.h>

int (*probe(const struct block_device_operations *ops))(struct gendisk *disk,
							blk_mode_t mode)
{
	return ops->open;
}
