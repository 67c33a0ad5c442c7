/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The steps of rawctl that wait for events, and read them.
 */
#ifndef RAWCTL_EVENTS_H
#define RAWCTL_EVENTS_H

#include <poll.h>
#include <stdint.h>

#include "rawctl_call.h"

static void print_event(const struct blksnap_event *event)
{
	static const char *const names[] = {
		"?", "LOW_SPACE", "OVERFLOW", "READ_ERROR", "STORE_ERROR",
		"DEVICE_GONE", "NO_MEMORY", "STORAGE_WRITTEN", "LOST",
		"HIBERNATION",
	};
	size_t i;

	for (i = 0; i < 4; i++)
		if (event->reserved[i])
			die("reserved field of an event", (long)i);
	printf("%s %s %u:%u %llu\n", names[event->type < 10 ? event->type : 0],
	       errno_name(-event->error), event->major, event->minor,
	       event->value);
	fflush(stdout);
}

/* What read() returned, after printing the events; or -errno */
static ssize_t read_events(size_t bytes)
{
	struct blksnap_event events[4];
	ssize_t got, i;

	got = read(snaps[used], events, least(bytes, sizeof(events)));
	if (got < 0)
		return -errno;
	if (got % (ssize_t)sizeof(events[0]))
		die("a part of an event", got);
	for (i = 0; i < got / (ssize_t)sizeof(events[0]); i++)
		print_event(&events[i]);
	return got;
}

static int do_readn(char *argv[])
{
	ssize_t got = read_events(number(argv[0]));

	return got < 0 ? (int)-got : 0;
}

static int do_nonblock(char *argv[])
{
	(void)argv;
	return fcntl(snaps[used], F_SETFL, O_NONBLOCK) ? errno : 0;
}

/* All that there is now: at least one event, or the end */
static int do_read(char *argv[])
{
	ssize_t got;

	do_nonblock(argv);
	got = read_events(SIZE_MAX);
	if (got <= 0)
		return (int)-got;
	while (got > 0)
		got = read_events(SIZE_MAX);
	return got == -EAGAIN ? 0 : (int)-got;
}

static int do_readall(char *argv[])
{
	ssize_t got;

	(void)argv;
	do {
		got = read_events(SIZE_MAX);
	} while (got > 0);
	return (int)-got;
}

static int do_poll(char *argv[])
{
	struct pollfd p = { .fd = snaps[used], .events = POLLIN };
	char words[16] = "";

	if (poll(&p, 1, (int)number(argv[0])) < 0)
		return errno;
	if (p.revents & POLLIN)
		strcat(words, ",IN");
	if (p.revents & POLLERR)
		strcat(words, ",ERR");
	if (p.revents & POLLHUP)
		strcat(words, ",HUP");
	if (p.revents && !strcmp(argv[1], "ANY"))
		return 0;
	if (strcmp(words[0] ? words + 1 : "0", argv[1]))
		die(words, p.revents);
	return 0;
}

#endif /* RAWCTL_EVENTS_H */
