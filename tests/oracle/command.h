/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The subcommands. Each gets its arguments, the first being its own name, and
 * returns the exit status of the program.
 */
#ifndef ORACLE_COMMAND_H
#define ORACLE_COMMAND_H

int command_fill(int argc, char *argv[]);
int command_write(int argc, char *argv[]);
int command_check(int argc, char *argv[]);
int command_verify(int argc, char *argv[]);

#endif
