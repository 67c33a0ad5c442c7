// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sectors that tell what they are. A sector begins with its identity and a
 * checksum of that; the rest follows from the checksum by a generator of random
 * numbers that costs next to nothing, and so is checked by making it again.
 */
#include <string.h>

#include "sector.h"

#define MAGIC 0x656c6361726f2163
#define FILL_WORDS 59

struct content {
	uint64_t magic;
	struct identity id;
	uint64_t check;
	uint64_t fill[FILL_WORDS];
};

_Static_assert(sizeof(struct content) == SECTOR_SIZE, "content has a hole");

static uint64_t checksum(const struct identity *id)
{
	uint64_t state = id->seed;

	state = rng_next(&state) ^ id->position;
	state = rng_next(&state) ^ ((uint64_t)id->volume << 32 | id->write);
	return rng_next(&state);
}

static uint64_t next_fill(uint64_t x)
{
	return x * 6364136223846793005 + 1442695040888963407;
}

void sector_make(void *data, const struct identity *id)
{
	struct content *content = data;
	uint64_t x = checksum(id);
	int i;

	content->magic = MAGIC;
	content->id = *id;
	content->check = x;
	for (i = 0; i < FILL_WORDS; i++) {
		x = next_fill(x);
		content->fill[i] = x;
	}
}

static bool is_whole(const struct content *content)
{
	uint64_t x = content->check;
	int i;

	if (content->magic != MAGIC || x != checksum(&content->id))
		return false;
	for (i = 0; i < FILL_WORDS; i++) {
		x = next_fill(x);
		if (content->fill[i] != x)
			return false;
	}
	return true;
}

enum sector_kind sector_read(const void *data, struct identity *id)
{
	static const char zeros[SECTOR_SIZE];
	const struct content *content = data;

	if (is_whole(content)) {
		*id = content->id;
		return SECTOR_WHOLE;
	}
	return memcmp(data, zeros, SECTOR_SIZE) ? SECTOR_BROKEN : SECTOR_ZEROS;
}

void sector_match(const void *data, const struct identity *id, bool *found)
{
	const unsigned char *bytes = data;
	unsigned char other[SECTOR_SIZE] __attribute__((aligned(8)));
	int i;

	sector_make(other, id);
	for (i = 0; i < SECTOR_SIZE; i++)
		if (bytes[i] == other[i])
			found[i] = true;
}
