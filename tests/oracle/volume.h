/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Volumes of the command line, ID:PATH[:OFFSET[:SECTORS]]: block devices or
 * files that are a part of a volume, or show one.
 */
#ifndef ORACLE_VOLUME_H
#define ORACLE_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

struct journal;

struct volume {
	uint32_t id;
	const char *path;
	uint64_t offset;	/* of the path's first sector in the volume */
	/* What of the volume is behind the path, and in the journal */
	uint64_t first;
	uint64_t end;
	uint32_t block;		/* the logical block, in sectors */
	bool is_disk;
	int direct;		/* file descriptors, -1 if not open */
	int cached;
};

/*
 * Opens the volumes that the arguments name, to write if @flags says so. Sets
 * first and end to all of the path.
 */
struct volume *volumes_open(int nr, char *args[], int flags);
/* Narrows them to what was filled according to the journal */
void volumes_narrow(struct volume *volumes, int nr,
		    const struct journal *journal);
/* Also opens them for access through an empty page cache */
void volumes_open_cached(struct volume *volumes, int nr);

/* Where a sector of the volume is in the path, in bytes */
static inline int64_t volume_seek(const struct volume *volume, uint64_t sector)
{
	return (int64_t)(sector - volume->offset) * 512;
}

#endif
