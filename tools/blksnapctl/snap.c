// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the module tells of a snapshot, and how it is shown
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "id.h"
#include "snap.h"
#include "util.h"

int snap_read(const struct host *h, int snapshot, struct snap *snap)
{
	int err;

	memset(snap, 0, sizeof(*snap));
	/* Room for all that there can be, so that one call always will do */
	snap->members = xcalloc(BLKSNAP_MAX_MEMBERS, sizeof(*snap->members));
	snap->info.count = BLKSNAP_MAX_MEMBERS;
	snap->info.members_ptr = (uintptr_t)snap->members;
	err = ctl_ioctl(h, snapshot, BLKSNAP_IOC_INFO, &snap->info);
	if (err)
		snap_free(snap);
	else if (snap->info.count > BLKSNAP_MAX_MEMBERS)
		snap->info.count = BLKSNAP_MAX_MEMBERS;
	return err;
}

void snap_free(struct snap *snap)
{
	free(snap->members);
	memset(snap, 0, sizeof(*snap));
}

static int read_one(const struct host *h, int ctl, const __u8 *id,
		    struct snap_list *all)
{
	struct snap *snap = &all->list[all->count];
	char text[ID_TEXT];
	int fd, err;

	fd = ctl_snapshot_open(h, ctl, id);
	err = fd < 0 ? fd : snap_read(h, fd, snap);
	if (fd >= 0)
		close(fd);
	/* It may have been released since it was listed: then it is none. */
	if (err == -ENOENT || err == -ESHUTDOWN)
		return 0;
	if (err) {
		ctl_fail(h, id_format(text, id), BLKSNAP_IOC_INFO, err);
		return -1;
	}
	all->count++;
	return 0;
}

int snap_read_all(const struct host *h, int ctl, struct snap_list *all)
{
	int count, i, err = 0;
	__u8 *ids;

	memset(all, 0, sizeof(*all));
	count = ctl_snapshot_ids(h, ctl, &ids);
	if (count < 0) {
		ctl_fail(h, "snapshots", BLKSNAP_IOC_SNAPSHOT_LIST, count);
		return -1;
	}
	all->list = xcalloc((size_t)count, sizeof(*all->list));
	for (i = 0; i < count && !err; i++)
		err = read_one(h, ctl, ids + i * BLKSNAP_ID_SIZE, all);
	free(ids);
	if (err)
		snap_free_all(all);
	return err;
}

void snap_free_all(struct snap_list *all)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		snap_free(&all->list[i]);
	free(all->list);
	memset(all, 0, sizeof(*all));
}

const char *snap_path(char buf[SNAP_PATH], const char *name)
{
	char *p;

	snprintf(buf, SNAP_PATH, "/dev/%.*s", BLKSNAP_NAME_SIZE - 1, name);
	/* sysfs cannot have a slash in a name and writes it so */
	for (p = buf; *p; p++)
		if (*p == '!')
			*p = '/';
	return buf;
}

const char *snap_state(const struct snap *snap)
{
	switch (snap->info.state) {
	case BLKSNAP_STATE_NEW:
		return "new";
	case BLKSNAP_STATE_TAKEN:
		return "taken";
	case BLKSNAP_STATE_FAILED:
		return "failed";
	default:
		return "unknown";
	}
}

const char *snap_cause(int err)
{
	switch (-err) {
	case ENOSPC:
		return "the storage is full";
	case EIO:
		return "old data could not be read or stored, or somebody wrote into the storage";
	case ENODEV:
		return "a device went away or changed its size";
	case ENOMEM:
		return "there was no memory for the bookkeeping";
	case ELOOP:
		return "the storage lies on a device above one of the snapshot";
	case ESTALE:
		return "the machine was hibernated";
	case ETIMEDOUT:
		return "the storage took too long to store old data";
	default:
		return strerror(-err);
	}
}

static void member_json(struct json *j, const struct blksnap_member_info *m)
{
	char path[SNAP_PATH];

	json_open(j, NULL, '{');
	json_string(j, "origin", snap_path(path, m->name));
	if (m->image[0])
		json_string(j, "image", snap_path(path, m->image));
	else
		json_null(j, "image");
	json_number(j, "major", m->major);
	json_number(j, "minor", m->minor);
	json_number(j, "image_major", m->image_major);
	json_number(j, "image_minor", m->image_minor);
	json_bool(j, "frozen", m->flags & BLKSNAP_MEMBER_FROZEN);
	json_bool(j, "whole_disk", m->flags & BLKSNAP_MEMBER_WHOLE_DISK);
	json_number(j, "size", m->sectors * 512);
	json_number(j, "block_size", m->block_size);
	json_number(j, "copied", m->copied);
	json_number(j, "stored", m->stored);
	json_number(j, "held", m->held);
	json_number(j, "discards", m->discards);
	json_number(j, "image_read", m->image_read);
	json_close(j, '}');
}

void snap_json(struct json *j, const struct snap *snap)
{
	const struct blksnap_snapshot_info *info = &snap->info;
	char id[ID_TEXT];
	__u32 i;

	json_open(j, NULL, '{');
	json_string(j, "id", id_format(id, info->id));
	json_string(j, "state", snap_state(snap));
	json_bool(j, "held", info->flags & BLKSNAP_INFO_HELD);
	json_number(j, "errno", (__u64)-(__s64)info->error);
	if (info->error)
		json_string(j, "cause", snap_cause(info->error));
	else
		json_null(j, "cause");
	json_number(j, "taken_ns", info->taken_ns);
	json_number(j, "pause_ns", info->pause_ns);
	json_number(j, "gate_ns", info->gate_ns);
	json_number(j, "storage_used", info->storage_used);
	json_number(j, "storage_reserved", info->storage_reserved);
	json_number(j, "storage_limit", info->storage_limit);
	json_open(j, "members", '[');
	for (i = 0; i < info->count; i++)
		member_json(j, &snap->members[i]);
	json_close(j, ']');
	json_close(j, '}');
}

void snap_json_all(FILE *out, const struct snap_list *all)
{
	struct json j = { .out = out };
	size_t i;

	json_open(&j, NULL, '{');
	json_open(&j, "snapshots", '[');
	for (i = 0; i < all->count; i++)
		snap_json(&j, &all->list[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	json_end(&j);
}
