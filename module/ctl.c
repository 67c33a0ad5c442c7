// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands of the control node, see include/uapi/blksnap.h.
 *
 * Each command is done in the same order: copy in, check the copy (the pure
 * checks are in pure/args.c), take references of our own to what descriptors
 * stand for, do it, copy out. There is no state here, and no lock.
 */

#include <linux/anon_inodes.h>
#include <linux/blkdev.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/device.h>
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ctl.h"
#include "ctl_snapshot.h"
#include "pure/args.h"
#include "snapshot.h"

/* The most entries of a list that memory is taken for at once. */
#define BS_LIST_MAX 4096

static long bs_ctl_version(void __user *argp)
{
	struct blksnap_version arg;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_version(&arg);
	if (ret)
		return ret;
	arg.major = BS_VERSION_MAJOR;
	arg.minor = BS_VERSION_MINOR;
	arg.patch = BS_VERSION_PATCH;
	arg.features = 0;
	return copy_to_user(argp, &arg, sizeof(arg)) ? -EFAULT : 0;
}

static int bs_detach(struct block_device *bdev,
		     struct blksnap_tracker_info *info)
{
	return bs_tracker_detach(bdev);
}

/* ATTACH, DETACH and INFO have the same argument. */
static long bs_ctl_tracker(void __user *argp,
			   int (*op)(struct block_device *bdev,
				     struct blksnap_tracker_info *info))
{
	struct blksnap_tracker arg;
	struct block_device *bdev;
	struct file *file;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_tracker(&arg);
	if (ret)
		return ret;
	file = bs_ctl_get_bdev(arg.bdev_fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	bdev = I_BDEV(file->f_mapping->host);
	ret = op(bdev, &arg.info);
	/* What has been detached cannot be told of, or be detached once more */
	if (!ret && op != bs_detach && copy_to_user(argp, &arg, sizeof(arg))) {
		ret = -EFAULT;
		if (op == bs_tracker_attach)
			bs_tracker_unattach(bdev);
	}
	fput(file);
	return ret;
}

static long bs_ctl_tracker_list(struct blksnap_tracker_list __user *argp)
{
	struct blksnap_tracker_info *info;
	struct blksnap_tracker_list arg;
	u32 room, nr;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_tracker_list(&arg);
	if (ret)
		return ret;
	room = min_t(u32, arg.count, BS_LIST_MAX);
	info = kvcalloc(room + 1, sizeof(*info), GFP_KERNEL_ACCOUNT);
	if (!info)
		return -ENOMEM;
	nr = bs_tracker_list(info, room);
	if (copy_to_user(u64_to_user_ptr(arg.trackers_ptr), info,
			 min(nr, room) * sizeof(*info)) ||
	    put_user(nr, &argp->count))
		ret = -EFAULT;
	kvfree(info);
	return ret;
}

static long bs_ctl_snapshot_list(struct blksnap_snapshot_list __user *argp)
{
	struct blksnap_snapshot_list arg;
	u32 room, nr;
	u8 *ids;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_snapshot_list(&arg);
	if (ret)
		return ret;
	room = min_t(u32, arg.count, BS_LIST_MAX);
	ids = kvcalloc(room + 1, BLKSNAP_ID_SIZE, GFP_KERNEL_ACCOUNT);
	if (!ids)
		return -ENOMEM;
	nr = bs_snapshot_list(ids, room);
	if (copy_to_user(u64_to_user_ptr(arg.ids_ptr), ids,
			 min(nr, room) * BLKSNAP_ID_SIZE) ||
	    put_user(nr, &argp->count))
		ret = -EFAULT;
	kvfree(ids);
	return ret;
}

/*
 * The descriptor is shown to the process last, when nothing can fail any more:
 * another thread could use it at once.
 */
static long bs_ctl_install(void __user *argp,
			   struct blksnap_snapshot_open *arg,
			   struct bs_snapshot *snap)
{
	struct file *file;
	int fd;

	memcpy(arg->id, snap->id, sizeof(arg->id));
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		bs_snapshot_close(snap);
		return fd;
	}
	file = anon_inode_getfile("[blksnap]", &bs_ctl_snapshot_fops, snap,
				  O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		bs_snapshot_close(snap);
		return PTR_ERR(file);
	}
	arg->fd = fd;
	if (copy_to_user(argp, arg, sizeof(*arg))) {
		put_unused_fd(fd);
		fput(file); /* closes the snapshot */
		return -EFAULT;
	}
	fd_install(fd, file);
	return 0;
}

static long bs_ctl_snapshot_create(void __user *argp)
{
	struct blksnap_snapshot_open arg;
	struct bs_snapshot *snap;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_snapshot_open(&arg);
	if (ret)
		return ret;
	snap = bs_snapshot_create();
	if (IS_ERR(snap))
		return PTR_ERR(snap);
	return bs_ctl_install(argp, &arg, snap);
}

static long bs_ctl_snapshot_open(void __user *argp)
{
	struct blksnap_snapshot_open arg;
	struct bs_snapshot *snap;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_snapshot_open(&arg);
	if (ret)
		return ret;
	snap = bs_snapshot_open(arg.id);
	return snap ? bs_ctl_install(argp, &arg, snap) : -ENOENT;
}

static long bs_ctl_ioctl(struct file *file, unsigned int cmd,
			 unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (cmd) {
	case BLKSNAP_IOC_VERSION:
		return bs_ctl_version(argp);
	case BLKSNAP_IOC_TRACKER_ATTACH:
		return bs_ctl_tracker(argp, bs_tracker_attach);
	case BLKSNAP_IOC_TRACKER_DETACH:
		return bs_ctl_tracker(argp, bs_detach);
	case BLKSNAP_IOC_TRACKER_LIST:
		return bs_ctl_tracker_list(argp);
	case BLKSNAP_IOC_TRACKER_INFO:
		return bs_ctl_tracker(argp, bs_tracker_info);
	case BLKSNAP_IOC_SNAPSHOT_CREATE:
		return bs_ctl_snapshot_create(argp);
	case BLKSNAP_IOC_SNAPSHOT_LIST:
		return bs_ctl_snapshot_list(argp);
	case BLKSNAP_IOC_SNAPSHOT_OPEN:
		return bs_ctl_snapshot_open(argp);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations bs_ctl_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = bs_ctl_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/* A line for each snapshot: its id. */
static ssize_t snapshots_show(struct device *dev,
			      struct device_attribute *attr, char *buf)
{
	u32 room = (PAGE_SIZE - 1) / (UUID_STRING_LEN + 1), nr, i;
	u8 *ids = kvcalloc(room, BLKSNAP_ID_SIZE, GFP_KERNEL);
	int len = 0;

	if (!ids)
		return -ENOMEM;
	nr = min(bs_snapshot_list(ids, room), room);
	for (i = 0; i < nr; i++)
		len += sysfs_emit_at(buf, len, "%pU\n",
				     ids + i * BLKSNAP_ID_SIZE);
	kvfree(ids);
	return len;
}
static DEVICE_ATTR_RO(snapshots);

static struct attribute *bs_ctl_attrs[] = { &dev_attr_snapshots.attr, NULL };
ATTRIBUTE_GROUPS(bs_ctl);

static struct miscdevice bs_ctl_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = BLKSNAP_CONTROL,
	.fops = &bs_ctl_fops,
	.groups = bs_ctl_groups,
	.mode = 0600,
};

int bs_ctl_init(void)
{
	return misc_register(&bs_ctl_device);
}

void bs_ctl_exit(void)
{
	misc_deregister(&bs_ctl_device);
}
