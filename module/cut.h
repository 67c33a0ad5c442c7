/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The cut: all origins of a snapshot at one instant.
 */
#ifndef BS_CUT_H
#define BS_CUT_H

#include "snapshot.h"

/**
 * bs_cut_take() - make the cut and publish the images
 * @snap: locked, not taken, with members and storage
 * @fs: to freeze, besides what is found on the members
 * @nr: how many
 * @timeout_ns: for freezing and draining
 *
 * Return: 0, or an error as of BLKSNAP_IOC_TAKE: then the snapshot is as it
 * was before.
 */
int bs_cut_take(struct bs_snapshot *snap, const struct bs_take_fs *fs, u32 nr,
		u64 timeout_ns);

/**
 * bs_cut_undo() - images and copying of all members go away
 * @snap: locked; its images are closed, and its fate is sealed
 */
void bs_cut_undo(struct bs_snapshot *snap);

#endif /* BS_CUT_H */
