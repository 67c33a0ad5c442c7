/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who keeps the images of a snapshot open
 */
#ifndef BLKSNAPCTL_USERS_H
#define BLKSNAPCTL_USERS_H

#include "snap.h"
#include "topology.h"

/**
 * users_find - find somebody who keeps an image open
 * @image: out, path of the image
 *
 * Returns what keeps it open, to be freed: "mounted on /mnt", "part of dm-0",
 * "open in dd (pid 123)"; or NULL if nobody was found.
 */
char *users_find(const struct host *h, const struct snap *snap,
		 char image[SNAP_PATH]);

#endif
