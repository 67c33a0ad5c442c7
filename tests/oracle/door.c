// SPDX-License-Identifier: GPL-2.0-only
/*
 * Doors that write one request after the other: by pwrite() without the page
 * cache, by pwrite() and fsync(), by stores to a mapping and msync().
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "door.h"
#include "util.h"
#include "volume.h"

static size_t bytes_of(const struct request *request)
{
	return (size_t)request->nr * SECTOR_SIZE;
}

static int64_t write_to(int fd, const struct request *request)
{
	ssize_t ret = pwrite(fd, request->buffer, bytes_of(request),
			     volume_seek(request->volume, request->first));

	return ret < 0 ? -errno : ret;
}

static void start_direct(struct queue *queue, struct request *request)
{
	queue->done(queue, request,
		    write_to(request->volume->direct, request));
}

static void start_buffered(struct queue *queue, struct request *request)
{
	int fd = request->volume->cached;
	int64_t result = write_to(fd, request);

	if (result >= 0 && fsync(fd))
		result = -errno;
	queue->done(queue, request, result);
}

static int64_t write_mapped(const struct request *request)
{
	int64_t start = volume_seek(request->volume, request->first);
	size_t before = start % sysconf(_SC_PAGESIZE);
	size_t size = before + bytes_of(request);
	int64_t result = bytes_of(request);
	char *map;

	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   request->volume->cached, start - before);
	if (map == MAP_FAILED)
		return -errno;
	memcpy(map + before, request->buffer, bytes_of(request));
	if (msync(map, size, MS_SYNC))
		result = -errno;
	munmap(map, size);
	return result;
}

static void start_mmap(struct queue *queue, struct request *request)
{
	queue->done(queue, request, write_mapped(request));
}

static const struct door door_direct = {
	.name = "direct",
	.start = start_direct,
};

static const struct door door_buffered = {
	.name = "buffered",
	.cached = true,
	.start = start_buffered,
};

static const struct door door_mmap = {
	.name = "mmap",
	.cached = true,
	.start = start_mmap,
};

const struct door *door_find(const char *name)
{
	static const struct door *const doors[] = {
		&door_direct, &door_aio, &door_uring, &door_buffered,
		&door_mmap, &door_poll,
	};
	size_t i;

	for (i = 0; i < sizeof(doors) / sizeof(doors[0]); i++)
		if (!strcmp(doors[i]->name, name))
			return doors[i];
	return NULL;
}

static int zero_range(const struct volume *volume, uint64_t first, uint32_t nr,
		      unsigned long command)
{
	uint64_t range[2] = {
		volume_seek(volume, first),
		(uint64_t)nr * SECTOR_SIZE,
	};
	int ret;

	if (volume->is_disk)
		ret = ioctl(volume->direct, command, range);
	else
		ret = fallocate(volume->direct, FALLOC_FL_PUNCH_HOLE |
				FALLOC_FL_KEEP_SIZE, range[0], range[1]) ||
		      fsync(volume->direct);
	return ret ? -errno : 0;
}

int door_zero(const struct volume *volume, uint64_t first, uint32_t nr)
{
	return zero_range(volume, first, nr, BLKZEROOUT);
}

/* A disk may not be able to */
int door_discard(const struct volume *volume, uint64_t first, uint32_t nr)
{
	int ret = zero_range(volume, first, nr, BLKDISCARD);

	return ret == -EOPNOTSUPP ? 0 : ret;
}
