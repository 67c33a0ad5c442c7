// SPDX-License-Identifier: GPL-2.0-only
/*
 * digest DEVICE [MIB]: prints a hash of all that is on it, or its first MIB MiB,
 * read without the page cache, 1 MiB at a time. A program of its own: to hand
 * data to another by a pipe costs an emulated machine five times as much.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK (1 << 20)

/* Each step can be undone, so that no other word gives the same */
static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

int main(int argc, char **argv)
{
	long left = argc == 3 ? atol(argv[2]) : LONG_MAX;
	uint64_t *words, hash = 1; /* so that zeros count, by their number */
	ssize_t bytes, i;
	int fd;

	if (argc < 2 || argc > 3 || left <= 0)
		errx(2, "usage: digest DEVICE [MIB]");
	fd = open(argv[1], O_RDONLY | O_DIRECT);
	if (fd < 0)
		err(1, "cannot open %s", argv[1]);
	words = aligned_alloc(4096, CHUNK);
	if (!words)
		err(1, "no memory");
	for (bytes = 1; left && bytes; left--) {
		bytes = read(fd, words, CHUNK);
		if (bytes < 0)
			err(1, "cannot read %s", argv[1]);
		for (i = 0; i < bytes / 8; i++)
			hash = mix(hash, words[i]);
	}
	printf("%016" PRIx64 "\n", hash);
	return 0;
}
