/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands, and what they share to read their command lines
 */
#ifndef BLKSNAPCTL_CMD_H
#define BLKSNAPCTL_CMD_H

#include <getopt.h>
#include <stdbool.h>

#include "host.h"
#include "util.h"

/** BLKSNAPCTL_VERSION - version of this program, and of its man page */
#define BLKSNAPCTL_VERSION "0.1.0"

/**
 * struct command - one command
 * @name: what it is called by
 * @func: does it; argv[0] is @name; returns what the program exits with
 * @summary: what it does, in a line
 * @usage: what may follow the name, a line for each form
 */
struct command {
	const char *name;
	int (*func)(const struct host *h, int argc, char *argv[]);
	const char *summary;
	const char *usage;
};

/** cmd_run_line - do what a whole command line says; returns the exit code */
int cmd_run_line(const struct host *h, int argc, char *argv[]);

/** cmd_find - the command of this name, or NULL */
const struct command *cmd_find(const char *name);

/** cmd_print_all - the list of commands */
void cmd_print_all(FILE *out);

/** cmd_print_usage - how one command is used */
void cmd_print_usage(FILE *out, const struct command *cmd);

/**
 * cmd_usage_error - say what is wrong with a command line, and how it should be
 * @name: the command
 *
 * Returns EXIT_USAGE.
 */
int cmd_usage_error(const struct host *h, const char *name, const char *what,
		    ...) __printf(3, 4);

/*
 * What cmd_option() returns besides the values of the options, which are no
 * characters: there are no short ones
 */
#define OPTION_END	(-1)
#define OPTION_HELP	256
#define OPTION_FIRST	257	/* commands number their own from here */
#define OPTION_BAD	'?'

/**
 * cmd_option - the next option, as getopt_long() but with words of its own
 *
 * --help and -h work everywhere and print the usage. After OPTION_HELP and
 * OPTION_BAD all has been said, and the command returns cmd_option_exit().
 */
int cmd_option(const struct host *h, int argc, char *argv[],
	       const struct option *longs);
int cmd_option_exit(int option);

/** cmd_no_options - for commands that have no options but --help */
extern const struct option cmd_no_options[];

int cmd_create(const struct host *h, int argc, char *argv[]);
int cmd_run(const struct host *h, int argc, char *argv[]);
int cmd_list(const struct host *h, int argc, char *argv[]);
int cmd_status(const struct host *h, int argc, char *argv[]);
int cmd_wait(const struct host *h, int argc, char *argv[]);
int cmd_release(const struct host *h, int argc, char *argv[]);
int cmd_attach(const struct host *h, int argc, char *argv[]);
int cmd_detach(const struct host *h, int argc, char *argv[]);
int cmd_version(const struct host *h, int argc, char *argv[]);
int cmd_help(const struct host *h, int argc, char *argv[]);

#endif
