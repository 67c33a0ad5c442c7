/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be read in sysfs.
 */
#ifndef BS_SYSFS_H
#define BS_SYSFS_H

struct attribute_group;

/* Of each image: /sys/block/blksnapN/blksnap/{snapshot,origin} */
extern const struct attribute_group *bs_image_groups[];

#endif /* BS_SYSFS_H */
