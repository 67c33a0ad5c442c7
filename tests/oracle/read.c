// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading of images: what does each sector show, and is it the same each time?
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trial.h"
#include "volume.h"

#define CHUNK 2048		/* sectors that are read at a time */
#define MAX_ODDS (1u << 20)
#define ODDS_STEP 1024

/* Broken and misplaced ones keep their content */
static uint32_t add_odd(struct trial *trial, struct image *image,
			uint64_t sector, enum sector_kind kind,
			const struct identity *id, const char *data)
{
	struct odd *odd;

	if (trial->nr_odds == MAX_ODDS)
		die("%s: too many sectors are zero or broken",
		    image->volume->path);
	if (trial->nr_odds % ODDS_STEP == 0)
		trial->odds = realloc(trial->odds, sizeof(*trial->odds) *
				      (trial->nr_odds + ODDS_STEP));
	if (!trial->odds)
		die("no memory for %u odd sectors", trial->nr_odds);
	odd = &trial->odds[trial->nr_odds];
	*odd = (struct odd){
		.image = image, .sector = sector, .kind = kind, .id = *id,
	};
	if (kind != SECTOR_ZEROS) {
		odd->data = new_array(1, SECTOR_SIZE);
		memcpy(odd->data, data, SECTOR_SIZE);
	}
	return SHOWS_ODD | trial->nr_odds++;
}

static bool at_home(const struct trial *trial, const struct image *image,
		    uint64_t sector, const struct identity *id)
{
	return id->seed == trial->seed && id->position == sector &&
	       id->volume == image->volume->id && id->write <= MAX_RECORDS;
}

static bool as_odd(const struct odd *odd, const char *data)
{
	static const char zeros[SECTOR_SIZE];

	return !memcmp(data, odd->data ? odd->data : zeros, SECTOR_SIZE);
}

/* In the first pass all that is seen is new */
static void look_at(struct trial *trial, struct image *image, uint64_t sector,
		    const char *data, unsigned int pass)
{
	uint32_t *shows = &image->shows[sector - image->volume->first];
	struct identity id = { 0 };
	enum sector_kind kind = sector_read(data, &id);
	bool plain = kind == SECTOR_WHOLE &&
		     at_home(trial, image, sector, &id), same;

	if (!pass) {
		*shows = plain ? id.write :
			 add_odd(trial, image, sector, kind, &id, data);
		return;
	}
	if (*shows & SHOWS_ODD)
		same = as_odd(&trial->odds[*shows & ~SHOWS_ODD], data);
	else
		same = plain && *shows == id.write;
	if (!same)
		trial_violation(trial, image, sector,
				"is not what it was in the first pass");
}

static void read_chunk(const struct volume *volume, uint64_t first,
		       uint32_t nr, char *buffer)
{
	ssize_t ret = pread(volume->direct, buffer, (size_t)nr * SECTOR_SIZE,
			    volume_seek(volume, first));

	if (ret != (ssize_t)nr * SECTOR_SIZE)
		die("cannot read %s, %u sectors of volume %u from %llu: %s",
		    volume->path, nr, volume->id, (unsigned long long)first,
		    ret < 0 ? strerror(errno) : "end of file");
}

static void read_image(struct trial *trial, struct image *image,
		       unsigned int pass, char *buffer)
{
	const struct volume *volume = image->volume;
	uint64_t first;
	uint32_t nr, i;

	for (first = volume->first; first < volume->end; first += nr) {
		nr = min(volume->end - first, CHUNK);
		read_chunk(volume, first, nr, buffer);
		for (i = 0; i < nr; i++)
			look_at(trial, image, first + i,
				buffer + i * SECTOR_SIZE, pass);
	}
}

void trial_read(struct trial *trial, unsigned int passes)
{
	char *buffer = new_buffer(CHUNK * SECTOR_SIZE);
	unsigned int pass;
	int i;

	for (i = 0; i < trial->nr_images; i++) {
		const struct volume *volume = trial->images[i].volume;
		uint64_t nr = volume->end - volume->first;

		trial->images[i].shows = new_array(nr, sizeof(uint32_t));
		trial->nr_sectors += nr;
	}
	for (pass = 0; pass < passes; pass++)
		for (i = 0; i < trial->nr_images; i++)
			read_image(trial, &trial->images[i], pass, buffer);
	free(buffer);
}
