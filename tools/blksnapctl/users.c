// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who keeps the images of a snapshot open
 */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "users.h"
#include "util.h"

/* The image that a device is, or is a partition of, or NULL. */
static const struct blksnap_member_info *
image_of(const struct topology *t, const struct snap *snap, dev_t dev)
{
	const struct blksnap_member_info *m;
	dev_t disk;
	__u32 i;

	if (!major(dev))
		return NULL;
	disk = topology_disk(t, dev);
	for (i = 0; i < snap->info.count; i++) {
		m = &snap->members[i];
		if (m->image_major &&
		    disk == makedev(m->image_major, m->image_minor))
			return m;
	}
	return NULL;
}

static char *find_mount(const struct topology *t, const struct snap *snap,
			char image[SNAP_PATH])
{
	const struct blksnap_member_info *member = NULL;
	const struct mounts *mounts = t->mounts;
	struct devs set = { NULL, 0 };
	size_t i, k;

	for (i = 0; i < mounts->count && !member; i++) {
		topology_fs(t, &mounts->list[i], &set);
		for (k = 0; k < set.count && !member; k++)
			member = image_of(t, snap, set.list[k]);
		devs_free(&set);
	}
	if (!member)
		return NULL;
	snap_path(image, member->image);
	return xasprintf("mounted on %s", mounts->list[i - 1].target);
}

/* The first entry of a directory, to be freed, or NULL. */
static char *first_entry(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char *name = NULL;

	while (dir && !name && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			name = xstrdup(entry->d_name);
	if (dir)
		closedir(dir);
	return name;
}

static char *holder_in(const char *dir, const char *part)
{
	char *path = xasprintf("%s/%s/holders", dir, part);
	char *name = first_entry(path);

	free(path);
	return name;
}

/* Who lies above the image, or above one of its partitions. */
static char *holder_of(const struct topology *t,
		       const struct blksnap_member_info *m)
{
	char *path = xasprintf("%s/dev/block/%u:%u", t->sysfs, m->image_major,
			       m->image_minor);
	char *name = holder_in(path, ".");
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && !name && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, m->image, strlen(m->image)))
			name = holder_in(path, entry->d_name);
	if (dir)
		closedir(dir);
	free(path);
	return name;
}

static char *find_holder(const struct topology *t, const struct snap *snap,
			 char image[SNAP_PATH])
{
	char *name = NULL, *text = NULL;
	__u32 i;

	for (i = 0; i < snap->info.count && !name; i++) {
		name = holder_of(t, &snap->members[i]);
		if (name)
			snap_path(image, snap->members[i].image);
	}
	if (name)
		text = xasprintf("part of %s", name);
	free(name);
	return text;
}

static const struct blksnap_member_info *
opened_by(const struct topology *t, const struct snap *snap, const char *fds)
{
	const struct blksnap_member_info *member = NULL;
	DIR *dir = opendir(fds);
	struct dirent *entry;
	struct stat st;

	while (dir && !member && (entry = readdir(dir)))
		if (!fstatat(dirfd(dir), entry->d_name, &st, 0) &&
		    S_ISBLK(st.st_mode))
			member = image_of(t, snap, st.st_rdev);
	if (dir)
		closedir(dir);
	return member;
}

static char *find_process(const struct host *h, const struct topology *t,
			  const struct snap *snap, char image[SNAP_PATH])
{
	const struct blksnap_member_info *member;
	DIR *dir = opendir(h->proc);
	char *path, *text = NULL;
	struct dirent *entry;
	char comm[64];

	while (dir && !text && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		path = xasprintf("%s/%s/fd", h->proc, entry->d_name);
		member = opened_by(t, snap, path);
		free(path);
		if (!member)
			continue;
		if (read_line(comm, sizeof(comm), "%s/%s/comm", h->proc,
			      entry->d_name) < 0)
			snprintf(comm, sizeof(comm), "a process");
		snap_path(image, member->image);
		text = xasprintf("open in %s (pid %s)", comm, entry->d_name);
	}
	if (dir)
		closedir(dir);
	return text;
}

char *users_find(const struct host *h, const struct snap *snap,
		 char image[SNAP_PATH])
{
	struct mounts mounts;
	struct topology t = { h->sysfs, &mounts };
	char *text;

	if (mounts_read(h->proc, &mounts))
		memset(&mounts, 0, sizeof(mounts));
	text = find_mount(&t, snap, image);
	if (!text)
		text = find_holder(&t, snap, image);
	if (!text)
		text = find_process(h, &t, snap, image);
	mounts_free(&mounts);
	return text;
}
