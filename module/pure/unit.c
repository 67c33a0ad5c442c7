// SPDX-License-Identifier: GPL-2.0-only
/* The copy unit of an origin: see unit.h */
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include "unit.h"

void bs_unit_init(struct bs_unit *unit, u32 fixed)
{
	memset(unit, 0, sizeof(*unit));
	unit->blocks = fixed ?: BS_UNIT_LEAST;
	unit->fixed = fixed;
}

void bs_unit_narrow(struct bs_unit *unit)
{
	bs_unit_init(unit, BS_UNIT_LEAST);
}

u32 bs_unit_get(struct bs_unit *unit, u64 now, bool others)
{
	if (unit->fixed)
		return unit->blocks;
	if (unit->blocks != BS_UNIT_LEAST && now >= unit->again)
		unit->blocks = BS_UNIT_LEAST;
	if (unit->blocks < BS_UNIT_MOST && !others)
		return BS_UNIT_LEAST;
	return unit->blocks;
}

static u32 bs_unit_choose(const struct bs_unit *unit, bool shared)
{
	u32 most_ns = shared ? BS_UNIT_SHARED_NS : BS_UNIT_MOST_NS;

	if (unit->busy >= (u64)unit->nr * most_ns)
		return BS_UNIT_MOST;
	if (unit->busy >= (u64)unit->nr * BS_UNIT_LARGE_NS)
		return BS_UNIT_LARGE;
	if (unit->busy >= (u64)unit->nr * BS_UNIT_SMALL_NS)
		return BS_UNIT_SMALL;
	return BS_UNIT_LEAST;
}

void bs_unit_add(struct bs_unit *unit, u64 begin, u64 end, u32 nr, bool shared)
{
	u64 busy = end - min(max(begin, unit->last), end);

	if (unit->fixed || unit->blocks != BS_UNIT_LEAST || end <= unit->last)
		return;
	unit->busy += busy - min_t(u64, busy, (nr - 1) * BS_UNIT_BLOCK);
	unit->last = end;
	if (++unit->nr < BS_UNIT_SAMPLES || unit->busy < BS_UNIT_SPAN)
		return;
	unit->again = end + BS_UNIT_PERIOD;
	unit->blocks = bs_unit_choose(unit, shared);
	unit->nr = 0;
	unit->busy = 0;
}
