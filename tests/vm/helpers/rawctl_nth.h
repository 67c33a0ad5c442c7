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

/* What the processes found out about the step that is to fail */
struct nth_result {
	unsigned int next;	/* which thing is to fail in the next try */
	unsigned int stride;
	unsigned int no_memory, fault, none;	/* what tries ended with */
	bool all;		/* there was nothing left to fail */
};

static struct nth_result *result;

/* A try has ended with this: is there another one, without the steps before it? */
static bool nth_again(int err)
{
	if (!fault_met && !err) {
		result->all = true;
		return false;
	}
	if (!fault_met || (err && err != ENOMEM && err != EFAULT)) {
		fprintf(stderr, "rawctl: with fault %u\n", result->next);
		die(errno_name(err), err);
	}
	result->next += result->stride;
	result->no_memory += err == ENOMEM;
	result->fault += err == EFAULT;
	result->none += !err;
	return err;
}

/* All steps in a process of its own */
static void run_apart(char *argv[])
{
	unsigned int from = result->next;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		run_all(argv);
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status) {
		fprintf(stderr, "rawctl: with faults from %u on\n", from);
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
	result->next = nth_setting("RAWCTL_NTH_FIRST");
	result->stride = nth_setting("RAWCTL_NTH_STRIDE");
	while (!result->all)
		run_apart(argv);
	printf("faults up to %u: %u ENOMEM, %u EFAULT, %u without effect\n",
	       result->next - result->stride, result->no_memory, result->fault,
	       result->none);
}

#endif /* RAWCTL_NTH_H */
