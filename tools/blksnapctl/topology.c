// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which block device lies on which, from sysfs
 */
#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "topology.h"
#include "util.h"

/* More than anybody stacks; ends the walk if sysfs changes under it. */
#define MAX_DEPTH 32

bool devs_has(const struct devs *set, dev_t dev)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (set->list[i] == dev)
			return true;
	return false;
}

void devs_add(struct devs *set, dev_t dev)
{
	if (devs_has(set, dev))
		return;
	set->list = xreallocarray(set->list, set->count + 1, sizeof(dev));
	set->list[set->count++] = dev;
}

void devs_free(struct devs *set)
{
	free(set->list);
	set->list = NULL;
	set->count = 0;
}

/* The directory of a device; what is asked of it goes behind. */
static char *dev_dir(const struct topology *t, dev_t dev)
{
	return xasprintf("%s/dev/block/%u:%u", t->sysfs, major(dev),
			 minor(dev));
}

/* The device whose directory this is; 0 if it is none. */
static dev_t dev_of_dir(const char *dir, const char *below)
{
	unsigned int maj, min;
	char line[32];

	if (read_line(line, sizeof(line), "%s/%s/dev", dir, below) < 0 ||
	    sscanf(line, "%u:%u", &maj, &min) != 2)
		return 0;
	return makedev(maj, min);
}

dev_t topology_disk(const struct topology *t, dev_t dev)
{
	char *dir = dev_dir(t, dev);
	dev_t disk = 0;
	char line[16];

	if (read_line(line, sizeof(line), "%s/partition", dir) >= 0)
		disk = dev_of_dir(dir, "..");
	free(dir);
	return disk ? disk : dev;
}

bool topology_overlap(const struct topology *t, dev_t a, dev_t b)
{
	dev_t disk;

	if (a == b)
		return true;
	disk = topology_disk(t, a);
	if (disk != topology_disk(t, b))
		return false;
	/* Two partitions have nothing in common; the disk has it all. */
	return a == disk || b == disk;
}

__u64 topology_size(const struct topology *t, dev_t dev)
{
	char *dir = dev_dir(t, dev);
	__u64 sectors = 0;
	char line[32];

	if (read_line(line, sizeof(line), "%s/size", dir) > 0)
		sectors = strtoull(line, NULL, 10);
	free(dir);
	return sectors * 512;
}

/* Add the devices to which a directory of sysfs has links. */
static void add_links(const char *path, struct devs *set)
{
	struct dirent *entry;
	DIR *dir = opendir(path);
	dev_t dev;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		dev = dev_of_dir(path, entry->d_name);
		if (dev)
			devs_add(set, dev);
	}
	closedir(dir);
}

/* What a loop device lies on. An unlinked file is not found: so be it. */
static void add_backing(const struct topology *t, const char *dir,
			struct devs *set)
{
	const struct mount *m;
	char file[PATH_MAX];

	if (!t->mounts)
		return;
	if (read_line(file, sizeof(file), "%s/loop/backing_file", dir) <= 0)
		return;
	m = mounts_by_path(t->mounts, file);
	if (m)
		topology_fs(t, m, set);
}

/* Add what a device lies on, one step down. */
static void add_lower(const struct topology *t, dev_t dev, struct devs *set)
{
	char *dir = dev_dir(t, topology_disk(t, dev));
	char *slaves = xasprintf("%s/slaves", dir);

	add_links(slaves, set);
	add_backing(t, dir, set);
	free(slaves);
	free(dir);
}

void topology_below(const struct topology *t, dev_t dev, struct devs *below)
{
	size_t i = below->count;

	add_lower(t, dev, below);
	/* The set grows while it is walked, and takes each device once. */
	for (; i < below->count; i++)
		add_lower(t, below->list[i], below);
}

static bool disk_has_origin(const struct topology *t, dev_t disk,
			    const struct devs *origins)
{
	size_t i;

	for (i = 0; i < origins->count; i++)
		if (topology_disk(t, origins->list[i]) == disk)
			return true;
	return false;
}

static unsigned int level_at(const struct topology *t, dev_t dev,
			     const struct devs *origins, unsigned int depth)
{
	struct devs lower = { NULL, 0 };
	unsigned int level = 0, one;
	dev_t disk;
	size_t i;

	if (depth > MAX_DEPTH)
		return 0;
	add_lower(t, dev, &lower);
	for (i = 0; i < lower.count; i++) {
		disk = topology_disk(t, lower.list[i]);
		one = level_at(t, disk, origins, depth + 1);
		if (disk_has_origin(t, disk, origins))
			one++;
		if (one > level)
			level = one;
	}
	devs_free(&lower);
	return level;
}

unsigned int topology_level(const struct topology *t, dev_t dev,
			    const struct devs *origins)
{
	return level_at(t, dev, origins, 0);
}

/* The device that a path in /dev stands for, by its name; 0 if it is none. */
static dev_t dev_by_path(const struct topology *t, const char *path)
{
	char *real = realpath(path, NULL);
	char *dir = xasprintf("%s/class/block", t->sysfs);
	const char *slash;
	dev_t dev;

	if (real)
		path = real;
	slash = strrchr(path, '/');
	dev = dev_of_dir(dir, slash ? slash + 1 : path);
	free(dir);
	free(real);
	return dev;
}

/* The directory in /sys/fs/btrfs that knows a device, to be freed, or NULL. */
static char *btrfs_dir(const struct topology *t, dev_t dev)
{
	char *root = xasprintf("%s/fs/btrfs", t->sysfs);
	struct devs set = { NULL, 0 };
	DIR *dir = opendir(root);
	struct dirent *entry;
	char *path = NULL;

	while (dir && !path && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		path = xasprintf("%s/%s/devices", root, entry->d_name);
		add_links(path, &set);
		if (!devs_has(&set, dev)) {
			free(path);
			path = NULL;
		}
		devs_free(&set);
	}
	if (dir)
		closedir(dir);
	free(root);
	return path;
}

static void add_btrfs(const struct topology *t, const struct mount *m,
		      struct devs *set)
{
	dev_t dev = dev_by_path(t, m->source);
	char *dir;

	if (!dev)
		return;
	devs_add(set, dev);
	dir = btrfs_dir(t, dev);
	if (dir)
		add_links(dir, set);
	free(dir);
}

void topology_fs(const struct topology *t, const struct mount *m,
		 struct devs *set)
{
	static const char *const outside[] = { "logdev", "rtdev" };
	char *path;
	dev_t dev;
	size_t i;

	if (!strcmp(m->fstype, "btrfs"))
		add_btrfs(t, m, set);
	else if (major(m->dev))
		devs_add(set, m->dev);
	if (strcmp(m->fstype, "xfs"))
		return;
	for (i = 0; i < ARRAY_SIZE(outside); i++) {
		path = mount_option(m, outside[i]);
		dev = path ? dev_by_path(t, path) : 0;
		if (dev)
			devs_add(set, dev);
		free(path);
	}
}

dev_t topology_hits(const struct topology *t, const struct devs *set,
		    const struct devs *origins)
{
	size_t i, k;

	for (i = 0; i < set->count; i++)
		for (k = 0; k < origins->count; k++)
			if (topology_overlap(t, set->list[i],
					     origins->list[k]))
				return origins->list[k];
	return 0;
}

dev_t topology_above(const struct topology *t, const struct devs *set,
		     const struct devs *origins)
{
	struct devs below = { NULL, 0 };
	dev_t hit;
	size_t i;

	for (i = 0; i < set->count; i++)
		topology_below(t, set->list[i], &below);
	hit = topology_hits(t, &below, origins);
	devs_free(&below);
	return hit;
}
