// SPDX-License-Identifier: GPL-2.0-only
/*
 * The judge: is there one instant that all the images show?
 *
 * An instant c is possible if each write that is visible had been submitted by
 * then, and no write was complete by then that is missing. Missing is a write of
 * a sector that shows what was complete before that write was submitted. Writes
 * that were under way at the same time have no order. So c is at least lo, the
 * latest submission of a visible write, and at most hi, the earliest completion
 * of a missing one.
 */
#include <stdio.h>
#include <stdlib.h>

#include "judge.h"
#include "volume.h"

void visit_writes(struct trial *trial, visit_fn visit)
{
	const struct record *record;
	uint64_t first, end;
	uint32_t write;
	int i;

	for (write = 1; write < trial->nr_records; write++) {
		record = &trial->records[write];
		for (i = 0; i < trial->nr_images; i++) {
			struct image *image = &trial->images[i];

			if (record->submitted == NEVER ||
			    record->submitted > trial->hi.time ||
			    record->volume != image->volume->id)
				continue;
			first = max(record->first, image->volume->first);
			end = min(record->first + record->nr,
				  image->volume->end);
			visit(trial, image, write, first, end);
		}
	}
}

static uint32_t shown(const struct image *image, uint64_t sector)
{
	return image->shows[sector - image->volume->first];
}

void raise_lo(struct trial *trial, const struct image *image,
	      uint64_t sector, uint32_t write)
{
	uint64_t time = trial->records[write].submitted;

	if (time > trial->lo.time)
		trial->lo = (struct limit){ time, image, sector, write };
}

void lower_hi(struct trial *trial, const struct image *image,
	      uint64_t sector, uint32_t write)
{
	uint64_t time = trial->records[write].completed;

	if (time < trial->hi.time)
		trial->hi = (struct limit){ time, image, sector, write };
}

/* The filling covers everything */
static bool is_of(const struct trial *trial, const struct image *image,
		  uint64_t sector, uint32_t write)
{
	const struct record *record;

	if (!write || write >= trial->nr_records)
		return !write;
	record = &trial->records[write];
	return record->submitted != NEVER && record->op == OP_WRITE &&
	       record->volume == image->volume->id &&
	       sector >= record->first && sector - record->first < record->nr;
}

static void find_lo(struct trial *trial, const struct image *image)
{
	const struct volume *volume = image->volume;
	uint64_t sector;

	for (sector = volume->first; sector < volume->end; sector++) {
		uint32_t write = shown(image, sector);

		if (write & SHOWS_ODD)
			continue;
		if (is_of(trial, image, sector, write))
			raise_lo(trial, image, sector, write);
		else
			trial_violation(trial, image, sector,
					"shows write %u, which the journal does not have there",
					write);
	}
}

/* What a sector shows for sure; false: it is not known */
static bool visible(const struct trial *trial, const struct image *image,
		    uint64_t sector, uint32_t *write)
{
	const struct odd *odd;

	*write = shown(image, sector);
	if (!(*write & SHOWS_ODD))
		return is_of(trial, image, sector, *write);
	odd = &trial->odds[*write & ~SHOWS_ODD];
	*write = odd->write;
	return odd->kind == SECTOR_ZEROS && odd->write;
}

static void find_hi(struct trial *trial, struct image *image, uint32_t write,
		    uint64_t first, uint64_t end)
{
	const struct record *record = &trial->records[write];
	uint64_t sector;
	uint32_t shows;

	for (sector = first; sector < end; sector++) {
		if (record->completed >= trial->hi.time ||
		    record->op == OP_DISCARD)
			return;
		if (visible(trial, image, sector, &shows) &&
		    trial->records[shows].completed < record->submitted)
			lower_hi(trial, image, sector, write);
	}
}

static void print_write(const struct trial *trial, uint32_t write)
{
	const struct record *record = &trial->records[write];

	printf("write %u, submitted at %llu and ", write,
	       (unsigned long long)record->submitted);
	if (record->completed == NEVER)
		printf("not complete yet");
	else
		printf("complete at %llu",
		       (unsigned long long)record->completed);
}

static void print_shown(const struct trial *trial, const struct limit *limit)
{
	uint32_t write = shown(limit->image, limit->sector);

	if (!(write & SHOWS_ODD))
		printf(", but write %u", write);
	else if (trial->odds[write & ~SHOWS_ODD].kind == SECTOR_ZEROS)
		printf(", but zeros");
	else
		printf(", but parts of it");
}

/* @verb tells of the sector, or else @bound of the time that was given */
static void print_limit(const struct trial *trial, const struct limit *limit,
			const char *verb, const char *bound)
{
	if (limit->image) {
		printf("oracle: %s: volume %u sector %llu %s ",
		       limit->image->volume->path, limit->image->volume->id,
		       (unsigned long long)limit->sector, verb);
		print_write(trial, limit->write);
		if (limit == &trial->hi)
			print_shown(trial, limit);
		printf("\n");
	} else {
		printf("oracle: %s at %llu\n", bound,
		       (unsigned long long)limit->time);
	}
}

void trial_judge(struct trial *trial, struct journal *journal, uint64_t begin,
		 uint64_t end)
{
	int i;

	trial->records = journal_copy(journal, &trial->nr_records);
	trial->lo.time = begin;
	trial->hi.time = end;
	for (i = 0; i < trial->nr_images; i++)
		find_lo(trial, &trial->images[i]);
	odds_judge(trial);
	visit_writes(trial, find_hi);
	if (trial->lo.time <= trial->hi.time)
		return;
	trial->no_instant = true;
	print_limit(trial, &trial->lo, "shows", "the snapshot was begun");
	print_limit(trial, &trial->hi, "does not show",
		    "the snapshot was complete");
}
