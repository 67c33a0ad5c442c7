// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * blksnapctl: snapshots of live block devices
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

/*
 * A standard descriptor that is closed would be given to the next file that is
 * opened, and messages written into a block device. What takes its place here
 * cannot be written to: output that goes nowhere stays an error.
 */
static void fill_standard_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char *argv[])
{
	struct host h;
	int code;

	fill_standard_fds();
	/* A reader that went away is an error like a full disk, told at exit */
	signal(SIGPIPE, SIG_IGN);
	host_init(&h);
	code = cmd_run_line(&h, argc, argv);
	if (code == EXIT_SUCCESS)
		code = flush_output(&h);
	if (fclose(stdout) && code == EXIT_SUCCESS) {
		h.out = stderr; /* report() flushes it */
		code = report(&h, "standard output", NULL, "cannot write: %s",
			      strerror(errno));
	}
	return code;
}
