// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Results as JSON or as a table of text
 */
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "util.h"

/*
 * utf8_length - bytes of the UTF-8 sequence that starts here, 0 if it is none
 *
 * Overlong forms, surrogates and what lies beyond U+10FFFF are none (RFC 3629).
 */
static size_t utf8_length(const unsigned char *s)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length, i;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	length = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	for (i = 1; i < length; i++) {
		if (s[i] < low || s[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

static void put_string(FILE *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t length;

	fputc('"', out);
	for (; *s; s += length) {
		length = utf8_length(s);
		if (!length) {
			/* Paths are bytes, JSON is not: mark what has no name */
			fputs("\\ufffd", out);
			length = 1;
		} else if (*s == '"' || *s == '\\') {
			fprintf(out, "\\%c", *s);
		} else if (*s < 0x20 || *s == 0x7f) {
			fprintf(out, "\\u%04x", *s);
		} else {
			fwrite(s, 1, length, out);
		}
	}
	fputc('"', out);
}

static void json_value(struct json *j, const char *key)
{
	if (j->more)
		fputs(", ", j->out);
	j->more = true;
	if (key) {
		put_string(j->out, key);
		fputs(": ", j->out);
	}
}

void json_open(struct json *j, const char *key, char bracket)
{
	json_value(j, key);
	fputc(bracket, j->out);
	j->more = false;
}

void json_close(struct json *j, char bracket)
{
	fputc(bracket, j->out);
	j->more = true;
}

void json_string(struct json *j, const char *key, const char *value)
{
	json_value(j, key);
	put_string(j->out, value);
}

void json_number(struct json *j, const char *key, __u64 value)
{
	json_value(j, key);
	fprintf(j->out, "%llu", value);
}

void json_bool(struct json *j, const char *key, bool value)
{
	json_value(j, key);
	fputs(value ? "true" : "false", j->out);
}

void json_null(struct json *j, const char *key)
{
	json_value(j, key);
	fputs("null", j->out);
}

void json_end(struct json *j)
{
	fputc('\n', j->out);
	j->more = false;
}

void table_init(struct table *t, size_t columns)
{
	t->cells = NULL;
	t->count = 0;
	t->columns = columns;
}

void table_add(struct table *t, const char *text)
{
	t->cells = xreallocarray(t->cells, t->count + 1, sizeof(*t->cells));
	t->cells[t->count++] = xstrdup(text);
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t width = 0, length, i;

	for (i = column; i < t->count; i += t->columns) {
		length = strlen(t->cells[i]);
		if (length > width)
			width = length;
	}
	return width;
}

void table_print(struct table *t, FILE *out)
{
	size_t *widths = xcalloc(t->columns, sizeof(*widths));
	size_t i, column;

	for (column = 0; column < t->columns; column++)
		widths[column] = column_width(t, column);
	for (i = 0; i < t->count; i++) {
		column = i % t->columns;
		/* No trailing spaces: the last column is not filled up */
		if (column + 1 == t->columns)
			fprintf(out, "%s\n", t->cells[i]);
		else
			fprintf(out, "%-*s  ", (int)widths[column],
				t->cells[i]);
		free(t->cells[i]);
	}
	free(widths);
	free(t->cells);
	table_init(t, t->columns);
}
