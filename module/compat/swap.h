/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does a file system want to do the swap I/O itself, with no block map?
 */
#ifndef BS_COMPAT_SWAP_H
#define BS_COMPAT_SWAP_H

#include <linux/swap.h>

#include "compat/config.h"

static inline bool bs_swap_by_fs(const struct swap_info_struct *sis)
{
#ifdef HAVE_SWAP_OPS
	return sis->ops;
#else
	return sis->flags & SWP_FS_OPS;
#endif
}

#endif /* BS_COMPAT_SWAP_H */
