/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rawctl does all steps again and again, in one of them failing one thing after
 * the other in the kernel.
 */
#ifndef RAWCTL_NTH_H
#define RAWCTL_NTH_H

#include <sys/wait.h>

#include "rawctl_call.h"

static void run_all(char *argv[]);

/* What a process found out about the step that was to fail */
struct nth_result {
	bool met;
	int err;
};

static struct nth_result *result;

static bool is_fault(int err)
{
	return err == 0 || err == ENOMEM || err == EFAULT;
}

/* All of it in a process of its own, the N-th thing failing. */
static void run_with_fault(char *argv[], unsigned int n)
{
	int status;
	pid_t pid;

	result->err = (int)n;
	pid = fork();
	if (!pid) {
		run_all(argv);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "rawctl: with fault %u\n", n);
		exit(1);
	}
}

/* Where to begin, and how many to pass over, if it is not to be each one */
static unsigned int nth_setting(const char *name)
{
	const char *text = getenv(name);

	return text ? (unsigned int)atoi(text) : 1;
}

static void run_faults(char *argv[])
{
	unsigned int first = nth_setting("RAWCTL_NTH_FIRST");
	unsigned int stride = nth_setting("RAWCTL_NTH_STRIDE");
	unsigned int n, no_memory = 0, fault = 0, none = 0;

	for (n = first; ; n += stride) {
		run_with_fault(argv, n);
		if (!result->met)
			break;
		no_memory += result->err == ENOMEM;
		fault += result->err == EFAULT;
		none += !result->err;
	}
	printf("faults up to %u: %u ENOMEM, %u EFAULT, %u without effect\n",
	       n - stride, no_memory, fault, none);
	if (result->err)
		die("it failed without a fault", result->err);
}

#endif /* RAWCTL_NTH_H */
