// SPDX-License-Identifier: GPL-2.0-only
/* freeze_super() with a holder, 6.6 */
#include <linux/fs.h>

int (*probe)(struct super_block *sb, enum freeze_holder who) = freeze_super;
