// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of commands, and what they share
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

#define STORAGE_OPTIONS \
	"--storage DIR|DEVICE [--storage ...] [--reserve SIZE]\n" \
	"[--limit SIZE] [--timeout SECONDS] [--json] DEVICE..."

static const struct command commands[] = {
	{ "create", cmd_create, "make a snapshot that stays until released",
	  STORAGE_OPTIONS },
	{ "run", cmd_run, "run a command with a snapshot, then release it",
	  STORAGE_OPTIONS "\n-- COMMAND [ARGUMENT...]" },
	{ "list", cmd_list, "list the snapshots, or the tracked devices",
	  "[--trackers] [--json]" },
	{ "status", cmd_status, "tell all about a snapshot, or about each",
	  "[--json] [ID]" },
	{ "wait", cmd_wait, "print a snapshot's events until it ends",
	  "[--timeout SECONDS] [--json] ID" },
	{ "release", cmd_release, "release snapshots and their storage",
	  "[--force] ID...\n[--force] --all" },
	{ "attach", cmd_attach, "track the writes to devices from now on",
	  "DEVICE..." },
	{ "detach", cmd_detach, "stop tracking devices", "DEVICE..." },
	{ "version", cmd_version, "tell the versions of program and module",
	  "[--json]" },
	{ "help", cmd_help, "tell how a command is used", "[COMMAND]" },
};

const struct option cmd_no_options[] = {
	{ NULL, 0, NULL, 0 },
};

const struct command *cmd_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

void cmd_print_all(FILE *out)
{
	size_t i;

	fputs("usage: blksnapctl COMMAND [ARGUMENT...]\n\n", out);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-8s  %s\n", commands[i].name,
			commands[i].summary);
	fputs("\n\"blksnapctl help COMMAND\" and blksnapctl(8) tell more.\n",
	      out);
}

/* The first line after "usage:", those that follow set in below it. */
void cmd_print_usage(FILE *out, const struct command *cmd)
{
	const char *line = cmd->usage;
	const char *lead = "usage: blksnapctl";
	size_t length;

	for (;;) {
		length = strcspn(line, "\n");
		fprintf(out, "%17s %-7s %.*s\n", lead,
			lead[0] ? cmd->name : "", (int)length, line);
		if (!line[length])
			break;
		line += length + 1;
		lead = "";
	}
}

int cmd_usage_error(const struct host *h, const char *name, const char *what,
		    ...)
{
	const struct command *cmd = cmd_find(name);
	va_list args;

	fprintf(h->err, "blksnapctl: %s: ", name);
	va_start(args, what);
	vfprintf(h->err, what, args);
	va_end(args);
	fputc('\n', h->err);
	if (cmd)
		cmd_print_usage(h->err, cmd);
	return EXIT_USAGE;
}

static int bad_option(const struct host *h, char *argv[], int c)
{
	/* A long option stands before optind, whatever is wrong with it. */
	const char *arg = argv[optind - 1];

	if (c == ':')
		cmd_usage_error(h, argv[0], "%s needs a value", arg);
	else if (optopt >= OPTION_HELP)
		cmd_usage_error(h, argv[0], "%s takes no value", arg);
	else if (optopt)
		cmd_usage_error(h, argv[0], "there is no option -%c", optopt);
	else
		cmd_usage_error(h, argv[0], "there is no option %s", arg);
	return OPTION_BAD;
}

/*
 * The table of a command's options with --help added: getopt_long() knows one
 * table only.
 */
static struct option *with_help(const struct option *longs)
{
	struct option *all;
	size_t count = 0;

	while (longs[count].name)
		count++;
	all = xcalloc(count + 2, sizeof(*all));
	memcpy(all, longs, count * sizeof(*all));
	all[count].name = "help";
	all[count].val = OPTION_HELP;
	return all;
}

int cmd_option(const struct host *h, int argc, char *argv[],
	       const struct option *longs)
{
	struct option *all = with_help(longs);
	int c;

	opterr = 0;
	c = getopt_long(argc, argv, ":h", all, NULL);
	free(all);
	if (c == 'h')
		c = OPTION_HELP;
	if (c == OPTION_HELP)
		cmd_print_usage(h->out, cmd_find(argv[0]));
	else if (c == ':' || c == '?')
		c = bad_option(h, argv, c);
	return c;
}

int cmd_option_exit(int option)
{
	return option == OPTION_HELP ? EXIT_SUCCESS : EXIT_USAGE;
}

int cmd_run_line(const struct host *h, int argc, char *argv[])
{
	const struct command *cmd;
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name) {
		cmd_print_all(h->err);
		return EXIT_USAGE;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		cmd_print_all(h->out);
		return EXIT_SUCCESS;
	}
	if (!strcmp(name, "--version")) {
		fputs("blksnapctl " BLKSNAPCTL_VERSION "\n", h->out);
		return EXIT_SUCCESS;
	}
	cmd = cmd_find(name);
	if (!cmd) {
		fprintf(h->err, "blksnapctl: there is no %s %s\n",
			name[0] == '-' ? "option" : "command", name);
		cmd_print_all(h->err);
		return EXIT_USAGE;
	}
	/* 0 makes getopt forget what an earlier command line left behind */
	optind = 0;
	return cmd->func(h, argc - 1, argv + 1);
}
