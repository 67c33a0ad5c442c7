/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ids of snapshots
 */
#ifndef BLKSNAPCTL_ID_H
#define BLKSNAPCTL_ID_H

#include <stdbool.h>

#include "ctl.h"

/** ID_TEXT - room for an id as text */
#define ID_TEXT 37

/** ID_MIN_DIGITS - the fewest hexadecimal digits that stand for an id */
#define ID_MIN_DIGITS 4

/**
 * struct id_prefix - the beginning of an id, as somebody wrote it
 * @bytes: the digits, then zeros
 * @digits: how many there are
 */
struct id_prefix {
	__u8 bytes[BLKSNAP_ID_SIZE];
	unsigned int digits;
};

/** id_format - an id in the usual notation */
const char *id_format(char buf[ID_TEXT], const __u8 *id);

/**
 * id_parse - parse the beginning of an id; dashes do not count
 *
 * Returns 0, or -EINVAL if it is none or too short.
 */
int id_parse(const char *text, struct id_prefix *prefix);

bool id_matches(const struct id_prefix *prefix, const __u8 *id);

/**
 * id_open - a descriptor of the snapshot that a text stands for
 * @id: out, its whole id
 *
 * Returns the descriptor, or -1 after saying what was wrong.
 */
int id_open(const struct host *h, int ctl, const char *text,
	    __u8 id[BLKSNAP_ID_SIZE]);

#endif
