// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Release snapshots and their storage
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cmd.h"
#include "id.h"
#include "snap.h"
#include "users.h"

enum {
	OPTION_ALL = OPTION_FIRST,
	OPTION_FORCE,
};

static const struct option longs[] = {
	{ "all", no_argument, NULL, OPTION_ALL },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ NULL, 0, NULL, 0 },
};

/* Say which image is open, and who has it. */
static void say_busy(const struct host *h, int snapshot, const char *text)
{
	const char *remedy = "umount or close it, or use --force";
	char image[SNAP_PATH], *user = NULL;
	struct snap snap;

	if (!snap_read(h, snapshot, &snap)) {
		user = users_find(h, &snap, image);
		if (!user && snap.info.count == 1) {
			user = xstrdup("open");
			snap_path(image, snap.members[0].image);
		}
		snap_free(&snap);
	}
	if (user)
		report(h, text, remedy, "image %s is %s", image, user);
	else
		report(h, text, remedy, "one of its images is open");
	free(user);
}

static int destroy(const struct host *h, int snapshot, const char *text,
		   bool force)
{
	struct blksnap_destroy arg = { .flags = 0 };
	int err;

	if (force)
		arg.flags = BLKSNAP_DESTROY_FORCE;
	err = ctl_ioctl(h, snapshot, BLKSNAP_IOC_DESTROY, &arg);
	/* Somebody else was faster: that is what was wanted. */
	if (!err || err == -ESHUTDOWN)
		return EXIT_SUCCESS;
	if (err == -EBUSY)
		say_busy(h, snapshot, text);
	else
		ctl_fail(h, text, BLKSNAP_IOC_DESTROY, err);
	return EXIT_FAILURE;
}

static int release_one(const struct host *h, int ctl, const char *text,
		       bool force)
{
	__u8 id[BLKSNAP_ID_SIZE];
	int snapshot, code;

	snapshot = id_open(h, ctl, text, id);
	if (snapshot < 0)
		return EXIT_FAILURE;
	code = destroy(h, snapshot, text, force);
	close(snapshot);
	return code;
}

static int release_id(const struct host *h, int ctl, const __u8 *id,
		      bool force)
{
	char text[ID_TEXT];
	int snapshot, code;

	id_format(text, id);
	snapshot = ctl_snapshot_open(h, ctl, id);
	if (snapshot == -ENOENT)
		return EXIT_SUCCESS;
	if (snapshot < 0)
		return ctl_fail(h, text, BLKSNAP_IOC_SNAPSHOT_OPEN, snapshot);
	code = destroy(h, snapshot, text, force);
	close(snapshot);
	return code;
}

static int release_all(const struct host *h, int ctl, bool force)
{
	int count, i, code = EXIT_SUCCESS;
	__u8 *ids;

	count = ctl_snapshot_ids(h, ctl, &ids);
	if (count < 0)
		return ctl_fail(h, "snapshots", BLKSNAP_IOC_SNAPSHOT_LIST,
				count);
	for (i = 0; i < count; i++)
		if (release_id(h, ctl, ids + i * BLKSNAP_ID_SIZE, force))
			code = EXIT_FAILURE;
	free(ids);
	return code;
}

int cmd_release(const struct host *h, int argc, char *argv[])
{
	bool all = false, force = false;
	int c, i, ctl, code = EXIT_SUCCESS;

	while ((c = cmd_option(h, argc, argv, longs)) != OPTION_END) {
		if (c == OPTION_ALL)
			all = true;
		else if (c == OPTION_FORCE)
			force = true;
		else
			return cmd_option_exit(c);
	}
	if (all ? optind < argc : optind == argc)
		return cmd_usage_error(h, argv[0],
				       "give either the ID of a snapshot or --all");
	ctl = ctl_open(h);
	if (ctl < 0)
		return EXIT_FAILURE;
	if (all)
		code = release_all(h, ctl, force);
	for (i = optind; i < argc; i++)
		if (release_one(h, ctl, argv[i], force))
			code = EXIT_FAILURE;
	close(ctl);
	return code;
}
