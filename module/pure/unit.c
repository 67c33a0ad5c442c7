// SPDX-License-Identifier: GPL-2.0-only
/* The copy unit of an origin: see unit.h */
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>

#include "unit.h"

static void bs_unit_measure(struct bs_unit *unit)
{
	unit->blocks = BS_UNIT_LEAST;
	unit->left = BS_UNIT_SAMPLES;
	unit->busy = 0;
}

void bs_unit_init(struct bs_unit *unit, u32 fixed)
{
	memset(unit, 0, sizeof(*unit));
	unit->blocks = fixed ?: BS_UNIT_LEAST;
	unit->fixed = fixed;
	if (!fixed)
		bs_unit_measure(unit);
}

void bs_unit_narrow(struct bs_unit *unit)
{
	bs_unit_init(unit, BS_UNIT_LEAST);
}

u32 bs_unit_get(struct bs_unit *unit, u64 now, bool others)
{
	if (unit->fixed)
		return unit->blocks;
	if (!unit->left && now >= unit->again)
		bs_unit_measure(unit);
	if (unit->blocks == BS_UNIT_MIDDLE && !others)
		return BS_UNIT_LEAST;
	return unit->blocks;
}

static u32 bs_unit_choose(const struct bs_unit *unit)
{
	if (unit->busy > (u64)BS_UNIT_SAMPLES * BS_UNIT_SLOW)
		return BS_UNIT_MOST;
	if (unit->busy > (u64)BS_UNIT_SAMPLES * BS_UNIT_QUICK)
		return BS_UNIT_MIDDLE;
	return BS_UNIT_LEAST;
}

void bs_unit_add(struct bs_unit *unit, u64 begin, u64 end, u32 nr)
{
	u64 busy = end - min(max(begin, unit->last), end);

	if (!unit->left || end <= unit->last)
		return;
	unit->busy += busy - min_t(u64, busy, (nr - 1) * BS_UNIT_BLOCK);
	unit->last = end;
	if (--unit->left)
		return;
	unit->again = end + BS_UNIT_PERIOD;
	unit->blocks = bs_unit_choose(unit);
	if (unit->blocks == BS_UNIT_LEAST)
		bs_unit_measure(unit);
}
