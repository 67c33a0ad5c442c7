// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Run a command with a snapshot, then release it
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "cmd.h"
#include "id.h"
#include "take.h"

static int set_variable(const struct host *h, const char *name, const char *value)
{
	if (!setenv(name, value, 1))
		return 0;
	report(h, name, NULL, "cannot set it: %s", strerror(errno));
	return -1;
}

/* BLKSNAP_IMAGES: "/dev/sda1=/dev/blksnap0 /dev/sdb=/dev/blksnap1" */
static int set_images(const struct host *h, const struct snap *snap)
{
	char origin[SNAP_PATH], image[SNAP_PATH], name[32];
	char *all = xstrdup(""), *longer;
	int err = 0;
	__u32 i;

	for (i = 0; i < snap->info.count && !err; i++) {
		snap_path(origin, snap->members[i].name);
		snap_path(image, snap->members[i].image);
		longer = xasprintf("%s%s%s=%s", all, i ? " " : "", origin,
				   image);
		free(all);
		all = longer;
		snprintf(name, sizeof(name), "BLKSNAP_IMAGE_%u", i);
		err = set_variable(h, name, image);
	}
	/* Within another run there may be more of them, which are not ours */
	for (; i < BLKSNAP_MAX_MEMBERS && !err; i++) {
		snprintf(name, sizeof(name), "BLKSNAP_IMAGE_%u", i);
		unsetenv(name);
	}
	if (!err)
		err = set_variable(h, "BLKSNAP_IMAGES", all);
	free(all);
	return err;
}

static int set_environment(const struct host *h, const struct snap *snap)
{
	char id[ID_TEXT];

	if (set_variable(h, "BLKSNAP_ID", id_format(id, snap->info.id)))
		return -1;
	return set_images(h, snap);
}

#define DISTRUST "do not trust what was read from its images"

/* A command that did not notice that its image went bad did not succeed. */
static int check_failed(const struct host *h, int snapshot, const __u8 *uuid,
			int code)
{
	char id[ID_TEXT];
	struct snap snap;
	bool good = false;
	int err;

	id_format(id, uuid);
	err = snap_read(h, snapshot, &snap);
	if (err == -ESHUTDOWN)
		report(h, id, DISTRUST,
		       "the snapshot was released while the command ran");
	else if (err)
		ctl_fail(h, id, BLKSNAP_IOC_INFO, err);
	else if (snap.info.state == BLKSNAP_STATE_FAILED)
		report(h, id, DISTRUST, "the snapshot failed: %s",
		       snap_cause(snap.info.error));
	else
		good = true;
	snap_free(&snap);
	return good || code ? code : EXIT_FAILURE;
}

/*
 * Others may have it open ("blksnapctl wait"): closing would not release it,
 * this does. An error is no news: closing is all that is left then.
 */
static void release(const struct host *h, int snapshot)
{
	struct blksnap_destroy arg = { .flags = BLKSNAP_DESTROY_FORCE };

	ctl_ioctl(h, snapshot, BLKSNAP_IOC_DESTROY, &arg);
	close(snapshot);
}

static void print(const struct host *h, const struct snap *snap)
{
	struct json j = { .out = h->out };

	snap_json(&j, snap);
	json_end(&j);
}

static int run(const struct host *h, const struct plan *plan,
	       char *const command[])
{
	struct snap snap;
	int snapshot, code = EXIT_FAILURE;

	snapshot = take(h, plan, &snap);
	if (snapshot < 0)
		return EXIT_FAILURE;
	if (plan->json)
		print(h, &snap);
	if (!flush_output(h) && !set_environment(h, &snap)) {
		code = child_run(h, command);
		code = check_failed(h, snapshot, snap.info.id, code);
	}
	release(h, snapshot);
	snap_free(&snap);
	return code;
}

/* Found before getopt sees it, which would move the devices behind it. */
static int find_dashes(int argc, char *argv[])
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--"))
			break;
	return i;
}

int cmd_run(const struct host *h, int argc, char *argv[])
{
	int dashes = find_dashes(argc, argv);
	struct plan plan;
	int code;

	if (plan_parse(h, dashes, argv, &plan, &code)) {
		if (argc - dashes < 2)
			code = cmd_usage_error(h, argv[0],
					       "no COMMAND was given, it goes after --");
		else
			code = run(h, &plan, argv + dashes + 1);
	}
	plan_free(&plan);
	return code;
}
