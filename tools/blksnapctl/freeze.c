// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * File systems that the kernel cannot find through the origins
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "freeze.h"
#include "util.h"

/**
 * struct found - a file system to freeze
 * @mount: one of its mounts
 * @level: of its uppermost device
 */
struct found {
	const struct mount *mount;
	__u32 level;
};

static __u32 level_of(const struct topology *t, const struct devs *set,
		      const struct devs *origins)
{
	__u32 level = 0, one;
	size_t i;

	for (i = 0; i < set->count; i++) {
		one = topology_level(t, set->list[i], origins);
		if (one > level)
			level = one;
	}
	return level;
}

/*
 * Whether the kernel needs help with a file system. What has an origin for its
 * superblock's device, or a partition of one, it finds by itself.
 */
static bool needs_help(const struct topology *t, const struct mount *m,
		       const struct devs *set, const struct devs *origins)
{
	/*
	 * What is above through a file is left alone: its freezing writes to
	 * the file, whose own file system is frozen at the same time.
	 */
	struct topology devices = { t->sysfs, NULL };
	struct devs own = { NULL, 0 };
	bool found;

	if (m->read_only)
		return false;
	devs_add(&own, m->dev);
	found = topology_hits(t, &own, origins) != 0;
	devs_free(&own);
	if (found)
		return false;
	return topology_hits(t, set, origins) ||
	       topology_above(&devices, set, origins);
}

static bool seen_before(const struct mounts *mounts, const struct mount *m)
{
	const struct mount *other;

	for (other = mounts->list; other < m; other++)
		if (other->dev == m->dev)
			return true;
	return false;
}

/*
 * Open any directory of a file system. A mount can be covered by another one,
 * and be a single file: look whether the path led to it, else try its others.
 */
static int open_fs(const struct mounts *mounts, const struct mount *m)
{
	const struct mount *end = mounts->list + mounts->count;
	const struct mount *at;
	dev_t dev = m->dev;
	int fd;

	for (; m < end; m++) {
		if (m->dev != dev)
			continue;
		fd = open(m->target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		at = mounts_by_fd(mounts, fd);
		if (at && at->dev == dev)
			return fd;
		close(fd);
	}
	return -1;
}

static size_t find_all(const struct topology *t, const struct devs *origins,
		       struct found *found)
{
	const struct mounts *mounts = t->mounts;
	struct devs set = { NULL, 0 };
	size_t count = 0, i;

	for (i = 0; i < mounts->count; i++) {
		if (seen_before(mounts, &mounts->list[i]))
			continue;
		topology_fs(t, &mounts->list[i], &set);
		if (needs_help(t, &mounts->list[i], &set, origins)) {
			found[count].mount = &mounts->list[i];
			found[count++].level = level_of(t, &set, origins);
		}
		devs_free(&set);
	}
	return count;
}

void freeze_find(const struct host *h, const struct topology *t,
		 const struct devs *origins, struct freeze_list *list)
{
	struct found *found = xcalloc(t->mounts->count, sizeof(*found));
	size_t count = find_all(t, origins, found), i;
	struct blksnap_take_fs *fs;

	list->fs = xcalloc(count, sizeof(*list->fs));
	list->count = 0;
	for (i = 0; i < count; i++) {
		fs = &list->fs[list->count];
		fs->level = found[i].level;
		fs->fd = open_fs(t->mounts, found[i].mount);
		if (fs->fd < 0)
			report(h, found[i].mount->target,
			       "mount it where it can be reached to have it frozen",
			       "the file system cannot be opened: the image will hold it as after a power cut");
		else
			list->count++;
	}
	free(found);
}

void freeze_close(struct freeze_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		close(list->fs[i].fd);
	free(list->fs);
	memset(list, 0, sizeof(*list));
}
