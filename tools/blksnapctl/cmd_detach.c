// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stop tracking devices
 */
#include "cmd.h"
#include "origins.h"

int cmd_detach(const struct host *h, int argc, char *argv[])
{
	int c = cmd_option(h, argc, argv, cmd_no_options);

	if (c != OPTION_END)
		return cmd_option_exit(c);
	if (optind == argc)
		return cmd_usage_error(h, argv[0], "no DEVICE was given");
	return origins_each(h, argv + optind, (size_t)(argc - optind),
			    BLKSNAP_IOC_TRACKER_DETACH);
}
