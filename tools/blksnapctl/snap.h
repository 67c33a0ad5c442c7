/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the module tells of a snapshot, and how it is shown
 */
#ifndef BLKSNAPCTL_SNAP_H
#define BLKSNAPCTL_SNAP_H

#include "ctl.h"
#include "output.h"

/** SNAP_PATH - room for the path of a device, "/dev/" and its name */
#define SNAP_PATH (BLKSNAP_NAME_SIZE + 5)

/** struct snap - what the module told */
struct snap {
	struct blksnap_snapshot_info info;
	struct blksnap_member_info *members;
};

/** snap_read - ask the module; 0 or a negative errno; free by snap_free() */
int snap_read(const struct host *h, int snapshot, struct snap *snap);
void snap_free(struct snap *snap);

/**
 * struct snap_list - all snapshots
 */
struct snap_list {
	struct snap *list;
	size_t count;
};

/** snap_read_all - 0, or -1 after saying what was wrong */
int snap_read_all(const struct host *h, int ctl, struct snap_list *all);
void snap_free_all(struct snap_list *all);

/** snap_path - path of a device, by its name from the module */
const char *snap_path(char buf[SNAP_PATH], const char *name);

/** snap_state - "new", "taken", "failed" */
const char *snap_state(const struct snap *snap);

/** snap_cause - why a snapshot failed */
const char *snap_cause(int err);

/** snap_json - a snapshot as an object */
void snap_json(struct json *j, const struct snap *snap);

/** snap_json_all - snapshots as {"snapshots": [...]}, a whole text */
void snap_json_all(FILE *out, const struct snap_list *all);

#endif
