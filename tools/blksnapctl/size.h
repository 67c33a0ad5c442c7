/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sizes and times, as people write and read them
 */
#ifndef BLKSNAPCTL_SIZE_H
#define BLKSNAPCTL_SIZE_H

#include <linux/types.h>

/** SIZE_TEXT - room for what size_format() and its like write */
#define SIZE_TEXT 40

/**
 * size_parse - "512", "64K", "1G", "2TiB": a whole number of bytes, or of
 *	powers of 1024 with one of K, M, G, T, in either case, "iB" allowed
 *
 * Returns 0, -EINVAL if it is not a size, -ERANGE if it is too large.
 */
int size_parse(const char *text, __u64 *bytes);

/** size_format - "1.5 GiB" */
const char *size_format(char buf[SIZE_TEXT], __u64 bytes);

/**
 * seconds_parse - "10", "0.25": seconds with up to nine decimals
 *
 * Returns 0, -EINVAL if it is not a number, -ERANGE if it is too large.
 */
int seconds_parse(const char *text, __u64 *ns);

/** duration_format - "3.250 ms" */
const char *duration_format(char buf[SIZE_TEXT], __u64 ns);

/** time_format - "2024-05-01T10:00:00.123+0200", in the local time zone */
const char *time_format(char buf[SIZE_TEXT], __u64 ns);

#endif
