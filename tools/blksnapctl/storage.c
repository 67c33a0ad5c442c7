// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a snapshot keeps old data
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "size.h"
#include "storage.h"
#include "util.h"

#define MIB (1024 * 1024ULL)
#define PAGE_MASK (~(__u64)4095)
/* By default; a snapshot can have 16 TiB in all */
#define LIMIT_MOST (4 * 1024 * 1024 * MIB)

#define CHOOSE_DIR "choose a directory on ext4, xfs or btrfs (NOCOW), or a " \
	"block device"

/**
 * struct storage - one directory or block device
 * @path: as it was given
 * @fd: open descriptor
 * @is_device: it is a block device
 * @mount: where a directory lies, or NULL
 * @devs: the devices that it lies on
 */
struct storage {
	const char *path;
	int fd;
	bool is_device;
	const struct mount *mount;
	struct devs devs;
};

static __u64 min_u64(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static __u64 max_u64(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

void storage_choose(struct storage_size *size, bool on_origin, __u64 free,
		    __u64 origins)
{
	__u64 limit;

	if (!size->reserve) {
		size->reserve = min_u64(256 * MIB, free / 4) & PAGE_MASK;
		size->reserve = max_u64(size->reserve, PLAN_MIN_RESERVE);
		if (size->limit)
			size->reserve = min_u64(size->reserve, size->limit);
	}
	if (size->limit)
		return;
	/*
	 * Elsewhere the limit costs nothing until it is needed. On an origin it
	 * is taken from the file system at once, for as long as the snapshot
	 * lives: ask for less, and leave others half of what is free.
	 */
	if (on_origin)
		limit = min_u64(origins / 20, free / 2);
	else
		limit = origins / 10;
	limit = min_u64(limit, LIMIT_MOST) & PAGE_MASK;
	size->limit = max_u64(limit, size->reserve);
}

static int open_fail(const struct host *h, const char *path, int err)
{
	switch (err) {
	case -ENOTBLK:
	case -ENOENT:
	case -ENOTDIR:
		report(h, path, CHOOSE_DIR, "%s", err == -ENOENT ?
		       "it does not exist" :
		       "it is neither a directory nor a block device");
		break;
	case -EROFS:
		report(h, path, "choose one that can be written",
		       "it is read-only");
		break;
	case -EACCES:
	case -EPERM:
		report(h, path, "run it as root, on a device that is not read-only",
		       "not permitted");
		break;
	default:
		report(h, path, CHOOSE_DIR, "%s", strerror(-err));
	}
	return -1;
}

static int storage_open(const struct host *h, const struct topology *t,
			const char *path, struct storage *s)
{
	dev_t dev;

	memset(s, 0, sizeof(*s));
	s->path = path;
	s->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd >= 0) {
		s->mount = mounts_by_fd(t->mounts, s->fd);
		if (s->mount)
			topology_fs(t, s->mount, &s->devs);
		return 0;
	}
	if (errno != ENOTDIR)
		return open_fail(h, path, -errno);
	s->is_device = true;
	s->fd = h->open_bdev(path, O_RDWR, &dev);
	if (s->fd < 0)
		return open_fail(h, path, s->fd);
	devs_add(&s->devs, dev);
	return 0;
}

static void storage_close(struct storage *s)
{
	close(s->fd);
	devs_free(&s->devs);
}

/*
 * A block device is overwritten: neither an origin nor anything with an origin
 * in it will do. A partition beside an origin does, or one of an origin.
 */
static dev_t overwrites(const struct topology *t, const struct storage *s,
			const struct origins *o)
{
	dev_t dev = s->devs.list[0];
	size_t i;

	for (i = 0; i < o->count; i++)
		if (dev == o->list[i].dev ||
		    dev == topology_disk(t, o->list[i].dev))
			return o->list[i].dev;
	return 0;
}

static int check_place(const struct host *h, const struct topology *t,
		       const struct origins *o, const struct storage *s)
{
	dev_t origin;

	origin = s->is_device ? overwrites(t, s, o) : 0;
	if (origin) {
		report(h, s->path, "choose another device",
		       "it would be overwritten, and the snapshot is to have %s",
		       origins_path(o, origin));
		return -1;
	}
	origin = topology_above(t, &s->devs, &o->devs);
	if (origin) {
		report(h, s->path,
		       "choose storage on the file system of the device itself, or on another disk",
		       "it lies on a device above %s, so that storing old data would make more old data",
		       origins_path(o, origin));
		return -1;
	}
	return 0;
}

static __u64 free_space(int fd)
{
	struct statvfs st;

	if (fstatvfs(fd, &st))
		return 0;
	return (__u64)st.f_bavail * st.f_frsize;
}

/* Flags of a directory as by chattr(1), 0 if it has none to tell. */
static unsigned int inode_flags(const struct host *h, int fd)
{
	/* The command is declared with a long, what is written is an int */
	union {
		long as_declared;
		unsigned int as_written;
	} arg = { .as_declared = 0 };

	if (ctl_ioctl(h, fd, FS_IOC_GETFLAGS, &arg.as_declared))
		return 0;
	return arg.as_written;
}

static bool lacks_unnamed_files(const char *fstype)
{
	static const char *const types[] = {
		"vfat", "msdos", "exfat", "ntfs", "ntfs3", "fuseblk", "hfsplus",
		"hfs", "iso9660", "udf",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(types[i], fstype))
			return true;
	return false;
}

static void unsupported(const struct host *h, const struct storage *s)
{
	const char *type = s->mount ? s->mount->fstype : "unknown";
	unsigned int flags = inode_flags(h, s->fd);

	if (s->is_device)
		report(h, s->path, "choose another device",
		       "this kind of device cannot be used");
	else if (!strcmp(type, "btrfs") && !(flags & FS_NOCOW_FL))
		report(h, s->path,
		       "make an empty directory, \"chattr +C\" it, and use that",
		       "file system is btrfs, and the directory is copy-on-write");
	else if (flags & FS_ENCRYPT_FL)
		report(h, s->path, "choose a directory that is not",
		       "the directory is encrypted");
	else if (flags & FS_DAX_FL)
		report(h, s->path, "\"chattr -x\" it, or choose another one",
		       "the directory is DAX");
	else if (lacks_unnamed_files(type))
		report(h, s->path, CHOOSE_DIR,
		       "file system is %s: it cannot make unnamed files", type);
	else
		report(h, s->path, CHOOSE_DIR,
		       "file system is %s: it cannot tell, or is not trusted to tell, where a file's blocks are, or it is mounted with DAX",
		       type);
}

static void no_space(const struct host *h, const struct storage *s,
		     const struct storage_size *size)
{
	char want[SIZE_TEXT], have[SIZE_TEXT];

	report(h, s->path, "choose a smaller --reserve, or make room",
	       "%s cannot be reserved, %s is free and a part of it is kept free",
	       size_format(want, size->reserve),
	       size_format(have, free_space(s->fd)));
}

static void append_fail(const struct host *h, const struct storage *s,
			const struct storage_size *size, int err)
{
	switch (err) {
	case -EOPNOTSUPP:
		unsupported(h, s);
		break;
	case -EROFS:
		report(h, s->path, "choose one that can be written",
		       s->is_device ? "it is read-only" :
		       "the file system is mounted read-only");
		break;
	case -ENOSPC:
		no_space(h, s, size);
		break;
	case -EBUSY:
		if (s->is_device)
			report(h, s->path, "choose one that nothing uses",
			       "the device is in use (mounted, swap, part of another device), or lies on one of which a snapshot is held");
		else
			report(h, s->path,
			       "choose storage on another device, or thaw it (\"fsfreeze -u\")",
			       "it lies on a device of which a snapshot is held, or its file system is frozen");
		break;
	case -E2BIG:
		report(h, s->path, "give a smaller --limit",
		       "a snapshot cannot have more than 16 TiB of storage in all");
		break;
	case -EUCLEAN:
		report(h, s->path, "check the file system, or use another one",
		       "the file system's block map did not stand the test");
		break;
	case -ENOENT:
		report(h, s->path, "choose another one",
		       "the directory has been removed");
		break;
	case -ETIMEDOUT:
		report(h, s->path, "check the device, or use another one",
		       "the device that it lies on hangs");
		break;
	case -EINVAL:
		report(h, s->path,
		       "try other values of --reserve and --limit (\"blksnapctl version\" tells whether the module fits)",
		       "the module refused the sizes");
		break;
	default:
		ctl_fail(h, s->path, BLKSNAP_IOC_APPEND_STORAGE, err);
	}
}

static int append_one(const struct host *h, const struct topology *t,
		      const struct origins *o, const struct storage *s,
		      struct storage_size size, int snapshot)
{
	struct blksnap_append_storage arg = { .fd = s->fd };
	bool on_origin;
	int err;

	if (check_place(h, t, o, s))
		return -1;
	if (s->is_device) {
		/* All of the device is there: nothing to begin with */
		size.reserve = 0;
	} else {
		on_origin = topology_hits(t, &s->devs, &o->devs) != 0;
		storage_choose(&size, on_origin, free_space(s->fd), o->size);
	}
	arg.reserve = size.reserve;
	arg.limit = size.limit;
	err = ctl_ioctl(h, snapshot, BLKSNAP_IOC_APPEND_STORAGE, &arg);
	if (err)
		append_fail(h, s, &size, err);
	return err ? -1 : 0;
}

int storage_append(const struct host *h, const struct topology *t,
		   const struct origins *o, const struct plan *plan,
		   int snapshot)
{
	struct storage_size size = { plan->reserve, plan->limit };
	struct storage s;
	size_t i;
	int err;

	for (i = 0; i < plan->storage_count; i++) {
		err = storage_open(h, t, plan->storage[i], &s);
		if (err)
			return err;
		err = append_one(h, t, o, &s, size, snapshot);
		storage_close(&s);
		if (err)
			return err;
	}
	return 0;
}
