// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ids of snapshots
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "id.h"
#include "util.h"

#define SHOWS "\"blksnapctl list\" shows those that exist"

const char *id_format(char buf[ID_TEXT], const __u8 *id)
{
	char *p = buf;
	int i;

	for (i = 0; i < BLKSNAP_ID_SIZE; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		p += sprintf(p, "%02x", id[i]);
	}
	return buf;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int id_parse(const char *text, struct id_prefix *prefix)
{
	int digit;

	memset(prefix, 0, sizeof(*prefix));
	for (; *text; text++) {
		if (*text == '-')
			continue;
		digit = hex_digit(*text);
		if (digit < 0 || prefix->digits == 2 * BLKSNAP_ID_SIZE)
			return -EINVAL;
		if (prefix->digits % 2 == 0)
			digit <<= 4;
		prefix->bytes[prefix->digits / 2] |= (__u8)digit;
		prefix->digits++;
	}
	return prefix->digits < ID_MIN_DIGITS ? -EINVAL : 0;
}

bool id_matches(const struct id_prefix *prefix, const __u8 *id)
{
	unsigned int whole = prefix->digits / 2;

	if (memcmp(prefix->bytes, id, whole))
		return false;
	return prefix->digits % 2 == 0 ||
	       prefix->bytes[whole] == (id[whole] & 0xf0);
}

/* Find the one snapshot that a prefix stands for. */
static int resolve(const struct host *h, int ctl, const char *text,
		   const struct id_prefix *prefix, __u8 id[BLKSNAP_ID_SIZE])
{
	int count, i, matches = 0;
	__u8 *ids;

	count = ctl_snapshot_ids(h, ctl, &ids);
	if (count < 0) {
		ctl_fail(h, text, BLKSNAP_IOC_SNAPSHOT_LIST, count);
		return -1;
	}
	for (i = 0; i < count; i++) {
		if (!id_matches(prefix, ids + i * BLKSNAP_ID_SIZE))
			continue;
		memcpy(id, ids + i * BLKSNAP_ID_SIZE, BLKSNAP_ID_SIZE);
		matches++;
	}
	free(ids);
	if (matches == 1)
		return 0;
	if (matches)
		report(h, text, "write more of its digits, " SHOWS,
		       "the ids of %d snapshots begin so", matches);
	else
		report(h, text, SHOWS, "no snapshot has this id");
	return -1;
}

int id_open(const struct host *h, int ctl, const char *text,
	    __u8 id[BLKSNAP_ID_SIZE])
{
	struct id_prefix prefix;
	int fd;

	if (id_parse(text, &prefix)) {
		report(h, text, "write at least its first four hexadecimal digits, "
		       SHOWS, "this is not the id of a snapshot");
		return -1;
	}
	if (prefix.digits == 2 * BLKSNAP_ID_SIZE)
		memcpy(id, prefix.bytes, BLKSNAP_ID_SIZE);
	else if (resolve(h, ctl, text, &prefix, id))
		return -1;
	fd = ctl_snapshot_open(h, ctl, id);
	if (fd < 0) {
		ctl_fail(h, text, BLKSNAP_IOC_SNAPSHOT_OPEN, fd);
		return -1;
	}
	return fd;
}
