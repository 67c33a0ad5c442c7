// SPDX-License-Identifier: GPL-2.0-only
/*
 * Volumes of the command line: how they are written there, what they are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "journal.h"
#include "util.h"
#include "volume.h"

/* Sets end to the number of sectors that are asked for, or to 0 */
static void parse_volume(struct volume *volume, char *text)
{
	const char *id = strsep(&text, ":");
	const char *offset, *sectors;
	uint64_t number = parse_number(id, "ID of a volume");

	volume->path = strsep(&text, ":");
	offset = strsep(&text, ":");
	sectors = strsep(&text, ":");
	if (number > MAX_ID || !volume->path || text)
		bad_usage("%s: not ID:PATH[:OFFSET[:SECTORS]]", id);
	volume->id = number;
	if (offset)
		volume->offset = parse_number(offset, "OFFSET");
	if (sectors)
		volume->end = parse_number(sectors, "SECTORS");
}

static uint64_t disk_bytes(struct volume *volume)
{
	uint64_t bytes;
	int block;

	if (ioctl(volume->direct, BLKGETSIZE64, &bytes) ||
	    ioctl(volume->direct, BLKSSZGET, &block))
		die("cannot get the size of %s: %s", volume->path,
		    strerror(errno));
	volume->is_disk = true;
	volume->block = block / SECTOR_SIZE;
	return bytes;
}

/* Also finds out what direct I/O to it must be aligned to */
static uint64_t path_bytes(struct volume *volume)
{
	struct statx stx;

	if (statx(volume->direct, "", AT_EMPTY_PATH,
		  STATX_BASIC_STATS | STATX_DIOALIGN, &stx))
		die("cannot stat %s: %s", volume->path, strerror(errno));
	if (S_ISBLK(stx.stx_mode))
		return disk_bytes(volume);
	volume->block = 1;
	if (stx.stx_mask & STATX_DIOALIGN)
		volume->block = stx.stx_dio_offset_align / SECTOR_SIZE;
	if (!S_ISREG(stx.stx_mode) || !volume->block)
		die("%s: no block device and no file with direct I/O",
		    volume->path);
	return stx.stx_size;
}

static void open_volume(struct volume *volume, char *text, int flags)
{
	uint64_t sectors;

	parse_volume(volume, text);
	volume->cached = -1;
	volume->direct = open(volume->path, flags | O_DIRECT | O_CLOEXEC);
	if (volume->direct < 0)
		die("cannot open %s: %s", volume->path, strerror(errno));
	sectors = path_bytes(volume) / SECTOR_SIZE;
	if (sectors < volume->end)
		die("%s: has %llu sectors only", volume->path,
		    (unsigned long long)sectors);
	if (volume->end)
		sectors = volume->end;
	sectors -= sectors % volume->block;
	if (!sectors)
		die("%s: is empty", volume->path);
	volume->first = volume->offset;
	volume->end = volume->offset + sectors;
}

struct volume *volumes_open(int nr, char *args[], int flags)
{
	struct volume *volumes = new_array(nr, sizeof(*volumes));
	int i;

	if (!nr)
		bad_usage("which volumes?");
	for (i = 0; i < nr; i++)
		open_volume(&volumes[i], args[i], flags);
	return volumes;
}

static void narrow(struct volume *volume, const struct journal *journal)
{
	const struct extent *extent = journal_extent(journal, volume->id);

	if (!extent)
		die("%s: the journal has no volume %u", volume->path,
		    volume->id);
	volume->first = max(volume->first, extent->first);
	volume->end = min(volume->end, extent->first + extent->nr);
	if (volume->first >= volume->end)
		die("%s: nothing of volume %u is there", volume->path,
		    volume->id);
}

void volumes_narrow(struct volume *volumes, int nr,
		    const struct journal *journal)
{
	int i;

	for (i = 0; i < nr; i++)
		narrow(&volumes[i], journal);
}

void volumes_open_cached(struct volume *volumes, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		struct volume *volume = &volumes[i];

		volume->cached = open(volume->path, O_RDWR | O_CLOEXEC);
		/* What was read before others wrote by another path */
		if (volume->cached < 0 ||
		    posix_fadvise(volume->cached, 0, 0, POSIX_FADV_DONTNEED))
			die("cannot open %s: %s", volume->path,
			    strerror(errno));
	}
}
