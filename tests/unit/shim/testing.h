/* SPDX-License-Identifier: GPL-2.0-only */
/* What every unit test includes: cmocka, and random numbers that can be had again */
#ifndef SHIM_TESTING_H
#define SHIM_TESTING_H

/* cmocka wants these four before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t test_random_state;

/* Take SEED from the environment, or any, and print it for the next time */
static inline void test_random_init(void)
{
	const char *seed = getenv("SEED");

	test_random_state = seed && *seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL);
	printf("SEED=%llu\n", (unsigned long long)test_random_state);
}

/* splitmix64 */
static inline uint64_t test_random(void)
{
	uint64_t z = test_random_state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static inline uint64_t test_random_below(uint64_t n)
{
	return test_random() % n;
}

#endif
