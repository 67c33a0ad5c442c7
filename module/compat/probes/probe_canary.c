// SPDX-License-Identifier: GPL-2.0-only
/* compiles on every kernel: if it does not, no probe can be trusted */
#include <linux/blkdev.h>
#include <linux/module.h>

struct module *probe(const struct block_device *bdev)
{
	return bdev ? THIS_MODULE : NULL;
}
