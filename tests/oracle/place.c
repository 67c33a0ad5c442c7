// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which sectors a writer may write to. All programs that use a journal agree on
 * the zone of the page cache as it only depends on the volume's size, and on
 * who has which slice by locks on the journal.
 */
#include "journal.h"
#include "place.h"
#include "util.h"
#include "volume.h"

/* No page or folio that is written is in two slices: 64 KiB */
#define UNIT 128
#define SLICES 16

static uint64_t round_down_to(uint64_t n, uint64_t unit)
{
	return n - n % unit;
}

static uint64_t round_up_to(uint64_t n, uint64_t unit)
{
	return round_down_to(n + unit - 1, unit);
}

static struct place zone_of(const struct extent *extent)
{
	uint64_t eighth = extent->nr / 8;

	return (struct place){
		.first = round_up_to(extent->first + 3 * eighth, UNIT),
		.end = round_down_to(extent->first + 5 * eighth, UNIT),
	};
}

/* The part of a place that is behind the path, in whole units of the path */
static struct place clip(struct place all, const struct volume *volume,
			 uint32_t unit)
{
	uint64_t first = max(all.first, volume->first);
	uint64_t end = min(all.end, volume->end);
	uint64_t offset = volume->offset;

	if (first < end) {
		first = round_up_to(first - offset, unit) + offset;
		end = round_down_to(end - offset, unit) + offset;
	}
	if (first >= end)
		return (struct place){ 0 };
	return (struct place){ first, end };
}

static uint64_t length(const struct place *place)
{
	return place->end - place->first;
}

struct places places_direct(const struct volume *volume,
			    const struct journal *journal)
{
	struct place zone = zone_of(journal_extent(journal, volume->id));
	struct place before = { 0, zone.first };
	struct place after = { zone.end, NEVER };
	struct places places = { {
		clip(before, volume, volume->block),
		clip(after, volume, volume->block),
	} };

	if (!length(&places.place[0]) && !length(&places.place[1]))
		die("%s: has no place for direct writers", volume->path);
	return places;
}

static bool claim(struct journal *journal, uint32_t volume, unsigned int slice)
{
	static bool ours[MAX_ID + 1][SLICES];

	if (ours[volume][slice] ||
	    !journal_claim(journal, volume * SLICES + slice))
		return false;
	ours[volume][slice] = true;
	return true;
}

struct places places_cached(const struct volume *volume,
			    struct journal *journal)
{
	struct place zone = zone_of(journal_extent(journal, volume->id));
	uint64_t size = max(length(&zone) / SLICES, 2 * UNIT);
	unsigned int i;

	size = round_down_to(size, UNIT);
	for (i = 0; i < SLICES; i++) {
		uint64_t first = zone.first + i * size;
		struct place slice = { first, min(first + size, zone.end) };
		struct places places = { { clip(slice, volume, UNIT) } };

		if (slice.first < slice.end && length(&places.place[0]) &&
		    claim(journal, volume->id, i))
			return places;
	}
	die("%s: too small for so many writers through the page cache",
	    volume->path);
}

/* A quarter of all writes goes to a small part, where they meet */
struct place places_pick(const struct places *places,
			 const struct volume *volume, uint64_t *rng,
			 uint32_t low, uint32_t high)
{
	const struct place *place = &places->place[0];
	uint32_t block = volume->block;
	uint64_t blocks = (length(place) + length(place + 1)) / block;
	uint64_t nr, first;

	low = max(round_up_to(low, block), block);
	high = max(round_down_to(high, block), low);
	nr = low + rng_below(rng, (high - low) / block + 1) * block;
	if (!rng_below(rng, 4))
		blocks = blocks / 64 + 1;
	first = rng_below(rng, blocks) * block;
	if (first >= length(place)) {
		first -= length(place);
		place++;
	}
	first += place->first;
	return (struct place){ first, min(first + nr, place->end) };
}
