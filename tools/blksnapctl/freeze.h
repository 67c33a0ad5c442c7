/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * File systems that the kernel cannot find through the origins
 */
#ifndef BLKSNAPCTL_FREEZE_H
#define BLKSNAPCTL_FREEZE_H

#include <uapi/blksnap.h>

#include "host.h"
#include "topology.h"

/** struct freeze_list - open descriptors of the file systems to freeze */
struct freeze_list {
	struct blksnap_take_fs *fs;
	size_t count;
};

/**
 * freeze_find - find the writable file systems that lie on an origin, but whose
 *	own device is not one: btrfs, xfs with its log on an origin, and what is
 *	mounted from devices above an origin (LVM on a whole disk), but not from
 *	files in a file system on one
 *
 * One that cannot be reached is warned about: its part of the image will be as
 * after a power cut.
 */
void freeze_find(const struct host *h, const struct topology *t,
		 const struct devs *origins, struct freeze_list *list);
void freeze_close(struct freeze_list *list);

#endif
