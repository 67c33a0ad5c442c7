/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which sectors a writer may write to. The page cache writes whole pages, with
 * what it knows of their other sectors. So the middle quarter of a volume is
 * for writers through the page cache, in slices of which each has one owner, and
 * the rest is for all the others.
 */
#ifndef ORACLE_PLACE_H
#define ORACLE_PLACE_H

#include <stdint.h>

struct journal;
struct volume;

struct place {
	uint64_t first;
	uint64_t end;
};

/* Up to two places; those that are not there are empty */
struct places {
	struct place place[2];
};

struct places places_direct(const struct volume *volume,
			    const struct journal *journal);
/* A slice that nobody else has while this program runs */
struct places places_cached(const struct volume *volume,
			    struct journal *journal);

/* A random part of them, of at least @low and at most @high sectors */
struct place places_pick(const struct places *places,
			 const struct volume *volume, uint64_t *rng,
			 uint32_t low, uint32_t high);

#endif
