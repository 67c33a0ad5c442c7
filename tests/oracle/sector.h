/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sectors that tell what they are: of which volume, where in it, and which
 * write put them there.
 */
#ifndef ORACLE_SECTOR_H
#define ORACLE_SECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "util.h"

/* What a sector is said to be. Write 0 is what a volume is filled with. */
struct identity {
	uint64_t seed;
	uint64_t position;
	uint32_t volume;
	uint32_t write;
};

enum sector_kind {
	SECTOR_WHOLE,	/* all of it is what its identity tells */
	SECTOR_ZEROS,
	SECTOR_BROKEN,	/* parts of several, or anything else */
};

void sector_make(void *data, const struct identity *id);

/* Sets *@id for a whole sector */
enum sector_kind sector_read(const void *data, struct identity *id);

/* Sets @found[i] for each byte i of @data that is as in @id's sector */
void sector_match(const void *data, const struct identity *id, bool *found);

#endif
