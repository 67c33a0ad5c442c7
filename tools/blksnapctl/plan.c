// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The snapshot that a command line of create or run asks for
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "plan.h"
#include "size.h"

enum {
	OPTION_STORAGE = OPTION_FIRST,
	OPTION_RESERVE,
	OPTION_LIMIT,
	OPTION_TIMEOUT,
	OPTION_JSON,
};

static const struct option longs[] = {
	{ "storage", required_argument, NULL, OPTION_STORAGE },
	{ "reserve", required_argument, NULL, OPTION_RESERVE },
	{ "limit", required_argument, NULL, OPTION_LIMIT },
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ NULL, 0, NULL, 0 },
};

/* A size, made a multiple of 4 KiB as the module wants it. */
static int take_size(const struct host *h, const char *name,
		     const char *option, __u64 *bytes)
{
	int err = size_parse(optarg, bytes);

	if (!err && __builtin_add_overflow(*bytes, (__u64)4095, bytes))
		err = -ERANGE;
	if (err == -ERANGE)
		return cmd_usage_error(h, name, "%s %s: too large", option,
				       optarg);
	if (err)
		return cmd_usage_error(h, name,
				       "%s %s: not a size; write bytes, or a number with K, M, G or T",
				       option, optarg);
	*bytes &= ~(__u64)4095;
	if (*bytes < PLAN_MIN_RESERVE)
		return cmd_usage_error(h, name, "%s %s: at least 1M is needed",
				       option, optarg);
	return 0;
}

static int take_timeout(const struct host *h, const char *name, __u64 *ns)
{
	int err = seconds_parse(optarg, ns);

	if (err == -ERANGE)
		return cmd_usage_error(h, name, "--timeout %s: too large",
				       optarg);
	if (err || !*ns)
		return cmd_usage_error(h, name,
				       "--timeout %s: not a time; write seconds, such as 10 or 0.5",
				       optarg);
	return 0;
}

static int take_option(const struct host *h, const char *name, int c,
		       struct plan *plan)
{
	switch (c) {
	case OPTION_STORAGE:
		plan->storage[plan->storage_count++] = optarg;
		return 0;
	case OPTION_RESERVE:
		return take_size(h, name, "--reserve", &plan->reserve);
	case OPTION_LIMIT:
		return take_size(h, name, "--limit", &plan->limit);
	case OPTION_TIMEOUT:
		return take_timeout(h, name, &plan->timeout_ns);
	case OPTION_JSON:
		plan->json = true;
		return 0;
	default:
		return cmd_option_exit(c);
	}
}

static int check(const struct host *h, const char *name,
		 const struct plan *plan)
{
	if (!plan->device_count)
		return cmd_usage_error(h, name,
				       "no DEVICE to make a snapshot of was given");
	if (!plan->storage_count)
		return cmd_usage_error(h, name,
				       "--storage is missing: give a directory on ext4, xfs or btrfs (NOCOW), or a block device, where old data can go");
	if (plan->reserve && plan->limit && plan->limit < plan->reserve)
		return cmd_usage_error(h, name,
				       "--limit is less than --reserve");
	return 0;
}

bool plan_parse(const struct host *h, int argc, char *argv[],
		struct plan *plan, int *code)
{
	int c;

	memset(plan, 0, sizeof(*plan));
	plan->storage = xcalloc((size_t)argc, sizeof(*plan->storage));
	while ((c = cmd_option(h, argc, argv, longs)) != OPTION_END) {
		*code = take_option(h, argv[0], c, plan);
		if (*code || c == OPTION_HELP)
			return false;
	}
	plan->devices = argv + optind;
	plan->device_count = (size_t)(argc - optind);
	*code = check(h, argv[0], plan);
	return !*code;
}

void plan_free(struct plan *plan)
{
	free(plan->storage);
	memset(plan, 0, sizeof(*plan));
}
