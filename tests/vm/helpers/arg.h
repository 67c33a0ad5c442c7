/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What any command of the module takes.
 */
#ifndef ARG_H
#define ARG_H

#include <blksnap.h>

union arg {
	struct blksnap_version version;
	struct blksnap_tracker tracker;
	struct blksnap_tracker_list trackers;
	struct blksnap_snapshot_open open;
	struct blksnap_snapshot_list snapshots;
	struct blksnap_add_device add;
	struct blksnap_append_storage append;
	struct blksnap_take take;
	struct blksnap_snapshot_info info;
	struct blksnap_hold hold;
	struct blksnap_destroy destroy;
	unsigned char bytes[160];
};

#endif /* ARG_H */
