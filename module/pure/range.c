// SPDX-License-Identifier: GPL-2.0-only
/* Ranges of sectors and blocks, and sorted sets of them: see range.h */
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/sort.h>
#include <linux/types.h>

#include "range.h"

bool bs_range_clip(struct bs_range *r, const struct bs_range *bounds)
{
	u64 end = min(bs_end_of(r), bs_end_of(bounds));

	r->start = max(r->start, bounds->start);
	r->len = r->start < end ? end - r->start : 0;
	return r->len;
}

void bs_range_to_blocks(u64 start, u64 len, u64 *first, u64 *nr)
{
	*first = bs_block_of(start);
	*nr = len ? bs_blocks_in(bs_range_end(start, len)) - *first : 0;
}

static int bs_range_cmp(const void *a, const void *b)
{
	const struct bs_range *ra = a, *rb = b;

	if (ra->start == rb->start)
		return 0;
	return ra->start < rb->start ? -1 : 1;
}

u32 bs_rangeset_normalise(struct bs_range *r, u32 nr)
{
	u32 from, to = 0;

	sort(r, nr, sizeof(*r), bs_range_cmp, NULL);

	for (from = 0; from < nr; from++) {
		u64 start = r[from].start, end = bs_end_of(&r[from]);

		if (start == end)
			continue;
		if (to && start <= bs_end_of(&r[to - 1])) {
			end = max(end, bs_end_of(&r[to - 1]));
			r[to - 1].len = end - r[to - 1].start;
			continue;
		}
		r[to].start = start;
		r[to].len = end - start;
		to++;
	}
	return to;
}

/* How many ranges of the set start at or before pos */
static u32 bs_rangeset_find(const struct bs_range *r, u32 nr, u64 pos)
{
	u32 low = 0, high = nr;

	while (low < high) {
		u32 mid = low + (high - low) / 2;

		if (r[mid].start <= pos)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool bs_rangeset_test(const struct bs_range *r, u32 nr, u64 pos, u64 *run)
{
	u32 next = bs_rangeset_find(r, nr, pos);

	if (next && pos < bs_end_of(&r[next - 1])) {
		*run = bs_end_of(&r[next - 1]) - pos;
		return true;
	}
	*run = (next < nr ? r[next].start : U64_MAX) - pos;
	return false;
}

bool bs_rangeset_overlaps(const struct bs_range *r, u32 nr, u64 start, u64 len)
{
	u64 run;

	if (!len)
		return false;
	return bs_rangeset_test(r, nr, start, &run) || run < bs_range_end(start, len) - start;
}
