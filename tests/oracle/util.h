/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all of the oracle needs: how it ends with an error, numbers of the
 * command line, the time, random numbers.
 */
#ifndef ORACLE_UTIL_H
#define ORACLE_UTIL_H

#include <stddef.h>
#include <stdint.h>

#define SECTOR_SIZE 512

static inline uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

enum {
	EXIT_WRONG = 1,
	EXIT_USAGE = 2,
};

/* Ends the program: what cannot be done, and what was asked for wrongly */
void die(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void bad_usage(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/* Ends the program if there is no memory; of zeros */
void *new_array(size_t nr, size_t size);
/* Of sectors, aligned as direct I/O needs it */
void *new_buffer(size_t bytes);

/* A number that may end with K, M or G; @what names it in the error */
uint64_t parse_number(const char *text, const char *what);

/* CLOCK_MONOTONIC */
uint64_t now_ns(void);

uint64_t rng_next(uint64_t *state);
/* At least 0 and less than @n */
uint64_t rng_below(uint64_t *state, uint64_t n);

#endif
