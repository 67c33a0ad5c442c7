/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command needs of the machine that it runs on
 *
 * Each command gets one of these instead of reaching for fixed paths and
 * system calls, so that a test can give it a machine of its own.
 */
#ifndef BLKSNAPCTL_HOST_H
#define BLKSNAPCTL_HOST_H

#include <stdio.h>
#include <sys/types.h>

/**
 * struct host - the machine
 * @control: path of the module's control node
 * @sysfs: where sysfs is mounted
 * @proc: where procfs is mounted
 * @out: where results go
 * @err: where errors go
 * @ioctl: as ioctl(2)
 * @open_bdev: opens a block device with these flags of open(2), always
 *	close-on-exec, and tells its number; returns the descriptor or a
 *	negative errno, -ENOTBLK if it is something else
 */
struct host {
	const char *control;
	const char *sysfs;
	const char *proc;
	FILE *out;
	FILE *err;
	int (*ioctl)(int fd, unsigned long cmd, void *arg);
	int (*open_bdev)(const char *path, int flags, dev_t *dev);
};

/** host_init - the machine as it really is */
void host_init(struct host *h);

#endif
