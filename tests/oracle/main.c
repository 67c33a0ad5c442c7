// SPDX-License-Identifier: GPL-2.0-only
/*
 * oracle: writes to volumes what tells when it was written, and judges by that
 * whether images of them show one instant. Exit status: 0 done or right, 1
 * failed or wrong, 2 asked for wrongly.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "util.h"

static const char usage[] =
	"usage: oracle now\n"
	"       oracle fill   -j JOURNAL -s SEED VOLUME...\n"
	"       oracle write  -j JOURNAL [-t SECONDS] [-c COUNT] [-d DOORS]\n"
	"                     [-n THREADS] [-q DEPTH] [-m MINBYTES]\n"
	"                     [-M MAXBYTES] [-x PERCENT] [-s SEED] [-D]\n"
	"                     VOLUME...\n"
	"       oracle check  -j JOURNAL -b BEGIN -e END [-p PASSES] VOLUME...\n"
	"       oracle verify -j JOURNAL VOLUME...\n"
	"VOLUME: ID:PATH[:OFFSET[:SECTORS]]\n"
	"DOORS: some of direct,aio,uring,buffered,mmap; all if not told;\n"
	"       also poll, for disks with polled queues\n";

static int command_now(int argc, char *argv[])
{
	if (argc > 1)
		bad_usage("%s takes no arguments", argv[0]);
	printf("%llu\n", (unsigned long long)now_ns());
	return 0;
}

static const struct {
	const char *name;
	int (*run)(int argc, char *argv[]);
} commands[] = {
	{ "now", command_now },
	{ "fill", command_fill },
	{ "write", command_write },
	{ "check", command_check },
	{ "verify", command_verify },
};

int main(int argc, char *argv[])
{
	size_t i;

	for (i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fputs(usage, stderr);
	return EXIT_USAGE;
}
