// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tell the versions of program and module
 */
#include <stdlib.h>
#include <unistd.h>

#include "cmd.h"
#include "ctl.h"
#include "output.h"

static const struct option longs[] = {
	{ "json", no_argument, NULL, OPTION_FIRST },
	{ NULL, 0, NULL, 0 },
};

/* 0, or -1 after saying what was wrong */
static int ask_module(const struct host *h, struct blksnap_version *version)
{
	int ctl, err;

	ctl = ctl_open(h);
	if (ctl < 0)
		return -1;
	err = ctl_ioctl(h, ctl, BLKSNAP_IOC_VERSION, version);
	close(ctl);
	if (err)
		ctl_fail(h, h->control, BLKSNAP_IOC_VERSION, err);
	return err ? -1 : 0;
}

static void print(FILE *out, bool json, const char *module, __u64 features)
{
	struct json j = { .out = out };

	if (!json) {
		fputs("blksnapctl " BLKSNAPCTL_VERSION "\n", out);
		if (module)
			fprintf(out, "module     %s\n", module);
		return;
	}
	json_open(&j, NULL, '{');
	json_string(&j, "blksnapctl", BLKSNAPCTL_VERSION);
	if (module)
		json_string(&j, "module", module);
	else
		json_null(&j, "module");
	json_number(&j, "features", features);
	json_close(&j, '}');
	json_end(&j);
}

int cmd_version(const struct host *h, int argc, char *argv[])
{
	struct blksnap_version version = { .flags = 0 };
	char module[40];
	bool json = false;
	int c, err;

	while ((c = cmd_option(h, argc, argv, longs)) != OPTION_END) {
		if (c != OPTION_FIRST)
			return cmd_option_exit(c);
		json = true;
	}
	if (optind < argc)
		return cmd_usage_error(h, argv[0], "%s: no argument expected",
				       argv[optind]);
	err = ask_module(h, &version);
	snprintf(module, sizeof(module), "%u.%u.%u", version.major,
		 version.minor, version.patch);
	print(h->out, json, err ? NULL : module, version.features);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
