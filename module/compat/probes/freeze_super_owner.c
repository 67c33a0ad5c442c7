// SPDX-License-Identifier: GPL-2.0-only
/* freeze_super() with holder and owner, 6.17 */
#include <linux/fs.h>

int (*probe)(struct super_block *sb, enum freeze_holder who,
	     const void *owner) = freeze_super;
