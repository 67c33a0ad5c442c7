// SPDX-License-Identifier: GPL-2.0-only
/*
 * scribble DEVICE SECONDS MAX [THREADS [SPAN]]: writes all over a block device,
 * without the page cache, at random places, up to MAX bytes at a time and of
 * any number of sectors, in the first SPAN bytes. It fails with the first write
 * that fails. Prints how much was written.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 16

static int fd, sector_size;
static uint64_t sectors, max_sectors;
static time_t end;

struct worker {
	pthread_t thread;
	unsigned short seed[3];
	uint64_t written;
	int err;
};

static uint64_t below(struct worker *w, uint64_t n)
{
	return ((uint64_t)nrand48(w->seed) << 31 | nrand48(w->seed)) % n;
}

static void write_once(struct worker *w, unsigned char *buf)
{
	uint64_t nr = 1 + below(w, max_sectors);
	uint64_t first = below(w, sectors - nr + 1), i;
	size_t bytes = nr * sector_size;

	for (i = 0; i < nr; i++)
		memset(buf + i * sector_size, (int)below(w, 256), sector_size);
	if (pwrite(fd, buf, bytes, (off_t)(first * sector_size)) !=
	    (ssize_t)bytes)
		w->err = errno ? errno : EIO;
	w->written += bytes;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	void *buf;

	if (posix_memalign(&buf, 4096, max_sectors * sector_size)) {
		w->err = ENOMEM;
		return NULL;
	}
	while (!w->err && time(NULL) < end)
		write_once(w, buf);
	free(buf);
	return NULL;
}

static int run(struct worker *workers, int nr)
{
	uint64_t written = 0;
	int i, err = 0;

	for (i = 0; i < nr; i++) {
		workers[i].seed[0] = i;
		workers[i].seed[1] = getpid();
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			abort();
	}
	for (i = 0; i < nr; i++) {
		pthread_join(workers[i].thread, NULL);
		written += workers[i].written;
		err = err ? err : workers[i].err;
	}
	printf("scribble: %llu bytes, %s\n", (unsigned long long)written,
	       err ? strerror(err) : "no error");
	return err ? 1 : 0;
}

int main(int argc, char *argv[])
{
	struct worker workers[MAX_THREADS] = { 0 };
	uint64_t bytes;
	int nr;

	if (argc < 4)
		return 2;
	fd = open(argv[1], O_RDWR | O_DIRECT);
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes) ||
	    ioctl(fd, BLKSSZGET, &sector_size)) {
		perror(argv[1]);
		return 2;
	}
	if (argc > 5 && strtoull(argv[5], NULL, 0) < bytes)
		bytes = strtoull(argv[5], NULL, 0);
	sectors = bytes / sector_size;
	max_sectors = strtoull(argv[3], NULL, 0) / sector_size;
	if (max_sectors > sectors)
		max_sectors = sectors;
	nr = argc > 4 ? atoi(argv[4]) : 1;
	end = time(NULL) + atoi(argv[2]);
	return run(workers, nr < MAX_THREADS ? nr : MAX_THREADS);
}
