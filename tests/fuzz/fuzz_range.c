// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges and sets of them, against arithmetic that has bits enough. What is in
 * a set changes only where one of its ranges begins or ends, so a few positions
 * around there stand for all.
 */
#include "fuzz.h"
#include <linux/limits.h>
#include <linux/types.h>

#include "range.h"

#define RANGES 8
#define POINTS (6 * RANGES + 2)

typedef unsigned __int128 u128;

static u64 points[POINTS];

static u64 end_of(const struct bs_range *r)
{
	u128 end = (u128)r->start + r->len;

	return end < U64_MAX ? end : U64_MAX;
}

static bool is_in(const struct bs_range *r, u64 pos)
{
	return pos >= r->start && pos < end_of(r);
}

static bool is_in_any(const struct bs_range *r, u32 nr, u64 pos)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (is_in(&r[i], pos))
			return true;
	return false;
}

/* What two ranges have in common begins where one of them does */
static bool meet(const struct bs_range *a, const struct bs_range *b)
{
	return (is_in(a, a->start) && is_in(b, a->start)) ||
	       (is_in(b, b->start) && is_in(a, b->start));
}

static void find_points(const struct bs_range *r)
{
	u64 *p = points;
	int i, k;

	*p++ = 0;
	*p++ = U64_MAX;
	for (i = 0; i < RANGES; i++)
		for (k = -1; k <= 1; k++) {
			*p++ = r[i].start + k;
			*p++ = end_of(&r[i]) + k;
		}
}

static void check_clip(const struct bs_range *a, const struct bs_range *b)
{
	struct bs_range c = *a;
	bool left = bs_range_clip(&c, b);
	int i;

	promise(left == meet(a, b));
	promise(left == !!c.len);
	for (i = 0; i < POINTS; i++)
		promise(is_in(&c, points[i]) ==
			(is_in(a, points[i]) && is_in(b, points[i])));
}

static void check_blocks(const struct bs_range *r)
{
	u64 end = end_of(r), first, nr;

	bs_range_to_blocks(r->start, r->len, &first, &nr);
	promise(first == r->start / 8);
	if (!r->len)
		promise(!nr);
	else if (r->start < end)
		promise(nr == (end - 1) / 8 - first + 1);
}

static void check_sorted(const struct bs_range *set, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		promise(set[i].len);
		promise(set[i].len <= U64_MAX - set[i].start);
		if (i)
			promise(end_of(&set[i - 1]) < set[i].start);
	}
}

static void check_position(const struct bs_range *r, const struct bs_range *set,
			   u32 nr, u64 pos)
{
	u64 run;
	bool in = bs_rangeset_test(set, nr, pos, &run);
	int i;

	promise(in == is_in_any(r, RANGES, pos));
	promise(run <= U64_MAX - pos);
	promise(run || pos == U64_MAX);
	for (i = 0; i < POINTS; i++)
		if (points[i] >= pos && points[i] - pos < run)
			promise(is_in_any(r, RANGES, points[i]) == in);
	if (run < U64_MAX - pos)
		promise(is_in_any(r, RANGES, pos + run) != in);
}

static bool meet_any(const struct bs_range *r, const struct bs_range *other)
{
	int i;

	for (i = 0; i < RANGES; i++)
		if (meet(&r[i], other))
			return true;
	return false;
}

static void check_set(const struct bs_range *r, const struct bs_range *other)
{
	struct bs_range set[RANGES];
	u32 nr;
	int i;

	memcpy(set, r, sizeof(set));
	nr = bs_rangeset_normalise(set, RANGES);
	promise(nr <= RANGES);
	check_sorted(set, nr);
	for (i = 0; i < POINTS; i++)
		check_position(r, set, nr, points[i]);
	promise(bs_rangeset_overlaps(set, nr, other->start, other->len) ==
		meet_any(r, other));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct bs_range r[RANGES], other;
	int i;

	other.start = take_number(&in);
	other.len = take_number(&in);
	for (i = 0; i < RANGES; i++) {
		r[i].start = take_number(&in);
		r[i].len = take_number(&in);
	}
	find_points(r);
	for (i = 0; i < RANGES; i++) {
		promise(bs_range_end(r[i].start, r[i].len) == end_of(&r[i]));
		promise(bs_ranges_overlap(&r[i], &other) == meet(&r[i], &other));
		check_clip(&r[i], &r[(i + 1) % RANGES]);
		check_blocks(&r[i]);
	}
	check_set(r, &other);
	return 0;
}
