/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Talking to the kernel module, and what its errors mean
 */
#ifndef BLKSNAPCTL_CTL_H
#define BLKSNAPCTL_CTL_H

#include <uapi/blksnap.h>

#include "host.h"

/**
 * ctl_open - open the control node
 *
 * Returns a descriptor, or -1 after saying what was wrong.
 */
int ctl_open(const struct host *h);

/**
 * ctl_ioctl - one command to the module
 *
 * Returns 0 or a negative errno. Started again when a signal interrupts it,
 * but for the cut, which must not be made after somebody asked for an end.
 */
int ctl_ioctl(const struct host *h, int fd, unsigned long cmd, void *arg);

/**
 * ctl_fail - say why a command failed and what can be done
 * @object: what the command was about
 * @cmd: the command
 * @err: the negative errno
 *
 * Returns EXIT_FAILURE.
 */
int ctl_fail(const struct host *h, const char *object, unsigned long cmd,
	     int err);

/** ctl_snapshot_open - a descriptor of a snapshot, or a negative errno */
int ctl_snapshot_open(const struct host *h, int ctl, const __u8 *id);

/**
 * ctl_snapshot_ids - the ids of all snapshots
 * @ids: out, one after the other, to be freed
 *
 * Returns how many there are, or a negative errno.
 */
int ctl_snapshot_ids(const struct host *h, int ctl, __u8 **ids);

#endif
