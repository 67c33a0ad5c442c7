/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which block device lies on which, from sysfs
 *
 * A device lies on its slaves (dm, md, bcache, ...), a loop device on the
 * devices of the file system that holds its file. A partition lies on what its
 * disk lies on; it shares its disk's queue, so it is beside it, not above it.
 */
#ifndef BLKSNAPCTL_TOPOLOGY_H
#define BLKSNAPCTL_TOPOLOGY_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "mounts.h"

/** struct devs - a set of device numbers, in the order of their adding */
struct devs {
	dev_t *list;
	size_t count;
};

bool devs_has(const struct devs *set, dev_t dev);
void devs_add(struct devs *set, dev_t dev);
void devs_free(struct devs *set);

/**
 * struct topology - what the answers are made from
 * @sysfs: where sysfs is mounted
 * @mounts: what is mounted, or NULL: then a loop device lies on nothing
 */
struct topology {
	const char *sysfs;
	const struct mounts *mounts;
};

/** topology_disk - the disk of a partition; any other device is its own */
dev_t topology_disk(const struct topology *t, dev_t dev);

/** topology_overlap - whether two devices have sectors in common */
bool topology_overlap(const struct topology *t, dev_t a, dev_t b);

/** topology_size - bytes of a device, 0 if it is unknown */
__u64 topology_size(const struct topology *t, dev_t dev);

/** topology_below - add all that a device lies on to a set, at any depth */
void topology_below(const struct topology *t, dev_t dev, struct devs *below);

/**
 * topology_level - how many disks with an origin on them lie below a device,
 *	one above the other
 */
unsigned int topology_level(const struct topology *t, dev_t dev,
			    const struct devs *origins);

/** topology_fs - add the devices that a mounted file system lies on to a set */
void topology_fs(const struct topology *t, const struct mount *m,
		 struct devs *set);

/** topology_hits - the first origin that one of these has sectors of, or 0 */
dev_t topology_hits(const struct topology *t, const struct devs *set,
		    const struct devs *origins);

/**
 * topology_above - the first origin that one of these lies above, or 0
 *
 * What is written to such a device comes down as writes to the origin, with no
 * way to tell whose they are.
 */
dev_t topology_above(const struct topology *t, const struct devs *set,
		     const struct devs *origins);

#endif
