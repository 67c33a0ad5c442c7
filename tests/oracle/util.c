// SPDX-License-Identifier: GPL-2.0-only
/*
 * What all of the oracle needs: how it ends with an error, numbers of the
 * command line, the time, random numbers.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util.h"

static void complain(const char *format, va_list args)
{
	fflush(stdout);
	fputs("oracle: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	exit(EXIT_WRONG);
}

void bad_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(format, args);
	va_end(args);
	exit(EXIT_USAGE);
}

void *new_array(size_t nr, size_t size)
{
	void *array = calloc(nr, size);

	if (!array && nr)
		die("no memory for %zu bytes", nr * size);
	return array;
}

void *new_buffer(size_t bytes)
{
	void *buffer;

	if (posix_memalign(&buffer, 4096, bytes))
		die("no memory for %zu bytes", bytes);
	return buffer;
}

static unsigned int shift_of(const char *unit)
{
	static const char units[] = "KMG";
	const char *found;

	if (!*unit)
		return 0;
	found = strchr(units, *unit);
	return found && !unit[1] ? 10 * (found - units + 1) : 64;
}

uint64_t parse_number(const char *text, const char *what)
{
	unsigned int shift;
	uint64_t number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 0);
	shift = shift_of(end);
	if (*text < '0' || *text > '9' || errno || shift == 64 ||
	    number > UINT64_MAX >> shift)
		bad_usage("%s: no number: \"%s\"", what, text);
	return number << shift;
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Of splitmix64 */
uint64_t rng_next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

uint64_t rng_below(uint64_t *state, uint64_t n)
{
	return rng_next(state) % n;
}
