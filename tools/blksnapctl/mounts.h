/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is mounted, from /proc/self/mountinfo
 */
#ifndef BLKSNAPCTL_MOUNTS_H
#define BLKSNAPCTL_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * struct mount - one line of mountinfo
 * @id: number of the mount
 * @dev: number of the superblock's device, major 0 if it has none of its own
 * @target: where it is mounted
 * @fstype: type of the file system
 * @source: what was mounted
 * @options: options of the superblock
 * @read_only: the superblock is read-only
 */
struct mount {
	int id;
	dev_t dev;
	char *target;
	char *fstype;
	char *source;
	char *options;
	bool read_only;
};

struct mounts {
	struct mount *list;
	size_t count;
};

/**
 * mount_parse - parse a line of mountinfo, and undo its octal escapes
 *
 * Returns 0, or -EINVAL. Free what it filled in by mount_free().
 */
int mount_parse(const char *line, struct mount *m);
void mount_free(struct mount *m);

/** mount_option - value of an option "name=value", to be freed, or NULL */
char *mount_option(const struct mount *m, const char *name);

/** mounts_read - returns 0 or a negative errno. Free by mounts_free(). */
int mounts_read(const char *proc, struct mounts *mounts);
void mounts_free(struct mounts *mounts);

/** mounts_by_fd - the mount that an open file lies on, or NULL */
const struct mount *mounts_by_fd(const struct mounts *mounts, int fd);

/** mounts_by_path - the mount that an absolute path lies on, or NULL */
const struct mount *mounts_by_path(const struct mounts *mounts,
				   const char *path);

#endif
