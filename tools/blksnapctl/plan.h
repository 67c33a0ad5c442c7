/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The snapshot that a command line of create or run asks for
 */
#ifndef BLKSNAPCTL_PLAN_H
#define BLKSNAPCTL_PLAN_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "host.h"

/** PLAN_MIN_RESERVE - the least that the module reserves in a directory */
#define PLAN_MIN_RESERVE (1024 * 1024ULL)

/**
 * struct plan - what was asked for
 * @storage: directories and block devices for old data
 * @storage_count: how many
 * @reserve: bytes for each directory to begin with, 0 if it was not said
 * @limit: bytes that each may grow to, 0 if it was not said
 * @timeout_ns: the longest that the cut may take, 0 if it was not said
 * @json: print JSON
 * @devices: paths of the origins
 * @device_count: how many
 */
struct plan {
	const char **storage;
	size_t storage_count;
	__u64 reserve;
	__u64 limit;
	__u64 timeout_ns;
	bool json;
	char **devices;
	size_t device_count;
};

/**
 * plan_parse - read a command line
 * @code: out, what to exit with if there is nothing to go on with
 *
 * Returns whether to go on; if not, what is to be said has been said. Free by
 * plan_free() in either case.
 */
bool plan_parse(const struct host *h, int argc, char *argv[],
		struct plan *plan, int *code);
void plan_free(struct plan *plan);

#endif
