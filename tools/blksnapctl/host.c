// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The machine as it really is
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl.h"
#include "host.h"

static int real_ioctl(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg);
}

static int real_open_bdev(const char *path, int flags, dev_t *dev)
{
	struct stat st;
	int fd, err;

	/*
	 * Looked at before it is opened: opening a tape or a pipe by mistake
	 * has effects.
	 */
	if (stat(path, &st))
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		err = -errno;
		goto out_close;
	}
	if (!S_ISBLK(st.st_mode)) {
		err = -ENOTBLK;
		goto out_close;
	}
	*dev = st.st_rdev;
	return fd;

out_close:
	close(fd);
	return err;
}

void host_init(struct host *h)
{
	h->control = "/dev/" BLKSNAP_CONTROL;
	h->sysfs = "/sys";
	h->proc = "/proc";
	h->out = stdout;
	h->err = stderr;
	h->ioctl = real_ioctl;
	h->open_bdev = real_open_bdev;
}
