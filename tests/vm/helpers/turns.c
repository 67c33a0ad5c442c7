// SPDX-License-Identifier: GPL-2.0-only
/*
 * turns write STOP DEVICE...: writes 1 to the first sector of each device in
 * turn, without the page cache and each after the one before is done, then 2,
 * and so on, until there is a file STOP. Fails if a write fails. Prints how
 * often it went round.
 *
 * turns check DEVICE...: images of them are of one instant if each shows what
 * its predecessor does, or, once, one less. Prints the first number and at which
 * image it steps, 0 for none.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512
#define MAX_DEVICES 256

static int fds[MAX_DEVICES], nr;

/* Aligned for any device; the number is all over the sector. */
static union {
	uint64_t words[SECTOR / 8];
	unsigned char bytes[SECTOR];
} buf __attribute__((aligned(4096)));

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void open_all(char *paths[], int flags)
{
	for (; *paths; paths++) {
		if (nr == MAX_DEVICES)
			exit(2);
		fds[nr] = open(*paths, flags | O_DIRECT);
		if (fds[nr++] < 0)
			die(*paths);
	}
}

static int write_turns(const char *stop)
{
	uint64_t n = 0;
	size_t word;
	int i;

	while (access(stop, F_OK)) {
		n++;
		for (word = 0; word < SECTOR / 8; word++)
			buf.words[word] = n;
		for (i = 0; i < nr; i++)
			if (pwrite(fds[i], &buf, SECTOR, 0) != SECTOR)
				die("write");
	}
	printf("turns: %llu\n", (unsigned long long)n);
	return 0;
}

static uint64_t read_number(int fd)
{
	size_t word;

	if (pread(fd, &buf, SECTOR, 0) != SECTOR)
		die("read");
	for (word = 1; word < SECTOR / 8; word++) {
		if (buf.words[word] != buf.words[0]) {
			fprintf(stderr, "turns: a torn sector\n");
			exit(1);
		}
	}
	return buf.words[0];
}

static int check(void)
{
	uint64_t first = read_number(fds[0]), last = first, n;
	int i, step = 0;

	for (i = 1; i < nr; i++) {
		n = read_number(fds[i]);
		if (n == last)
			continue;
		if (step || n + 1 != first) {
			fprintf(stderr, "turns: %llu at image 0, %llu at image %d\n",
				(unsigned long long)first,
				(unsigned long long)n, i);
			return 1;
		}
		last = n;
		step = i;
	}
	printf("%llu %d\n", (unsigned long long)first, step);
	return 0;
}

int main(int argc, char *argv[])
{
	if (argc >= 4 && !strcmp(argv[1], "write")) {
		open_all(argv + 3, O_WRONLY);
		return write_turns(argv[2]);
	}
	if (argc >= 3 && !strcmp(argv[1], "check")) {
		open_all(argv + 2, O_RDONLY);
		return check();
	}
	return 2;
}
