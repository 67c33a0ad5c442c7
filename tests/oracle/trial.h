/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trial: what was seen in images, and whether that is right.
 */
#ifndef ORACLE_TRIAL_H
#define ORACLE_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "journal.h"
#include "sector.h"

/* What an image shows in a sector: the number of a write, or one of the odd */
#define SHOWS_ODD 0x80000000u

struct image {
	const struct volume *volume;
	uint32_t *shows;	/* from the volume's first sector on */
};

/* A sector that does not tell which write it is from */
struct odd {
	struct image *image;
	uint64_t sector;
	enum sector_kind kind;
	struct identity id;	/* of a whole sector that belongs elsewhere */
	char *data;		/* NULL: zeros */
	bool *found;		/* which bytes of a broken one are explained */
	/* Of the writes that may have made it; 0: there is none */
	uint32_t earliest;
	uint32_t write;		/* the last to complete */
	uint64_t overwritten;	/* before lo; what completed earlier is gone */
};

/* A limit of the instant, and the sector that sets it, if there is one */
struct limit {
	uint64_t time;
	const struct image *image;
	uint64_t sector;
	uint32_t write;
};

struct trial {
	const char *what;	/* is on trial: an image or a volume */
	uint64_t seed;
	struct image *images;
	int nr_images;
	uint64_t nr_sectors;
	struct odd *odds;
	uint32_t nr_odds;
	uint64_t nr_violations;
	/* Set by trial_judge() */
	struct record *records;
	uint32_t nr_records;
	struct limit lo;
	struct limit hi;
	bool no_instant;
};

/* Tells one violation; of many, only the first few are shown */
void trial_violation(struct trial *trial, const struct image *image,
		     uint64_t sector, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Reads all of the images, @passes times: are they stable? */
void trial_read(struct trial *trial, unsigned int passes);

/* After that: is there one instant in [@begin, @end] that they all show? */
void trial_judge(struct trial *trial, struct journal *journal, uint64_t begin,
		 uint64_t end);

#endif
