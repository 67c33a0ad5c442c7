/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A strict check of JSON (RFC 8259), in the least that it takes.
 */
#ifndef TEST_CTL_JSON_H
#define TEST_CTL_JSON_H

#include <stdbool.h>
#include <string.h>

static const char *json_skip(const char *p)
{
	while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')
		p++;
	return p;
}

static const char *json_check_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	for (; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\')
			continue;
		p++;
		if (*p == 'u') {
			if (strspn(p + 1, "0123456789abcdefABCDEF") < 4)
				return NULL;
			p += 4;
		} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return p + 1;
}

static const char *json_check_value(const char *p);

static const char *json_check_list(const char *p, char close)
{
	p = json_skip(p + 1);
	if (*p == close)
		return p + 1;
	for (;;) {
		if (close == '}') {
			p = json_check_string(p);
			if (!p)
				return NULL;
			p = json_skip(p);
			if (*p++ != ':')
				return NULL;
		}
		p = json_check_value(p);
		if (!p)
			return NULL;
		if (*p == close)
			return p + 1;
		if (*p++ != ',')
			return NULL;
		p = json_skip(p);
	}
}

static const char *json_check_value(const char *p)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	p = json_skip(p);
	if (*p == '{' || *p == '[') {
		p = json_check_list(p, *p == '{' ? '}' : ']');
	} else if (*p == '"') {
		p = json_check_string(p);
	} else if (*p >= '0' && *p <= '9') {
		if (*p == '0' && p[1] >= '0' && p[1] <= '9')
			return NULL;
		p += strspn(p, "0123456789");
	} else {
		for (i = 0; i < 3; i++)
			if (!strncmp(p, words[i], strlen(words[i])))
				break;
		p = i < 3 ? p + strlen(words[i]) : NULL;
	}
	return p ? json_skip(p) : NULL;
}

__attribute__((unused))
static bool json_valid(const char *text)
{
	const char *end = json_check_value(text);

	return end && !*end;
}

#endif /* TEST_CTL_JSON_H */
