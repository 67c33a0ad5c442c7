/* SPDX-License-Identifier: GPL-2.0-only */
/* A strict check of JSON (RFC 8259), but for numbers, which are whole here */
#ifndef JSON_CHECK_H
#define JSON_CHECK_H

#include <stdbool.h>
#include <string.h>

/* Each of these returns where it ends, or NULL if it is none */
static const char *json_value(const char *p);

static const char *json_blank(const char *p)
{
	return p + strspn(p, " ");
}

static const char *json_text(const char *p)
{
	if (*p++ != '"')
		return NULL;
	while (*p != '"') {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p++ != '\\')
			continue;
		if (*p == 'u' && strspn(p + 1, "0123456789abcdef") >= 4)
			p += 5;
		else if (*p && strchr("\"\\/bfnrt", *p))
			p++;
		else
			return NULL;
	}
	return p + 1;
}

static const char *json_member(const char *p)
{
	p = json_text(json_blank(p));
	if (!p || *p != ':')
		return NULL;
	return json_value(p + 1);
}

/* @p is behind the opening bracket */
static const char *json_rest(const char *p, char close)
{
	if (*p == close)
		return p + 1;
	for (;;) {
		p = close == '}' ? json_member(p) : json_value(p);
		if (!p || *p == close)
			return p ? p + 1 : NULL;
		if (*p++ != ',')
			return NULL;
	}
}

static const char *json_word(const char *p)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	for (i = 0; i < 3; i++)
		if (!strncmp(p, words[i], strlen(words[i])))
			return p + strlen(words[i]);
	if (*p < '0' || *p > '9' || (*p == '0' && p[1] >= '0' && p[1] <= '9'))
		return NULL;
	return p + strspn(p, "0123456789");
}

static const char *json_value(const char *p)
{
	p = json_blank(p);
	if (*p == '{')
		return json_rest(p + 1, '}');
	if (*p == '[')
		return json_rest(p + 1, ']');
	return *p == '"' ? json_text(p) : json_word(p);
}

static bool json_valid(const char *text)
{
	const char *end = json_value(text);

	return end && !*end;
}

#endif
