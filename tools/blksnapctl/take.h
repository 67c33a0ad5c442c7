/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Make the snapshot that a plan asks for
 */
#ifndef BLKSNAPCTL_TAKE_H
#define BLKSNAPCTL_TAKE_H

#include "host.h"
#include "plan.h"
#include "snap.h"

/**
 * take - make a snapshot
 * @snap: out, what the module tells of it; its members are in the order of the
 *	plan's devices; free by snap_free()
 *
 * Returns its descriptor, with whose closing it is released, or -1 after saying
 * what was wrong; then nothing is left of it.
 */
int take(const struct host *h, const struct plan *plan, struct snap *snap);

/**
 * take_hold - let a snapshot outlive its descriptor
 *
 * Returns 0, or -1 after saying what was wrong.
 */
int take_hold(const struct host *h, int snapshot);

#endif
