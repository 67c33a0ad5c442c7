// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tell all about a snapshot, or about each
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "id.h"
#include "size.h"
#include "snap.h"

static const struct option longs[] = {
	{ "json", no_argument, NULL, OPTION_FIRST },
	{ NULL, 0, NULL, 0 },
};

static void print_storage(FILE *out, const struct blksnap_snapshot_info *info)
{
	char used[SIZE_TEXT], reserved[SIZE_TEXT], limit[SIZE_TEXT];

	fprintf(out, "  storage   %s used, %s reserved, %s limit\n",
		size_format(used, info->storage_used),
		size_format(reserved, info->storage_reserved),
		size_format(limit, info->storage_limit));
}

static void print_cut(FILE *out, const struct blksnap_snapshot_info *info)
{
	char text[SIZE_TEXT];

	if (!info->taken_ns)
		return;
	fprintf(out, "  taken     %s\n", time_format(text, info->taken_ns));
	fprintf(out, "  pause     %s", duration_format(text, info->pause_ns));
	fprintf(out, ", %s of it with writes parked\n",
		duration_format(text, info->gate_ns));
}

static void print_member(FILE *out, const struct blksnap_member_info *m)
{
	char origin[SNAP_PATH], image[SNAP_PATH];
	char size[SIZE_TEXT], unit[SIZE_TEXT];

	fprintf(out, "  %s -> %s\n", snap_path(origin, m->name),
		m->image[0] ? snap_path(image, m->image) : "no image yet");
	fprintf(out, "    size       %s in blocks of %s%s%s\n",
		size_format(size, m->sectors * 512),
		size_format(unit, m->block_size),
		m->flags & BLKSNAP_MEMBER_WHOLE_DISK ? ", whole disk" : "",
		m->flags & BLKSNAP_MEMBER_FROZEN ? ", file system frozen" : "");
	fprintf(out, "    old data   %s copied",
		size_format(size, m->copied));
	fprintf(out, ", %s stored\n", size_format(size, m->stored));
	fprintf(out, "    requests   %llu held, %llu discards kept back\n",
		m->held, m->discards);
	fprintf(out, "    image      %s read\n",
		size_format(size, m->image_read));
}

static void print_snapshot(FILE *out, const struct snap *snap)
{
	const struct blksnap_snapshot_info *info = &snap->info;
	char id[ID_TEXT];
	__u32 i;

	fprintf(out, "%s\n  state     %s%s\n", id_format(id, info->id),
		snap_state(snap),
		info->flags & BLKSNAP_INFO_HELD ? ", held" : "");
	if (info->error)
		fprintf(out, "  cause     %s\n", snap_cause(info->error));
	print_cut(out, info);
	print_storage(out, info);
	for (i = 0; i < info->count; i++)
		print_member(out, &snap->members[i]);
}

/* Read the snapshot of this id as a list of one. */
static int read_one(const struct host *h, int ctl, const char *text,
		    struct snap_list *all)
{
	__u8 id[BLKSNAP_ID_SIZE];
	int fd, err;

	memset(all, 0, sizeof(*all));
	fd = id_open(h, ctl, text, id);
	if (fd < 0)
		return -1;
	all->list = xcalloc(1, sizeof(*all->list));
	err = snap_read(h, fd, all->list);
	close(fd);
	if (err) {
		ctl_fail(h, text, BLKSNAP_IOC_INFO, err);
		snap_free_all(all);
		return -1;
	}
	all->count = 1;
	return 0;
}

static int show(const struct host *h, const char *text, bool json)
{
	struct snap_list all;
	int ctl, err;
	size_t i;

	ctl = ctl_open(h);
	if (ctl < 0)
		return EXIT_FAILURE;
	err = text ? read_one(h, ctl, text, &all) : snap_read_all(h, ctl, &all);
	close(ctl);
	if (err)
		return EXIT_FAILURE;
	if (json)
		snap_json_all(h->out, &all);
	else
		for (i = 0; i < all.count; i++)
			print_snapshot(h->out, &all.list[i]);
	snap_free_all(&all);
	return EXIT_SUCCESS;
}

int cmd_status(const struct host *h, int argc, char *argv[])
{
	bool json = false;
	int c;

	while ((c = cmd_option(h, argc, argv, longs)) != OPTION_END) {
		if (c != OPTION_FIRST)
			return cmd_option_exit(c);
		json = true;
	}
	if (argc - optind > 1)
		return cmd_usage_error(h, argv[0], "one ID at a time");
	return show(h, optind < argc ? argv[optind] : NULL, json);
}
