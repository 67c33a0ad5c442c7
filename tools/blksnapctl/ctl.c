// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Talking to the kernel module, and what its errors mean
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "util.h"

/**
 * struct meaning - what an error means
 * @cmd: the command that gave it, 0 for any
 * @err: the errno
 */
struct meaning {
	unsigned long cmd;
	int err;
	const char *cause;
	const char *remedy;
};

#define NOT_BLOCK "it is not a block device"
#define NAME_BLOCK "name one, \"lsblk\" lists them"
#define UNFIT "this kind of device cannot be snapshotted (zoned, DAX, an " \
	"image of a snapshot, or logical blocks of more than 4096 bytes)"
#define NAME_OTHER "choose another device"
#define GONE "the device is gone, or has no medium"
#define CHECK_DEVICE "check the device"
#define HANGS "the device hangs: it does not end the requests that it has"
#define HOOKED "something else redirects the same kernel function (a live " \
	"patch or another snapshot driver), or ftrace is switched off"
#define UNHOOK "remove it first, or \"sysctl kernel.ftrace_enabled=1\""
#define BLIND "the module does not see its own test writes on this kernel"
#define REPORT "report the kernel's version as a bug of blksnap"
#define NOT_ATTACHED "it is not attached"
#define OTHER_MODULE "load the module that belongs to this blksnapctl " \
	"(\"blksnapctl version\" tells both versions)"
#define SEE_TRACKERS "\"blksnapctl list --trackers\" shows which ones are"

/* Specific ones first: the first that fits is taken. */
static const struct meaning meanings[] = {
	{ BLKSNAP_IOC_TRACKER_ATTACH, ENOTBLK, NOT_BLOCK, NAME_BLOCK },
	{ BLKSNAP_IOC_TRACKER_ATTACH, EALREADY, "it is attached already",
	  "nothing needs to be done" },
	{ BLKSNAP_IOC_TRACKER_ATTACH, EOPNOTSUPP, UNFIT, NAME_OTHER },
	{ BLKSNAP_IOC_TRACKER_ATTACH, ENODEV, GONE, CHECK_DEVICE },
	{ BLKSNAP_IOC_TRACKER_ATTACH, EBUSY, HOOKED, UNHOOK },
	{ BLKSNAP_IOC_TRACKER_ATTACH, EPROTO, BLIND, REPORT },
	{ BLKSNAP_IOC_TRACKER_ATTACH, ETIMEDOUT, HANGS, CHECK_DEVICE },

	{ BLKSNAP_IOC_TRACKER_DETACH, ENOTBLK, NOT_BLOCK, NAME_BLOCK },
	{ BLKSNAP_IOC_TRACKER_DETACH, ENOENT, NOT_ATTACHED, SEE_TRACKERS },
	{ BLKSNAP_IOC_TRACKER_DETACH, EBUSY, "a snapshot uses it",
	  "release that one first, \"blksnapctl list\" shows it" },

	{ BLKSNAP_IOC_ADD_DEVICE, ENOTBLK, NOT_BLOCK, NAME_BLOCK },
	{ BLKSNAP_IOC_ADD_DEVICE, EOPNOTSUPP, UNFIT, NAME_OTHER },
	{ BLKSNAP_IOC_ADD_DEVICE, ENODEV, GONE, CHECK_DEVICE },
	{ BLKSNAP_IOC_ADD_DEVICE, EBUSY,
	  "another snapshot has it, or " HOOKED,
	  "release the other snapshot, \"blksnapctl list\" shows it; or "
	  UNHOOK },
	{ BLKSNAP_IOC_ADD_DEVICE, EPROTO, BLIND, REPORT },
	{ BLKSNAP_IOC_ADD_DEVICE, ETIMEDOUT, HANGS, CHECK_DEVICE },
	{ BLKSNAP_IOC_ADD_DEVICE, EEXIST, "it was named twice",
	  "name it once, whichever of its links you use" },
	{ BLKSNAP_IOC_ADD_DEVICE, E2BIG,
	  "a snapshot cannot have that many devices",
	  "make several snapshots" },

	{ BLKSNAP_IOC_APPEND_STORAGE, ENODEV, GONE, CHECK_DEVICE },

	{ BLKSNAP_IOC_TAKE, ENODEV, "one of the devices is gone",
	  "check the devices" },
	{ BLKSNAP_IOC_TAKE, ENOSTR, "it has no storage for old data",
	  "give --storage" },
	{ BLKSNAP_IOC_TAKE, ELOOP,
	  "a device of the snapshot, or the disk around it, is its storage",
	  "choose --storage on another device" },
	{ BLKSNAP_IOC_TAKE, EOPNOTSUPP,
	  "the storage has larger logical blocks than a device of the snapshot, "
	  "or a file system cannot be frozen",
	  "choose storage with logical blocks of 512 bytes (\"lsblk -t\")" },
	{ BLKSNAP_IOC_TAKE, ENOSPC,
	  "the storage on a device of the snapshot cannot be reserved whole",
	  "choose a smaller --limit, or --storage on another device" },
	{ BLKSNAP_IOC_TAKE, EBUSY,
	  "a file system is frozen by somebody else",
	  "thaw it (\"fsfreeze -u\") and try again" },
	{ BLKSNAP_IOC_TAKE, EIO,
	  "a file system's device fails, or somebody wrote into the storage",
	  "see the kernel's log" },
	{ BLKSNAP_IOC_TAKE, ETIMEDOUT,
	  "writing out, freezing, or the writes in flight took too long",
	  "try again when less is written, or give a longer --timeout" },
	{ BLKSNAP_IOC_TAKE, EINTR, "interrupted", NULL },

	{ BLKSNAP_IOC_SNAPSHOT_OPEN, ENOENT, "no snapshot has this id",
	  "\"blksnapctl list\" shows those that exist" },

	{ 0, EPERM, "not permitted",
	  "run it as root (CAP_SYS_ADMIN is needed)" },
	{ 0, ENOTTY, "the loaded module does not know this command",
	  OTHER_MODULE },
	{ 0, EINVAL, "the loaded module does not understand this command",
	  OTHER_MODULE },
	{ 0, ENOMEM, "the kernel has no memory for it",
	  "free some and try again" },
	{ 0, ESHUTDOWN, "the snapshot has been released",
	  "\"blksnapctl list\" shows those that are left" },
	{ 0, EMFILE, "too many open files", "raise the limit (\"ulimit -n\")" },
	{ 0, ENFILE, "too many open files in the system",
	  "raise the limit (\"sysctl fs.file-max\")" },
};

static int open_fail(const struct host *h, int err)
{
	switch (err) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
		return report(h, h->control, "run \"modprobe blksnap\"",
			      "the kernel module is not loaded");
	case EACCES:
	case EPERM:
		return report(h, h->control,
			      "run it as root (CAP_SYS_ADMIN is needed)",
			      "not permitted");
	default:
		return report(h, h->control, NULL, "%s", strerror(err));
	}
}

int ctl_open(const struct host *h)
{
	int fd = open(h->control, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		open_fail(h, errno);
	return fd;
}

int ctl_ioctl(const struct host *h, int fd, unsigned long cmd, void *arg)
{
	int ret;

	do {
		ret = h->ioctl(fd, cmd, arg);
	} while (ret < 0 && errno == EINTR && cmd != BLKSNAP_IOC_TAKE);
	return ret < 0 ? -errno : 0;
}

int ctl_fail(const struct host *h, const char *object, unsigned long cmd,
	     int err)
{
	const struct meaning *m;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(meanings); i++) {
		m = &meanings[i];
		if ((!m->cmd || m->cmd == cmd) && m->err == -err)
			return report(h, object, m->remedy, "%s", m->cause);
	}
	return report(h, object, "the kernel's log may tell more", "%s",
		      strerror(-err));
}

int ctl_snapshot_open(const struct host *h, int ctl, const __u8 *id)
{
	struct blksnap_snapshot_open arg = { .flags = 0 };
	int err;

	memcpy(arg.id, id, sizeof(arg.id));
	err = ctl_ioctl(h, ctl, BLKSNAP_IOC_SNAPSHOT_OPEN, &arg);
	return err ? err : arg.fd;
}

int ctl_snapshot_ids(const struct host *h, int ctl, __u8 **ids)
{
	struct blksnap_snapshot_list arg = { .count = 16 };
	__u32 room;
	int err;

	*ids = NULL;
	do {
		/* There were more than fitted: have room for some new ones */
		room = arg.count + 16;
		*ids = xreallocarray(*ids, room, BLKSNAP_ID_SIZE);
		arg.count = room;
		arg.ids_ptr = (uintptr_t)*ids;
		err = ctl_ioctl(h, ctl, BLKSNAP_IOC_SNAPSHOT_LIST, &arg);
	} while (!err && arg.count > room);
	if (err) {
		free(*ids);
		*ids = NULL;
		return err;
	}
	return (int)arg.count;
}
