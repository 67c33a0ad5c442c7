// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sizes and times, as people write and read them
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "size.h"

#define NS_PER_SEC 1000000000ULL

/* strtoull() would take a sign, spaces, and an empty string. */
static int digits_parse(const char **text, __u64 *value)
{
	const char *p = *text;
	__u64 v = 0;

	if (*p < '0' || *p > '9')
		return -EINVAL;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (__builtin_mul_overflow(v, (__u64)10, &v) ||
		    __builtin_add_overflow(v, (__u64)(*p - '0'), &v))
			return -ERANGE;
	}
	*text = p;
	*value = v;
	return 0;
}

int size_parse(const char *text, __u64 *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	__u64 value;
	unsigned int shift = 0;
	int err;

	err = digits_parse(&text, &value);
	if (err)
		return err;
	if (*text) {
		/* Both cases are understood: there are no millibytes. */
		unit = strchr(units, *text & ~0x20);
		if (!unit || !*unit)
			return -EINVAL;
		shift = 10 * (unsigned int)(unit - units + 1);
		text++;
		if (*text && strcasecmp(text, "iB"))
			return -EINVAL;
	}
	if (shift && value >> (64 - shift))
		return -ERANGE;
	*bytes = value << shift;
	return 0;
}

const char *size_format(char buf[SIZE_TEXT], __u64 bytes)
{
	static const char units[] = "KMGTPE";
	unsigned int shift = 0, unit = 0;

	if (bytes < 1024) {
		snprintf(buf, SIZE_TEXT, "%llu B", bytes);
		return buf;
	}
	while (bytes >> shift >= 1024)
		shift += 10;
	unit = shift / 10 - 1;
	/* Tenths are cut, not rounded: 1023.99 KiB must not read as 1024. */
	snprintf(buf, SIZE_TEXT, "%llu.%llu %ciB", bytes >> shift,
		 ((bytes & ((1ULL << shift) - 1)) * 10) >> shift, units[unit]);
	return buf;
}

int seconds_parse(const char *text, __u64 *ns)
{
	__u64 seconds, fraction = 0, unit = NS_PER_SEC;
	int err;

	err = digits_parse(&text, &seconds);
	if (err)
		return err;
	if (*text == '.') {
		text++;
		if (!*text)
			return -EINVAL;
		for (; *text >= '0' && *text <= '9'; text++) {
			unit /= 10;
			if (!unit)
				return -EINVAL;
			fraction += unit * (__u64)(*text - '0');
		}
	}
	if (*text)
		return -EINVAL;
	if (__builtin_mul_overflow(seconds, (__u64)NS_PER_SEC, &seconds) ||
	    __builtin_add_overflow(seconds, fraction, ns))
		return -ERANGE;
	return 0;
}

const char *duration_format(char buf[SIZE_TEXT], __u64 ns)
{
	if (ns >= NS_PER_SEC)
		snprintf(buf, SIZE_TEXT, "%llu.%03llu s", ns / NS_PER_SEC,
			 ns % NS_PER_SEC / 1000000);
	else
		snprintf(buf, SIZE_TEXT, "%llu.%03llu ms", ns / 1000000,
			 ns % 1000000 / 1000);
	return buf;
}

const char *time_format(char buf[SIZE_TEXT], __u64 ns)
{
	time_t seconds = (time_t)(ns / NS_PER_SEC);
	char day[24], zone[8];
	struct tm tm;

	if (!localtime_r(&seconds, &tm) ||
	    !strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) ||
	    !strftime(zone, sizeof(zone), "%z", &tm))
		snprintf(buf, SIZE_TEXT, "%llu ns", ns);
	else
		snprintf(buf, SIZE_TEXT, "%s.%03llu%s", day,
			 ns % NS_PER_SEC / 1000000, zone);
	return buf;
}
