/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Run a command and be, to others, as if it were this one
 */
#ifndef BLKSNAPCTL_CHILD_H
#define BLKSNAPCTL_CHILD_H

#include "host.h"

/**
 * child_run - run a command, passing on SIGTERM, SIGINT and SIGHUP to it
 *
 * Returns its exit code, 128+n if signal n killed it, 127 if there is no such
 * command and 126 if it cannot be run.
 */
int child_run(const struct host *h, char *const argv[]);

#endif
