/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How rawctl calls the module: as a process of 32 or of 64 bits, and, if it is
 * told so, with the n-th thing that the kernel tries in this call (to get memory,
 * to copy from or to the process) failing. The latter needs a kernel with fault
 * injection.
 */
#ifndef RAWCTL_CALL_H
#define RAWCTL_CALL_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "arg.h"

#define MAX_ROOM 300
#define MAX_SNAPS 16

static bool compat;
static const char *step;
static unsigned int fail_nth;	/* in the next command; 0: nothing */
static bool fault_met;		/* that the last command came so far */

/* What commands point to: where a 32 bit process could have it */
static struct low {
	union arg arg;
	union {
		struct blksnap_tracker_info trackers[MAX_ROOM];
		struct blksnap_member_info members[MAX_ROOM];
		__u8 ids[MAX_ROOM][BLKSNAP_ID_SIZE];
	} array;
} *low;

static int ctl = -1, snaps[MAX_SNAPS], nr_snaps, used = -1;

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void die(const char *what, long got)
{
	fprintf(stderr, "rawctl: %s: %s (%ld)\n", step, what, got);
	exit(1);
}

static const char *errno_name(int err)
{
	return err ? strerrorname_np(err) : "0";
}

static __u64 number(const char *text)
{
	char *end;
	__u64 n = strtoull(text, &end, 0);

	if (*end == 'G')
		n <<= 30;
	else if (*end == 'M')
		n <<= 20;
	else if (*end == 'K')
		n <<= 10;
	return n;
}

/* As a 32 bit process does it, whose entry is there for 64 bit ones as well */
static int compat_ioctl(int fd, unsigned int cmd, void *arg)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (54), "b" (fd), "c" (cmd), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static int nth_file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("the kernel has no fault injection", errno);
	return fd;
}

/* From now on, things are counted, until disarm() */
static void arm(void)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", fail_nth);

	fault_met = false;
	if (fail_nth && pwrite(nth_file(), text, len, 0) != len)
		die("cannot have it fail", errno);
}

/*
 * What is left to count is 0 when it has failed. To read that can fail, too, and so
 * can the write: then there is nothing to stop any more.
 */
static void disarm(void)
{
	char left[16] = "";
	ssize_t got;

	if (!fail_nth)
		return;
	got = pread(nth_file(), left, sizeof(left) - 1, 0);
	fault_met = got > 0 && !atoi(left);
	if (pwrite(nth_file(), "0", 1, 0) != 1 && errno != EFAULT)
		die("cannot stop faults", errno);
}

static int command(int fd, unsigned long cmd)
{
	int err;

	arm();
	if (compat)
		err = -compat_ioctl(fd, cmd, &low->arg);
	else
		err = ioctl(fd, cmd, &low->arg) ? errno : 0;
	disarm();
	return err;
}

#endif /* RAWCTL_CALL_H */
