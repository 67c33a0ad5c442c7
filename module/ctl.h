/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control node and the descriptors of snapshots.
 */
#ifndef BS_CTL_H
#define BS_CTL_H

/* The version that is told to userspace, for logs. */
#define BS_VERSION_MAJOR 0
#define BS_VERSION_MINOR 1
#define BS_VERSION_PATCH 0
#define BS_VERSION "0.1.0"

int bs_ctl_init(void);
void bs_ctl_exit(void);

#endif /* BS_CTL_H */
