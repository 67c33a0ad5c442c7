// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tell how a command is used
 */
#include <stdlib.h>

#include "cmd.h"

int cmd_help(const struct host *h, int argc, char *argv[])
{
	const struct command *cmd;
	int c;

	c = cmd_option(h, argc, argv, cmd_no_options);
	if (c != OPTION_END)
		return cmd_option_exit(c);
	if (argc - optind > 1)
		return cmd_usage_error(h, argv[0], "one command at a time");
	if (optind == argc) {
		cmd_print_all(h->out);
		return EXIT_SUCCESS;
	}
	cmd = cmd_find(argv[optind]);
	if (!cmd)
		return cmd_usage_error(h, argv[0], "there is no command %s",
				       argv[optind]);
	fprintf(h->out, "%s - %s\n\n", cmd->name, cmd->summary);
	cmd_print_usage(h->out, cmd);
	return EXIT_SUCCESS;
}
