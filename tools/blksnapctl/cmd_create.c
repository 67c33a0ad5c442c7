// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Make a snapshot that stays until it is released
 */
#include <stdlib.h>
#include <unistd.h>

#include "cmd.h"
#include "id.h"
#include "take.h"

static void print(FILE *out, bool json, const struct snap *snap)
{
	char id[ID_TEXT], origin[SNAP_PATH], image[SNAP_PATH];
	struct json j = { .out = out };
	__u32 i;

	if (json) {
		snap_json(&j, snap);
		json_end(&j);
		return;
	}
	fprintf(out, "%s\n", id_format(id, snap->info.id));
	for (i = 0; i < snap->info.count; i++)
		fprintf(out, "%s %s\n",
			snap_path(origin, snap->members[i].name),
			snap_path(image, snap->members[i].image));
}

int cmd_create(const struct host *h, int argc, char *argv[])
{
	struct snap snap = { .members = NULL };
	struct plan plan;
	int snapshot = -1, code;

	if (!plan_parse(h, argc, argv, &plan, &code))
		goto out;
	code = EXIT_FAILURE;
	snapshot = take(h, &plan, &snap);
	if (snapshot < 0)
		goto out;
	snap.info.flags |= BLKSNAP_INFO_HELD;
	print(h->out, plan.json, &snap);
	/* Last: if nobody got to know its id, it would stay for ever. */
	if (!flush_output(h) && !take_hold(h, snapshot))
		code = EXIT_SUCCESS;
out:
	if (snapshot >= 0)
		close(snapshot);
	snap_free(&snap);
	plan_free(&plan);
	return code;
}
