/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The devices to make a snapshot of
 */
#ifndef BLKSNAPCTL_ORIGINS_H
#define BLKSNAPCTL_ORIGINS_H

#include "ctl.h"
#include "topology.h"

/**
 * struct origin - one of them
 * @path: as it was given
 * @fd: an open descriptor
 * @dev: its number
 */
struct origin {
	const char *path;
	int fd;
	dev_t dev;
};

/**
 * struct origins - all of them, in the order that they were given in
 * @devs: their numbers
 * @size: bytes of all of them together
 */
struct origins {
	struct origin *list;
	size_t count;
	struct devs devs;
	__u64 size;
};

/** origin_open - open one; returns 0, or -1 after saying what was wrong */
int origin_open(const struct host *h, const char *path, struct origin *o);

/**
 * origins_open - open all of them
 *
 * Returns 0, or -1 after saying what was wrong. Free by origins_close() in
 * either case.
 */
int origins_open(const struct host *h, const struct topology *t,
		 char *const paths[], size_t count, struct origins *o);
void origins_close(struct origins *o);

/** origins_path - as which an origin was given */
const char *origins_path(const struct origins *o, dev_t dev);

/**
 * origins_each - attach or detach devices, one by one
 * @cmd: BLKSNAP_IOC_TRACKER_ATTACH or _DETACH
 *
 * Goes on after one that fails. Returns the exit code.
 */
int origins_each(const struct host *h, char *const paths[], size_t count,
		 unsigned long cmd);

/** origins_add - add all to a new snapshot; 0, or -1 after saying why not */
int origins_add(const struct host *h, const struct topology *t,
		const struct origins *o, int snapshot);

#endif
