/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands of a snapshot's descriptor.
 */
#ifndef BS_CTL_SNAPSHOT_H
#define BS_CTL_SNAPSHOT_H

#include <linux/fs.h>

/* private_data is the struct bs_snapshot, with one descriptor counted. */
extern const struct file_operations bs_ctl_snapshot_fops;

/**
 * bs_ctl_get_bdev() - the open block device behind a descriptor
 * @fd: of the calling process
 *
 * Return: the file, with a reference, or an ERR_PTR(-EBADF or -ENOTBLK).
 */
struct file *bs_ctl_get_bdev(int fd);

#endif /* BS_CTL_SNAPSHOT_H */
