/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages, memory, small files
 */
#ifndef BLKSNAPCTL_UTIL_H
#define BLKSNAPCTL_UTIL_H

#include <stddef.h>

#include "host.h"

/** EXIT_USAGE - the command line was wrong; nothing was done */
#define EXIT_USAGE 2

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define __printf(a, b) __attribute__((__format__(printf, a, b)))

/**
 * report - say what went wrong: "blksnapctl: OBJECT: CAUSE; REMEDY"
 * @object: what it is about
 * @remedy: what to do about it, or NULL
 * @cause: why, as for printf()
 *
 * Returns EXIT_FAILURE.
 */
int report(const struct host *h, const char *object, const char *remedy,
	   const char *cause, ...) __printf(4, 5);

/* These end the program when there is no memory: descriptors close with it. */
void *xcalloc(size_t count, size_t size);
void *xreallocarray(void *p, size_t count, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __printf(1, 2);

/**
 * read_line - the first line of a small file, without its newline
 * @fmt: the file's path, as for printf()
 *
 * Returns its length, or a negative errno.
 */
int read_line(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/** flush_output - returns 0, or EXIT_FAILURE after saying what was wrong */
int flush_output(const struct host *h);

#endif
