// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sectors that do not tell which write they are from: may they be as they are?
 *
 * Zeros are from one of those writes that made zeros, or that discarded. The one
 * that completed last allows for most later writes, so it tells what is missing.
 * The one that was submitted first, of those that nothing has overwritten before
 * lo, raises lo.
 *
 * A broken sector is one that the page cache was being filled with while it went
 * to the disk. So the instant is within such a write, and each byte of the
 * sector is from one of its writes.
 */
#include "judge.h"
#include "volume.h"

static struct odd *odd_at(struct trial *trial, const struct image *image,
			  uint64_t sector)
{
	uint32_t shows = image->shows[sector - image->volume->first];

	return shows & SHOWS_ODD ? &trial->odds[shows & ~SHOWS_ODD] : NULL;
}

/* May the write have made the sector what it is? */
static bool may_explain(const struct trial *trial, const struct odd *odd,
			uint32_t write)
{
	const struct record *record = &trial->records[write];

	if (odd->kind == SECTOR_ZEROS)
		return record->op != OP_WRITE;
	return odd->kind == SECTOR_BROKEN && record->op == OP_WRITE &&
	       record->cached && record->completed >= trial->lo.time;
}

static void match_bytes(struct trial *trial, struct odd *odd, uint32_t write)
{
	struct identity id = {
		.seed = trial->seed,
		.position = odd->sector,
		.volume = odd->image->volume->id,
		.write = write,
	};

	if (!odd->found)
		odd->found = new_array(SECTOR_SIZE, sizeof(bool));
	sector_match(odd->data, &id, odd->found);
}

static void consider(struct trial *trial, struct odd *odd, uint32_t write)
{
	const struct record *records = trial->records;
	const struct record *record = &records[write];

	if (may_explain(trial, odd, write) &&
	    (!odd->write ||
	     record->completed > records[odd->write].completed))
		odd->write = write;
	if (record->op != OP_DISCARD && record->completed < trial->lo.time)
		odd->overwritten = max(odd->overwritten, record->submitted);
	if (odd->kind == SECTOR_BROKEN && record->op == OP_WRITE)
		match_bytes(trial, odd, write);
}

static void explain_odds(struct trial *trial, struct image *image,
			 uint32_t write, uint64_t first, uint64_t end)
{
	uint64_t sector;

	for (sector = first; sector < end; sector++) {
		struct odd *odd = odd_at(trial, image, sector);

		if (odd)
			consider(trial, odd, write);
	}
}

static bool all_found(const struct odd *odd)
{
	int i;

	for (i = 0; i < SECTOR_SIZE; i++)
		if (!odd->found[i])
			return false;
	return true;
}

static void judge_whole(struct trial *trial, const struct odd *odd)
{
	if (odd->id.seed != trial->seed)
		trial_violation(trial, odd->image, odd->sector,
				"shows what was written with seed %llu",
				(unsigned long long)odd->id.seed);
	else
		trial_violation(trial, odd->image, odd->sector,
				"shows write %u of volume %u sector %llu",
				odd->id.write, odd->id.volume,
				(unsigned long long)odd->id.position);
}

static void judge_broken(struct trial *trial, struct odd *odd)
{
	match_bytes(trial, odd, 0);
	if (!odd->write)
		trial_violation(trial, odd->image, odd->sector,
				"is broken, and no write through the page cache was under way there");
	else if (!all_found(odd))
		trial_violation(trial, odd->image, odd->sector,
				"is broken, with what was never written there");
	else
		lower_hi(trial, odd->image, odd->sector, odd->write);
}

static void judge_odd(struct trial *trial, struct odd *odd)
{
	if (odd->kind == SECTOR_WHOLE)
		judge_whole(trial, odd);
	else if (odd->kind == SECTOR_BROKEN)
		judge_broken(trial, odd);
	else if (!odd->write)
		trial_violation(trial, odd->image, odd->sector,
				"is zero, and nothing zeroed it");
	if (odd->earliest)
		raise_lo(trial, odd->image, odd->sector, odd->earliest);
}

static void find_earliest(struct trial *trial, struct image *image,
			  uint32_t write, uint64_t first, uint64_t end)
{
	const struct record *records = trial->records;
	uint64_t sector;

	for (sector = first; sector < end; sector++) {
		struct odd *odd = odd_at(trial, image, sector);

		if (odd && may_explain(trial, odd, write) &&
		    records[write].completed >= odd->overwritten &&
		    (!odd->earliest || records[write].submitted <
		     records[odd->earliest].submitted))
			odd->earliest = write;
	}
}

void odds_judge(struct trial *trial)
{
	uint32_t i;

	if (!trial->nr_odds)
		return;
	visit_writes(trial, explain_odds);
	visit_writes(trial, find_earliest);
	for (i = 0; i < trial->nr_odds; i++)
		judge_odd(trial, &trial->odds[i]);
}
