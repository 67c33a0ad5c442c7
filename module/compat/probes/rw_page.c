// SPDX-License-Identifier: GPL-2.0-only
/* block_device_operations.rw_page, up to 6.2 */
#include <linux/blkdev.h>

bool probe(struct gendisk *disk)
{
	return disk->fops->rw_page;
}
