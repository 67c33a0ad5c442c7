// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * List the snapshots, or the tracked devices
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "id.h"
#include "size.h"
#include "snap.h"

enum {
	OPTION_TRACKERS = OPTION_FIRST,
	OPTION_JSON,
};

static const struct option longs[] = {
	{ "trackers", no_argument, NULL, OPTION_TRACKERS },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ NULL, 0, NULL, 0 },
};

static void add_origins(struct table *t, const struct snap *snap)
{
	char path[SNAP_PATH], *text = xstrdup(""), *longer;
	__u32 i;

	for (i = 0; i < snap->info.count; i++) {
		longer = xasprintf("%s%s%s", text, i ? " " : "",
				   snap_path(path, snap->members[i].name));
		free(text);
		text = longer;
	}
	table_add(t, text);
	free(text);
}

static void print_snapshots(FILE *out, const struct snap_list *all)
{
	char id[ID_TEXT], size[SIZE_TEXT];
	struct table t;
	size_t i;

	table_init(&t, 4);
	table_add(&t, "ID");
	table_add(&t, "STATE");
	table_add(&t, "USED");
	table_add(&t, "ORIGINS");
	for (i = 0; i < all->count; i++) {
		table_add(&t, id_format(id, all->list[i].info.id));
		table_add(&t, snap_state(&all->list[i]));
		table_add(&t, size_format(size,
					  all->list[i].info.storage_used));
		add_origins(&t, &all->list[i]);
	}
	table_print(&t, out);
}

static int list_snapshots(const struct host *h, int ctl, bool json)
{
	struct snap_list all;

	if (snap_read_all(h, ctl, &all))
		return EXIT_FAILURE;
	if (json)
		snap_json_all(h->out, &all);
	else
		print_snapshots(h->out, &all);
	snap_free_all(&all);
	return EXIT_SUCCESS;
}

static void print_trackers(FILE *out, const struct blksnap_tracker_info *info,
			   __u32 count)
{
	char text[SNAP_PATH], size[SIZE_TEXT], id[ID_TEXT];
	bool used;
	struct table t;
	__u32 i;

	table_init(&t, 5);
	table_add(&t, "DEVICE");
	table_add(&t, "SIZE");
	table_add(&t, "WRITES");
	table_add(&t, "ATTACHED");
	table_add(&t, "SNAPSHOT");
	for (i = 0; i < count; i++, info++) {
		table_add(&t, snap_path(text, info->name));
		table_add(&t, size_format(size, info->sectors * 512));
		snprintf(text, sizeof(text), "%llu", info->writes);
		table_add(&t, text);
		table_add(&t, info->flags & BLKSNAP_TRACKER_AUTO ? "by snapshot"
								 : "by hand");
		used = info->flags & BLKSNAP_TRACKER_IN_SNAPSHOT;
		table_add(&t, used ? id_format(id, info->snapshot_id) : "-");
	}
	table_print(&t, out);
}

static void tracker_json(struct json *j, const struct blksnap_tracker_info *t)
{
	char path[SNAP_PATH], id[ID_TEXT];

	json_open(j, NULL, '{');
	json_string(j, "device", snap_path(path, t->name));
	json_number(j, "major", t->major);
	json_number(j, "minor", t->minor);
	json_number(j, "start", t->start * 512);
	json_number(j, "size", t->sectors * 512);
	json_number(j, "writes", t->writes);
	json_bool(j, "auto", t->flags & BLKSNAP_TRACKER_AUTO);
	if (t->flags & BLKSNAP_TRACKER_IN_SNAPSHOT)
		json_string(j, "snapshot", id_format(id, t->snapshot_id));
	else
		json_null(j, "snapshot");
	json_close(j, '}');
}

static void trackers_json(FILE *out, const struct blksnap_tracker_info *info,
			  __u32 count)
{
	struct json j = { .out = out };
	__u32 i;

	json_open(&j, NULL, '{');
	json_open(&j, "trackers", '[');
	for (i = 0; i < count; i++)
		tracker_json(&j, &info[i]);
	json_close(&j, ']');
	json_close(&j, '}');
	json_end(&j);
}

static int list_trackers(const struct host *h, int ctl, bool json)
{
	struct blksnap_tracker_list arg = { .count = 0 };
	struct blksnap_tracker_info *info = NULL;
	__u32 room;
	int err;

	do {
		room = arg.count + 16;
		info = xreallocarray(info, room, sizeof(*info));
		arg.count = room;
		arg.trackers_ptr = (uintptr_t)info;
		err = ctl_ioctl(h, ctl, BLKSNAP_IOC_TRACKER_LIST, &arg);
	} while (!err && arg.count > room);
	if (err)
		ctl_fail(h, "trackers", BLKSNAP_IOC_TRACKER_LIST, err);
	else if (json)
		trackers_json(h->out, info, arg.count);
	else
		print_trackers(h->out, info, arg.count);
	free(info);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int cmd_list(const struct host *h, int argc, char *argv[])
{
	bool trackers = false, json = false;
	int c, ctl, code;

	while ((c = cmd_option(h, argc, argv, longs)) != OPTION_END) {
		if (c == OPTION_TRACKERS)
			trackers = true;
		else if (c == OPTION_JSON)
			json = true;
		else
			return cmd_option_exit(c);
	}
	if (optind < argc)
		return cmd_usage_error(h, argv[0], "%s: no argument expected",
				       argv[optind]);
	ctl = ctl_open(h);
	if (ctl < 0)
		return EXIT_FAILURE;
	code = trackers ? list_trackers(h, ctl, json) :
			  list_snapshots(h, ctl, json);
	close(ctl);
	return code;
}
