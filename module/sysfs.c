// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can be read in sysfs of an image: the id of its snapshot, and the name
 * of its origin. Both never change.
 */

#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/sysfs.h>

#include "image.h"
#include "sysfs.h"

static ssize_t snapshot_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%pU\n", bs_image_disk_id(dev_to_disk(dev)));
}
static DEVICE_ATTR_RO(snapshot);

static ssize_t origin_show(struct device *dev, struct device_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%s\n", bs_image_disk_origin(dev_to_disk(dev)));
}
static DEVICE_ATTR_RO(origin);

static struct attribute *bs_image_attrs[] = {
	&dev_attr_snapshot.attr,
	&dev_attr_origin.attr,
	NULL,
};

static const struct attribute_group bs_image_group = {
	.name = "blksnap",
	.attrs = bs_image_attrs,
};

const struct attribute_group *bs_image_groups[] = { &bs_image_group, NULL };
