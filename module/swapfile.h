/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file without a name whose blocks the kernel gives us, as swapon gets them.
 */
#ifndef BS_SWAPFILE_H
#define BS_SWAPFILE_H

#include <linux/fs.h>

#include "pure/extents.h"

/**
 * struct bs_swapfile - an activated file
 * @file: open, without a name, S_SWAPFILE
 * @bdev: the device that its blocks lie on
 * @ext: its blocks on @bdev, in file order, not checked; kvfree() by whoever
 *	takes it
 * @nr: length of @ext
 */
struct bs_swapfile {
	struct file *file;
	struct block_device *bdev;
	struct bs_extent *ext;
	u32 nr;
};

/**
 * bs_swapfile_make() - make a file and have its blocks pinned
 * @sf: filled in
 * @dir: directory to make it in, with the caller's credentials
 * @size: bytes, a multiple of the page size
 *
 * May sleep long.
 *
 * Return: 0, or an error as of BLKSNAP_IOC_APPEND_STORAGE.
 */
int bs_swapfile_make(struct bs_swapfile *sf, const struct path *dir, u64 size);

/**
 * bs_swapfile_prove() - is what lies in the blocks hidden from the file?
 * @sf: file with @ext checked by bs_extents_finish()
 *
 * Writes into the first and the last block and reads them through the file:
 * they must read as zeros.
 *
 * Return: 0, -EUCLEAN, or an I/O error.
 */
int bs_swapfile_prove(struct bs_swapfile *sf);

/**
 * bs_swapfile_drop() - let the file go, and its blocks with it
 * @sf: nothing is in flight to its blocks
 *
 * From a kernel thread, with no locks held: blocks on a frozen file system.
 */
void bs_swapfile_drop(struct bs_swapfile *sf);

#endif /* BS_SWAPFILE_H */
