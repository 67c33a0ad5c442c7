/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results as JSON or as a table of text
 */
#ifndef BLKSNAPCTL_OUTPUT_H
#define BLKSNAPCTL_OUTPUT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

/**
 * struct json - where a JSON text is written to, and how far it has come
 * @out: the stream
 * @more: the next value of this object or array needs a comma before it
 *
 * Keys are given with each value inside an object, NULL inside an array and
 * for the outermost value.
 */
struct json {
	FILE *out;
	bool more;
};

void json_open(struct json *j, const char *key, char bracket);
void json_close(struct json *j, char bracket);
void json_string(struct json *j, const char *key, const char *value);
void json_number(struct json *j, const char *key, __u64 value);
void json_bool(struct json *j, const char *key, bool value);
void json_null(struct json *j, const char *key);
/** json_end - the newline after the outermost value */
void json_end(struct json *j);

/** struct table - cells of text, to be set in columns */
struct table {
	char **cells;
	size_t count;
	size_t columns;
};

void table_init(struct table *t, size_t columns);
/** table_add - the next cell, from left to right and from top to bottom */
void table_add(struct table *t, const char *text);
/** table_print - set it, and free it */
void table_print(struct table *t, FILE *out);

#endif
