// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands of a snapshot's descriptor, see include/uapi/blksnap.h and the head
 * of ctl.c.
 */

#include <linux/blkdev.h>
#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ctl_snapshot.h"
#include "pure/args.h"
#include "snapshot.h"

struct file *bs_ctl_get_bdev(int fd)
{
	struct file *file = fget(fd);

	if (!file)
		return ERR_PTR(-EBADF);
	if (!S_ISBLK(file_inode(file)->i_mode)) {
		fput(file);
		return ERR_PTR(-ENOTBLK);
	}
	return file;
}

static long bs_snap_add_device(struct bs_snapshot *snap, void __user *argp)
{
	struct blksnap_add_device arg;
	struct file *file;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_add_device(&arg);
	if (ret)
		return ret;
	file = bs_ctl_get_bdev(arg.bdev_fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	ret = bs_snapshot_add_device(snap, I_BDEV(file->f_mapping->host),
				     arg.level);
	fput(file);
	return ret;
}

static int bs_snap_append(struct bs_snapshot *snap, struct file *file,
			  const struct blksnap_append_storage *arg)
{
	umode_t mode = file_inode(file)->i_mode;
	u64 reserve, limit;
	int ret;

	if (!S_ISDIR(mode) && !S_ISBLK(mode))
		return -ENOTDIR;
	ret = bs_args_append_storage(arg, S_ISBLK(mode), &reserve, &limit);
	if (ret)
		return ret;
	if (S_ISDIR(mode))
		return bs_snapshot_append_dir(snap, file, reserve, limit);
	return bs_snapshot_append_bdev(snap, I_BDEV(file->f_mapping->host),
				       limit);
}

static long bs_snap_append_storage(struct bs_snapshot *snap,
				   void __user *argp)
{
	struct blksnap_append_storage arg;
	struct file *file;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	file = fget(arg.fd);
	if (!file)
		return -EBADF;
	ret = bs_snap_append(snap, file, &arg);
	fput(file);
	return ret;
}

static void bs_put_fs(struct bs_take_fs *fs, u32 nr)
{
	while (nr--)
		fput(fs[nr].file);
	kvfree(fs);
}

/* What is given in an array, with a reference to each file. */
static struct bs_take_fs *bs_get_fs(const struct blksnap_take_fs __user *argp,
				    u32 nr)
{
	struct bs_take_fs *fs = kvcalloc(nr + 1, sizeof(*fs), GFP_KERNEL);
	struct blksnap_take_fs arg;
	int ret = 0;
	u32 i;

	if (!fs)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < nr; i++) {
		if (copy_from_user(&arg, argp + i, sizeof(arg))) {
			ret = -EFAULT;
			goto put;
		}
		fs[i].level = arg.level;
		fs[i].file = fget(arg.fd);
		if (!fs[i].file) {
			ret = -EBADF;
			goto put;
		}
	}
	return fs;

put:
	bs_put_fs(fs, i);
	return ERR_PTR(ret);
}

static long bs_snap_take(struct bs_snapshot *snap, void __user *argp)
{
	struct blksnap_take arg;
	struct bs_take_fs *fs;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_take(&arg);
	if (ret)
		return ret;
	fs = bs_get_fs(u64_to_user_ptr(arg.fs_ptr), arg.fs_count);
	if (IS_ERR(fs))
		return PTR_ERR(fs);
	ret = bs_snapshot_take(snap, fs, arg.fs_count, arg.timeout_ns);
	bs_put_fs(fs, arg.fs_count);
	return ret;
}

static long bs_snap_info(struct bs_snapshot *snap, void __user *argp)
{
	struct blksnap_member_info *members;
	struct blksnap_snapshot_info arg;
	u32 room, nr;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_snapshot_info(&arg);
	if (ret)
		return ret;
	room = min_t(u32, arg.count, BLKSNAP_MAX_MEMBERS);
	members = kvcalloc(room + 1, sizeof(*members), GFP_KERNEL_ACCOUNT);
	if (!members)
		return -ENOMEM;
	ret = bs_snapshot_info(snap, &arg, members, room);
	nr = min(arg.count, room);
	if (!ret && (copy_to_user(u64_to_user_ptr(arg.members_ptr), members,
				  nr * sizeof(*members)) ||
		     copy_to_user(argp, &arg, sizeof(arg))))
		ret = -EFAULT;
	kvfree(members);
	return ret;
}

static long bs_snap_hold(struct bs_snapshot *snap, void __user *argp)
{
	struct blksnap_hold arg;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_hold(&arg);
	return ret ?: bs_snapshot_hold(snap, arg.hold);
}

static long bs_snap_destroy(struct bs_snapshot *snap, void __user *argp)
{
	struct blksnap_destroy arg;
	int ret;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	ret = bs_args_destroy(&arg);
	return ret ?: bs_snapshot_destroy(snap, arg.flags &
					  BLKSNAP_DESTROY_FORCE);
}

static long bs_snap_ioctl(struct file *file, unsigned int cmd,
			  unsigned long arg)
{
	struct bs_snapshot *snap = file->private_data;
	void __user *argp = (void __user *)arg;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (cmd) {
	case BLKSNAP_IOC_ADD_DEVICE:
		return bs_snap_add_device(snap, argp);
	case BLKSNAP_IOC_APPEND_STORAGE:
		return bs_snap_append_storage(snap, argp);
	case BLKSNAP_IOC_TAKE:
		return bs_snap_take(snap, argp);
	case BLKSNAP_IOC_INFO:
		return bs_snap_info(snap, argp);
	case BLKSNAP_IOC_HOLD:
		return bs_snap_hold(snap, argp);
	case BLKSNAP_IOC_DESTROY:
		return bs_snap_destroy(snap, argp);
	default:
		return -ENOTTY;
	}
}

static ssize_t bs_snap_read(struct file *file, char __user *buf, size_t len,
			    loff_t *pos)
{
	struct bs_snapshot *snap = file->private_data;

	return bs_fate_read(&snap->fate, buf, len,
			    file->f_flags & O_NONBLOCK);
}

static __poll_t bs_snap_poll(struct file *file, poll_table *table)
{
	struct bs_snapshot *snap = file->private_data;

	return bs_fate_poll(&snap->fate, file, table);
}

static int bs_snap_release(struct inode *inode, struct file *file)
{
	bs_snapshot_close(file->private_data);
	return 0;
}

const struct file_operations bs_ctl_snapshot_fops = {
	.owner = THIS_MODULE,
	.release = bs_snap_release,
	.read = bs_snap_read,
	.poll = bs_snap_poll,
	.unlocked_ioctl = bs_snap_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};
