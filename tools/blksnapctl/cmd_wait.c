// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Print a snapshot's events until it ends
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "events.h"
#include "id.h"
#include "size.h"
#include "snap.h"

enum {
	OPTION_TIMEOUT = OPTION_FIRST,
	OPTION_JSON,
};

static const struct option longs[] = {
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ NULL, 0, NULL, 0 },
};

/**
 * struct waiting - what is waited for
 * @text: the id, as it was given
 * @snapshot: its descriptor, non-blocking
 * @deadline_ns: when to give up by CLOCK_MONOTONIC, UINT64_MAX for never
 * @json: print JSON
 * @failure: type of the event with which it failed, or 0
 */
struct waiting {
	const char *text;
	int snapshot;
	__u64 deadline_ns;
	bool json;
	__u32 failure;
};

static __u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (__u64)ts.tv_sec * 1000000000 + (__u64)ts.tv_nsec;
}

/* What is left until the deadline, for poll(). */
static int left_ms(const struct waiting *w)
{
	__u64 now = now_ns(), ms;

	if (w->deadline_ns == ~(__u64)0)
		return -1;
	if (now >= w->deadline_ns)
		return 0;
	/* Rounded up: not to look in vain again and again in the last one */
	ms = (w->deadline_ns - now) / 1000000 + 1;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/*
 * Read and print all events that there are. Returns 1 if there may be more
 * later, 0 if the snapshot has been released, or -1 after saying what was wrong.
 */
static int drain(const struct host *h, struct waiting *w)
{
	struct blksnap_event events[16];
	ssize_t got;
	size_t i;

	for (;;) {
		got = read(w->snapshot, events, sizeof(events));
		if (!got)
			return 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return 1;
		if (got < 0) {
			report(h, w->text, NULL, "cannot read its events: %s",
			       strerror(errno));
			return -1;
		}
		for (i = 0; i < (size_t)got / sizeof(*events); i++) {
			event_print(h->out, w->json, &events[i]);
			if (event_is_failure(events[i].type))
				w->failure = events[i].type;
		}
		if (flush_output(h))
			return -1;
	}
}

/* Tell why a snapshot failed, by the module or by its events. */
static int say_failed(const struct host *h, const struct waiting *w)
{
	const char *remedy = "its images are of no use: release it";
	struct snap snap;
	int err;

	err = snap_read(h, w->snapshot, &snap);
	if (!err && snap.info.state == BLKSNAP_STATE_FAILED)
		report(h, w->text, remedy, "the snapshot failed: %s",
		       snap_cause(snap.info.error));
	else if (w->failure)
		report(h, w->text, NULL, "the snapshot failed: %s",
		       event_name(w->failure));
	else
		report(h, w->text, remedy, "the snapshot failed");
	if (!err)
		snap_free(&snap);
	return EXIT_FAILURE;
}

static int wait_until(const struct host *h, struct waiting *w)
{
	struct pollfd p = { .fd = w->snapshot, .events = POLLIN };
	int ready, more;

	for (;;) {
		ready = poll(&p, 1, left_ms(w));
		if (ready < 0 && errno != EINTR)
			return report(h, w->text, NULL, "cannot wait: %s",
				      strerror(errno));
		if (!ready && !left_ms(w))
			return report(h, w->text, "wait longer, or release it",
				      "it is still there");
		if (ready <= 0)
			continue;
		more = drain(h, w);
		if (more < 0)
			return EXIT_FAILURE;
		if (p.revents & POLLERR || (!more && w->failure))
			return say_failed(h, w);
		if (!more)
			return EXIT_SUCCESS;
	}
}

static int wait_open(const struct host *h, struct waiting *w)
{
	__u8 id[BLKSNAP_ID_SIZE];
	int ctl, code;

	ctl = ctl_open(h);
	if (ctl < 0)
		return EXIT_FAILURE;
	w->snapshot = id_open(h, ctl, w->text, id);
	close(ctl);
	if (w->snapshot < 0)
		return EXIT_FAILURE;
	/* Another reader may take the event that poll() has seen. */
	if (fcntl(w->snapshot, F_SETFL, O_NONBLOCK))
		code = report(h, w->text, NULL, "%s", strerror(errno));
	else
		code = wait_until(h, w);
	close(w->snapshot);
	return code;
}

static int take_timeout(const struct host *h, const char *name,
			struct waiting *w)
{
	__u64 ns;

	if (seconds_parse(optarg, &ns))
		return cmd_usage_error(h, name,
				       "--timeout %s: not a time; write seconds, such as 10 or 0.5",
				       optarg);
	if (__builtin_add_overflow(now_ns(), ns, &w->deadline_ns))
		w->deadline_ns = ~(__u64)0;
	return EXIT_SUCCESS;
}

int cmd_wait(const struct host *h, int argc, char *argv[])
{
	struct waiting w = { .deadline_ns = ~(__u64)0 };
	int c, code;

	while ((c = cmd_option(h, argc, argv, longs)) != OPTION_END) {
		if (c == OPTION_JSON) {
			w.json = true;
			continue;
		}
		if (c != OPTION_TIMEOUT)
			return cmd_option_exit(c);
		code = take_timeout(h, argv[0], &w);
		if (code)
			return code;
	}
	if (argc - optind != 1)
		return cmd_usage_error(h, argv[0], "give the ID of a snapshot");
	w.text = argv[optind];
	return wait_open(h, &w);
}
