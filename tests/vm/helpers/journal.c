// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writers that say what is safe, for machines that lose their power
 *
 *   journal fill DIR SEED          what they begin with
 *   journal write DIR SEED PORT    they write until they are killed. Each change
 *                                  is made safe, by fsync() or in another way,
 *                                  and only then acknowledged, by a line on the
 *                                  serial port
 *   journal check DIR SEED LINES   DIR must have what LINES, the port's output,
 *                                  acknowledge: of each thing the newest version,
 *                                  or what the change after the last line makes
 *
 * Change number N of a writer, and all the bytes that it writes, follow from the
 * seed, the writer and N. So a line need not tell more than these two numbers, and
 * who checks knows which one change of each writer may be there, wholly or in
 * part, besides those with a line. A change is one of these:
 *
 *   blocks   some blocks of a table are overwritten, each as large as what a disk
 *            writes wholly or not at all
 *   file     a file is written under another name, and renamed to its own
 *   gone     a file is removed
 *   append   something is appended to a log
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define WRITERS 4
#define BLOCKS 512
#define BLOCK 4096U
#define MAX_BLOCKS 8U
#define FILES 24
#define MAX_LENGTH (64 * 1024)
#define TEMPORARY "new"
#define TABLE "table"
#define LOG "log"

enum kind { KIND_BLOCKS, KIND_FILE, KIND_GONE, KIND_APPEND };

/* How blocks become safe. */
enum how { HOW_FSYNC, HOW_FDATASYNC, HOW_DSYNC, HOW_DIRECT, HOW_MSYNC, HOW_NR };

struct change {
	uint64_t n;
	enum kind kind;
	enum how how;
	unsigned int at;     /* the first block, or the file */
	unsigned int length; /* in bytes */
};

static uint64_t seed;
static unsigned int writer;
static char data[MAX_LENGTH] __attribute__((aligned(4096)));

/* splitmix64 */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static uint64_t random_of(uint64_t n, uint64_t what)
{
	return mix(mix(mix(seed << 8 | writer) + n) + what);
}

static const enum kind kinds[] = {
	KIND_BLOCKS, KIND_BLOCKS, KIND_BLOCKS, KIND_BLOCKS,
	KIND_FILE, KIND_FILE, KIND_GONE, KIND_APPEND,
};

static struct change change_of(uint64_t n)
{
	struct change c = {
		.n = n,
		.kind = kinds[random_of(n, 0) % 8],
		.how = random_of(n, 1) % HOW_NR,
		.at = random_of(n, 2) % FILES,
		.length = 1 + random_of(n, 3) % MAX_LENGTH,
	};

	if (c.kind == KIND_BLOCKS) {
		c.length = (1 + random_of(n, 3) % MAX_BLOCKS) * BLOCK;
		c.at = random_of(n, 2) % (BLOCKS - MAX_BLOCKS);
	}
	if (c.kind == KIND_APPEND)
		c.length = 1 + random_of(n, 3) % (2 * BLOCK);
	return c;
}

/* What change N writes to a block, a file or the log: the first word is N. */
static void generate(char *to, uint64_t n, unsigned int at, size_t length)
{
	uint64_t word = n, next = random_of(n, (uint64_t)at << 32);
	size_t pos, part;

	for (pos = 0; pos < length; pos += part) {
		part = length - pos < sizeof(word) ? length - pos : sizeof(word);
		memcpy(to + pos, &word, part);
		next = next * 0x5851f42d4c957f2dULL + 0x14057b7ef767814fULL;
		word = next ^ next >> 29;
	}
}

static void generate_blocks(uint64_t n, unsigned int first, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		generate(data + i * BLOCK, n, first + i, BLOCK);
}

static const char *name_of(unsigned int file)
{
	static char name[16];

	snprintf(name, sizeof(name), "f%02u", file);
	return name;
}

/* enter DIR: where the writer has its things */
static void enter(const char *dir)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%u", dir, writer);
	if (chdir(path))
		err(1, "%s", path);
}

static int open_file(const char *name, int flags)
{
	int fd = open(name, flags, 0644);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static void must(bool done, const char *what)
{
	if (!done)
		err(1, "writer %u: %s", writer, what);
}

static void sync_dir(void)
{
	int fd = open_file(".", O_RDONLY | O_DIRECTORY);

	must(!fsync(fd), "fsync of a directory");
	close(fd);
}

/*
 * write
 */

static void map_blocks(int fd, const struct change *c)
{
	size_t at = (size_t)c->at * BLOCK;
	char *map = mmap(NULL, BLOCKS * BLOCK, PROT_WRITE, MAP_SHARED, fd, 0);

	must(map != MAP_FAILED, "mmap");
	memcpy(map + at, data, c->length);
	must(!msync(map + at, c->length, MS_SYNC), "msync");
	munmap(map, BLOCKS * BLOCK);
}

static void do_blocks(const struct change *c)
{
	static const int flags[HOW_NR] = {
		[HOW_DSYNC] = O_DSYNC, [HOW_DIRECT] = O_DSYNC | O_DIRECT,
	};
	int fd = open_file(TABLE, O_RDWR | flags[c->how]);

	generate_blocks(c->n, c->at, c->length / BLOCK);
	if (c->how == HOW_MSYNC)
		map_blocks(fd, c);
	else
		must(pwrite(fd, data, c->length, (off_t)c->at * BLOCK) ==
		     c->length, "write");
	if (c->how == HOW_FSYNC)
		must(!fsync(fd), "fsync");
	if (c->how == HOW_FDATASYNC)
		must(!fdatasync(fd), "fdatasync");
	close(fd);
}

/* Appends to a file, and makes it safe. */
static void add_to(const char *name, int flags, const struct change *c)
{
	int fd = open_file(name, O_WRONLY | O_CREAT | flags);

	generate(data, c->n, c->at, c->length);
	must(write(fd, data, c->length) == c->length, "write");
	must(!(c->how == HOW_FSYNC ? fsync(fd) : fdatasync(fd)), "fsync");
	close(fd);
}

static void do_file(const struct change *c)
{
	add_to(TEMPORARY, O_TRUNC, c);
	must(!rename(TEMPORARY, name_of(c->at)), "rename");
	sync_dir();
}

static void do_gone(const struct change *c)
{
	must(!unlink(name_of(c->at)) || errno == ENOENT, "unlink");
	sync_dir();
}

static void do_change(const struct change *c)
{
	switch (c->kind) {
	case KIND_BLOCKS:
		do_blocks(c);
		break;
	case KIND_FILE:
		do_file(c);
		break;
	case KIND_GONE:
		do_gone(c);
		break;
	case KIND_APPEND:
		add_to(LOG, O_APPEND, c);
	}
}

/* The line is out when this ends; no change begins before that. */
static void acknowledge(int port, uint64_t n)
{
	char line[64];
	int length = snprintf(line, sizeof(line), "%u %" PRIu64 " .\n", writer, n);

	must(write(port, line, length) == length && !tcdrain(port), "the port");
}

static void run_writer(const char *dir, int port)
{
	struct change c;
	uint64_t n;

	enter(dir);
	for (n = 1;; n++) {
		c = change_of(n);
		do_change(&c);
		acknowledge(port, n);
	}
}

/* Ends, and fails, when one of them does. */
static int write_all(const char *dir, const char *port)
{
	int fd = open_file(port, O_WRONLY | O_NOCTTY);

	for (writer = 0; writer < WRITERS; writer++) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			run_writer(dir, fd);
		}
	}
	wait(NULL);
	return 1;
}

static void fill_writer(void)
{
	int fd = open_file(TABLE, O_WRONLY | O_CREAT);
	unsigned int at;

	for (at = 0; at < BLOCKS; at++) {
		generate(data, 0, at, BLOCK);
		must(write(fd, data, BLOCK) == BLOCK, "write");
	}
	close(fd);
	close(open_file(LOG, O_WRONLY | O_CREAT));
}

static int fill_all(const char *dir)
{
	char path[4096];

	for (writer = 0; writer < WRITERS; writer++) {
		snprintf(path, sizeof(path), "%s/%u", dir, writer);
		must(!mkdir(path, 0755), path);
		enter(dir);
		fill_writer();
	}
	sync();
	return 0;
}

/*
 * check
 */

static char got[MAX_LENGTH + 1];
static uint64_t table[BLOCKS], files[FILES];
static unsigned int faults;

__attribute__((format(printf, 1, 2)))
static void fault(const char *format, ...)
{
	va_list args;

	if (faults++ >= 8)
		return;
	printf("LOST: writer %u: ", writer);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* The last change of each writer that has a line, which may be cut off. */
static void read_lines(const char *name, uint64_t last[WRITERS])
{
	FILE *lines = fopen(name, "r");
	uint64_t n;
	unsigned int w;
	char end;

	if (!lines)
		err(1, "%s", name);
	while (fscanf(lines, "%u %" SCNu64 " %c", &w, &n, &end) == 3) {
		if (w >= WRITERS || n != last[w] + 1 || end != '.')
			errx(1, "%s: no line for %" PRIu64 " of writer %u", name,
			     n - 1, w);
		last[w] = n;
	}
	fclose(lines);
}

/* What was appended by a change is the next thing in the log. */
static void check_append(FILE *log, const struct change *c)
{
	size_t length = fread(got, 1, c->length, log);

	generate(data, c->n, c->at, c->length);
	if (length != c->length || memcmp(got, data, length))
		fault("the log does not have change %" PRIu64, c->n);
}

/* What there has to be after the change. */
static void replay(const struct change *c, FILE *log)
{
	unsigned int i;

	switch (c->kind) {
	case KIND_BLOCKS:
		for (i = 0; i < c->length / BLOCK; i++)
			table[c->at + i] = c->n;
		break;
	case KIND_FILE:
		files[c->at] = c->n;
		break;
	case KIND_GONE:
		files[c->at] = 0;
		break;
	case KIND_APPEND:
		check_append(log, c);
	}
}

/*
 * May the block that we got be the work of the change that has no line? data has
 * what should be there without it. What is stored to a map can be written out
 * in the middle of that.
 */
static bool is_half_done(unsigned int at, const struct change *next)
{
	char *new = data + BLOCK;
	unsigned int i;

	if (next->kind != KIND_BLOCKS || at < next->at ||
	    at >= next->at + next->length / BLOCK)
		return false;
	generate(new, next->n, at, BLOCK);
	if (next->how != HOW_MSYNC)
		return !memcmp(got, new, BLOCK);
	for (i = 0; i < BLOCK; i++)
		if (got[i] != new[i] && got[i] != data[i])
			return false;
	return true;
}

static void check_block(int fd, unsigned int at, const struct change *next)
{
	uint64_t found;

	must(pread(fd, got, BLOCK, (off_t)at * BLOCK) == BLOCK, "read");
	generate(data, table[at], at, BLOCK);
	if (!memcmp(got, data, BLOCK) || is_half_done(at, next))
		return;
	memcpy(&found, got, sizeof(found));
	fault("block %u is not of change %" PRIu64 ", it begins as of %" PRIu64,
	      at, table[at], found);
}

/* Is the file what change N made, or not there if that is 0? */
static bool file_is(unsigned int file, uint64_t n)
{
	int fd = open(name_of(file), O_RDONLY);
	struct change c = change_of(n);
	ssize_t length;

	if (fd < 0)
		return errno == ENOENT && !n;
	length = read(fd, got, sizeof(got));
	close(fd);
	if (!n || length != c.length)
		return false;
	generate(data, n, file, length);
	return !memcmp(got, data, length);
}

static void check_file(unsigned int file, const struct change *next)
{
	if (file_is(file, files[file]))
		return;
	if (next->at == file && next->kind == KIND_FILE && file_is(file, next->n))
		return;
	if (next->at == file && next->kind == KIND_GONE && file_is(file, 0))
		return;
	fault("file %u is not as of change %" PRIu64, file, files[file]);
}

/* The log is checked, and table and files have what has to be there. */
static void replay_all(uint64_t last)
{
	FILE *log = fopen(LOG, "r");
	struct change c;
	uint64_t n;

	must(log, LOG);
	memset(table, 0, sizeof(table));
	memset(files, 0, sizeof(files));
	for (n = 1; n <= last; n++) {
		c = change_of(n);
		replay(&c, log);
	}
	fclose(log);
}

static void check_writer(const char *dir, uint64_t last)
{
	struct change next = change_of(last + 1);
	unsigned int i;
	int fd;

	enter(dir);
	replay_all(last);
	fd = open_file(TABLE, O_RDONLY);
	for (i = 0; i < BLOCKS; i++)
		check_block(fd, i, &next);
	close(fd);
	for (i = 0; i < FILES; i++)
		check_file(i, &next);
}

static int check_all(const char *dir, const char *lines)
{
	uint64_t last[WRITERS] = {}, sum = 0;

	read_lines(lines, last);
	for (writer = 0; writer < WRITERS; writer++) {
		check_writer(dir, last[writer]);
		sum += last[writer];
	}
	printf("%" PRIu64 " changes were acknowledged, %u things are lost\n", sum,
	       faults);
	return faults || !sum;
}

int main(int argc, char **argv)
{
	if (argc > 3)
		seed = strtoull(argv[3], NULL, 10);
	if (argc == 4 && !strcmp(argv[1], "fill"))
		return fill_all(argv[2]);
	if (argc == 5 && !strcmp(argv[1], "write"))
		return write_all(argv[2], argv[4]);
	if (argc == 5 && !strcmp(argv[1], "check"))
		return check_all(argv[2], argv[4]);
	fprintf(stderr, "usage: journal fill DIR SEED | write DIR SEED PORT |\n"
		"       check DIR SEED LINES\n");
	return 2;
}
