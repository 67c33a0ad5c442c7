/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a snapshot keeps old data
 */
#ifndef BLKSNAPCTL_STORAGE_H
#define BLKSNAPCTL_STORAGE_H

#include "origins.h"
#include "plan.h"
#include "topology.h"

/**
 * struct storage_size - how much of a directory is used
 * @reserve: bytes to begin with, in: 0 to choose
 * @limit: bytes that it may grow to, in: 0 to choose
 */
struct storage_size {
	__u64 reserve;
	__u64 limit;
};

/**
 * storage_choose - fill in what was not said
 * @on_origin: it lies on an origin, so all of it is reserved before the cut
 * @free: bytes that are free on its file system
 * @origins: bytes of all origins together
 */
void storage_choose(struct storage_size *size, bool on_origin, __u64 free,
		    __u64 origins);

/**
 * storage_append - give all storage of a plan to a new snapshot
 *
 * Returns 0, or -1 after saying what was wrong.
 */
int storage_append(const struct host *h, const struct topology *t,
		   const struct origins *o, const struct plan *plan,
		   int snapshot);

#endif
