// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Make the snapshot that a plan asks for
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "freeze.h"
#include "origins.h"
#include "storage.h"
#include "take.h"
#include "util.h"

static int create_empty(const struct host *h)
{
	struct blksnap_snapshot_open arg = { .flags = 0 };
	int ctl, err;

	ctl = ctl_open(h);
	if (ctl < 0)
		return -1;
	err = ctl_ioctl(h, ctl, BLKSNAP_IOC_SNAPSHOT_CREATE, &arg);
	close(ctl);
	if (err) {
		ctl_fail(h, "new snapshot", BLKSNAP_IOC_SNAPSHOT_CREATE, err);
		return -1;
	}
	return arg.fd;
}

static int cut(const struct host *h, const struct topology *t,
	       const struct origins *o, const struct plan *plan, int snapshot)
{
	struct blksnap_take arg = { .timeout_ns = plan->timeout_ns };
	struct freeze_list list;
	int err;

	freeze_find(h, t, &o->devs, &list);
	if (list.count > BLKSNAP_MAX_FS) {
		report(h, "new snapshot", "snapshot fewer devices at once",
		       "%zu file systems lie on these devices, at most %d can be frozen",
		       list.count, BLKSNAP_MAX_FS);
		err = -E2BIG;
		goto out_close;
	}
	arg.fs_count = (__u32)list.count;
	arg.fs_ptr = (uintptr_t)list.fs;
	err = ctl_ioctl(h, snapshot, BLKSNAP_IOC_TAKE, &arg);
	if (err)
		ctl_fail(h, "new snapshot", BLKSNAP_IOC_TAKE, err);
out_close:
	freeze_close(&list);
	return err;
}

/* The module's order of the members is its own: find each one's place. */
static void sort_members(const struct origins *o, struct snap *snap)
{
	struct blksnap_member_info swap, *m = snap->members;
	size_t i, k;

	for (i = 0; i < o->count; i++) {
		for (k = i; k < snap->info.count; k++) {
			if (makedev(m[k].major, m[k].minor) != o->list[i].dev)
				continue;
			swap = m[i];
			m[i] = m[k];
			m[k] = swap;
			break;
		}
	}
}

static int fill(const struct host *h, const struct topology *t,
		const struct origins *o, const struct plan *plan, int snapshot,
		struct snap *snap)
{
	int err;

	if (origins_add(h, t, o, snapshot) ||
	    storage_append(h, t, o, plan, snapshot) ||
	    cut(h, t, o, plan, snapshot))
		return -1;
	err = snap_read(h, snapshot, snap);
	if (err) {
		ctl_fail(h, "new snapshot", BLKSNAP_IOC_INFO, err);
		return -1;
	}
	sort_members(o, snap);
	return 0;
}

int take(const struct host *h, const struct plan *plan, struct snap *snap)
{
	struct topology t = { .sysfs = h->sysfs };
	struct mounts mounts;
	struct origins o;
	int snapshot = -1, err;

	memset(snap, 0, sizeof(*snap));
	err = mounts_read(h->proc, &mounts);
	if (err) {
		report(h, h->proc, "mount proc there", "%s", strerror(-err));
		return -1;
	}
	t.mounts = &mounts;
	if (origins_open(h, &t, plan->devices, plan->device_count, &o))
		goto out;
	snapshot = create_empty(h);
	if (snapshot >= 0 && fill(h, &t, &o, plan, snapshot, snap)) {
		close(snapshot);
		snapshot = -1;
	}
out:
	origins_close(&o);
	mounts_free(&mounts);
	return snapshot;
}

int take_hold(const struct host *h, int snapshot)
{
	struct blksnap_hold arg = { .hold = 1 };
	int err = ctl_ioctl(h, snapshot, BLKSNAP_IOC_HOLD, &arg);

	if (err)
		ctl_fail(h, "new snapshot", BLKSNAP_IOC_HOLD, err);
	return err ? -1 : 0;
}
