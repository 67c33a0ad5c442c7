// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes files all the time, and knows what they hold at each instant
 *
 *   churn run DIR LOG     create, overwrite, rename, truncate, delete, fsync and
 *                         read back files in DIR until SIGTERM; fails if
 *                         a file does not hold what was written to it
 *   churn check DIR LOG NS
 *                         compare DIR, of an image, with what LOG says of the
 *                         instant NS by CLOCK_REALTIME: what had ended by then
 *                         must be there, what had not begun must not be, and
 *                         what was being done must be there wholly or not at all
 *   churn count LOG...    how many operations there have been
 *   churn spoil DIR       change all files below DIR in some way, once
 *
 * A file's contents follow from one number, so that the log can tell them. Each
 * operation gets its place in the log before it begins, with what will be after
 * it, and the time of its end after it has ended. Whole operations are visible
 * or not: one ends with a single rename, write, truncate or unlink.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 48
#define NO_SLOT SLOTS
#define MAX_LENGTH (128 * 1024)
#define PIECE (16 * 1024)
#define TEMPORARY "new"

/* What a file holds: content 0 stands for no file. */
struct state {
	uint64_t content;
	uint64_t length;
};

/* One operation: slots and what they hold after it. */
struct record {
	uint64_t begin;
	uint64_t end; /* 0 while it is being done */
	uint64_t slots[2];
	struct state after[2];
};

static_assert(sizeof(struct record) == 64, "records have no holes");

static struct state files[SLOTS + 1];
static char buffer[MAX_LENGTH];
static uint64_t random_state;
static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* xorshift64* */
static uint64_t random_number(uint64_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return ((random_state * 0x2545f4914f6cdd1dULL) >> 32) % below;
}

static uint64_t word(uint64_t content, uint64_t i)
{
	return (content + i) * 0x9e3779b97f4a7c15ULL;
}

static void fill(uint64_t content, uint64_t length)
{
	uint64_t i, w;

	for (i = 0; i * sizeof(w) < length; i++) {
		w = word(content, i);
		memcpy(buffer + i * sizeof(w), &w, sizeof(w));
	}
}

static const char *name_of(unsigned int slot)
{
	static char names[SLOTS][4];

	snprintf(names[slot], sizeof(names[slot]), "%02u", slot);
	return names[slot];
}

static void write_all(int fd, const char *data, size_t length)
{
	if (write(fd, data, length) != (ssize_t)length)
		err(1, "write");
}

/* Why the file of a slot is not in that state, NULL if it is. */
static const char *difference(unsigned int slot, struct state want)
{
	static char got[MAX_LENGTH + 1];
	int fd = open(name_of(slot), O_RDONLY);
	const char *why = NULL;
	ssize_t length;

	if (fd < 0) {
		if (errno != ENOENT)
			return strerror(errno);
		return want.content ? "is missing" : NULL;
	}
	length = read(fd, got, sizeof(got));
	fill(want.content, want.length);
	if (length < 0)
		why = strerror(errno);
	else if (!want.content)
		why = "should not be there";
	else if ((uint64_t)length != want.length)
		why = "has a wrong length";
	else if (memcmp(got, buffer, length))
		why = "has wrong contents";
	close(fd);
	return why;
}

/*
 * run
 */

/* Puts an operation into the log before it begins. */
static void log_begin(int log, struct record *record)
{
	record->begin = now();
	write_all(log, (const char *)record, sizeof(*record));
}

static void log_end(int log, struct record *record)
{
	off_t at = lseek(log, 0, SEEK_CUR) - sizeof(*record);
	int i;

	record->end = now();
	if (pwrite(log, record, sizeof(*record), at) != sizeof(*record))
		err(1, "log");
	for (i = 0; i < 2; i++)
		files[record->slots[i]] = record->after[i];
}

/* Replaces a file by a new one: written piece by piece, and then renamed. */
static void do_create(const struct record *record, bool sync)
{
	const struct state *after = &record->after[0];
	int fd = open(TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	uint64_t at, length;

	if (fd < 0)
		err(1, TEMPORARY);
	fill(after->content, after->length);
	for (at = 0; at < after->length; at += length) {
		length = after->length - at < PIECE ? after->length - at : PIECE;
		write_all(fd, buffer + at, length);
	}
	if (sync && fsync(fd))
		err(1, "fsync");
	close(fd);
	if (rename(TEMPORARY, name_of(record->slots[0])))
		err(1, "rename");
}

static void do_overwrite(const struct record *record, bool sync)
{
	const struct state *after = &record->after[0];
	int fd = open(name_of(record->slots[0]), O_WRONLY);

	if (fd < 0)
		err(1, "open");
	fill(after->content, after->length);
	write_all(fd, buffer, after->length);
	if (sync && fdatasync(fd))
		err(1, "fdatasync");
	close(fd);
}

static void must_be_right(unsigned int slot)
{
	const char *why = difference(slot, files[slot]);

	if (why)
		errx(1, "file %s %s", name_of(slot), why);
}

/* One operation on a slot whose file exists, or else its creation. */
static void one_operation(int log)
{
	unsigned int slot = random_number(SLOTS), kind = random_number(6);
	bool sync = !random_number(4);
	struct state *file = &files[slot];
	struct record r = { .slots = { slot, NO_SLOT } };

	if (!file->content)
		kind = 0;
	switch (kind) {
	case 0:
		r.after[0].content = random_number(~0U) + 1ULL;
		r.after[0].length = 1 + random_number(MAX_LENGTH);
		log_begin(log, &r);
		do_create(&r, sync);
		break;
	case 1:
		r.after[0].content = random_number(~0U) + 1ULL;
		r.after[0].length = file->length;
		log_begin(log, &r);
		do_overwrite(&r, sync);
		break;
	case 2:
		r.after[0].content = file->content;
		r.after[0].length = 1 + random_number(file->length);
		log_begin(log, &r);
		if (truncate(name_of(slot), r.after[0].length))
			err(1, "truncate");
		break;
	case 3:
		r.slots[1] = (slot + 1 + random_number(SLOTS - 1)) % SLOTS;
		r.after[1] = *file;
		log_begin(log, &r);
		if (rename(name_of(slot), name_of(r.slots[1])))
			err(1, "rename");
		break;
	case 4:
		log_begin(log, &r);
		if (unlink(name_of(slot)))
			err(1, "unlink");
		break;
	default:
		r.after[0] = *file;
		log_begin(log, &r);
		must_be_right(slot);
	}
	log_end(log, &r);
}

static int run(const char *dir, const char *log_name)
{
	struct sigaction action = { .sa_handler = on_signal };
	int log = open(log_name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	unsigned int slot;

	sigaction(SIGTERM, &action, NULL);
	if (log < 0 || chdir(dir))
		err(1, "%s or %s", log_name, dir);
	random_state = now() ^ (uint64_t)getpid() << 32;
	while (!stop) {
		one_operation(log);
		usleep(random_number(30000));
	}
	for (slot = 0; slot < SLOTS; slot++)
		must_be_right(slot);
	return 0;
}

/*
 * check
 */

/* What the log says of the instant; the operation of that time, if any. */
static uint64_t replay(FILE *log, uint64_t instant, struct record *open_one)
{
	struct record r;
	uint64_t count = 0;
	int i;

	while (fread(&r, sizeof(r), 1, log) == 1 && r.begin < instant) {
		if (!r.end || r.end >= instant) {
			*open_one = r;
			break;
		}
		for (i = 0; i < 2; i++)
			files[r.slots[i]] = r.after[i];
		count++;
	}
	return count;
}

static bool all_are_right(bool complain)
{
	unsigned int slot;
	const char *why;

	for (slot = 0; slot < SLOTS; slot++) {
		why = difference(slot, files[slot]);
		if (why && complain)
			warnx("file %s %s", name_of(slot), why);
		if (why)
			return false;
	}
	return true;
}

/* Nothing but what may be there; returns how many files there are. */
static unsigned int count_files(bool temporary)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	unsigned int count = 0;

	if (!dir)
		err(1, "opendir");
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (!strcmp(entry->d_name, TEMPORARY) && !temporary)
			errx(1, "there is a file that nobody was writing");
		count++;
	}
	closedir(dir);
	return count;
}

static int check(const char *dir, const char *log_name, const char *instant)
{
	struct record open_one = { .begin = 0 };
	FILE *log = fopen(log_name, "r");
	uint64_t count, wait = 0;
	bool right;
	int i;

	if (!log || chdir(dir))
		err(1, "%s or %s", log_name, dir);
	count = replay(log, strtoull(instant, NULL, 10), &open_one);
	right = all_are_right(!open_one.begin);
	if (open_one.begin) {
		for (i = 0; i < 2; i++)
			files[open_one.slots[i]] = open_one.after[i];
		right = right || all_are_right(true);
		if (open_one.end)
			wait = open_one.end - open_one.begin;
	}
	if (!right)
		errx(1, "%s differs from what %s says of that instant", dir, log_name);
	printf("%u files, %" PRIu64 " operations, %" PRIu64 " ms\n",
	       count_files(open_one.begin), count, wait / 1000000);
	return 0;
}

static int count(int names, char **name)
{
	struct stat st;
	uint64_t sum = 0;

	for (; names--; name++) {
		if (stat(*name, &st))
			err(1, "%s", *name);
		sum += st.st_size / sizeof(struct record);
	}
	printf("%" PRIu64 "\n", sum);
	return 0;
}

/*
 * spoil
 */

static char **paths;
static size_t paths_count;

static int add_path(const char *path, const struct stat *st, int type,
		    struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	paths = reallocarray(paths, paths_count + 1, sizeof(*paths));
	if (!paths)
		err(1, "memory");
	paths[paths_count++] = strdup(path);
	return 0;
}

static void overwrite(const char *path)
{
	struct stat st;
	int fd = open(path, O_WRONLY);
	off_t at;

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	fill(now(), MAX_LENGTH);
	for (at = 0; at < st.st_size; at += MAX_LENGTH)
		write_all(fd, buffer, st.st_size - at < MAX_LENGTH ?
			  st.st_size - at : MAX_LENGTH);
	close(fd);
}

static void spoil_one(const char *path, size_t i)
{
	char moved[4096];
	struct stat st;

	switch (i % 5) {
	case 0:
		overwrite(path);
		break;
	case 1:
		if (stat(path, &st) || truncate(path, st.st_size / 2))
			err(1, "%s", path);
		break;
	case 2:
		snprintf(moved, sizeof(moved), "%s.moved", path);
		if (rename(path, moved))
			err(1, "%s", path);
		break;
	case 3:
		if (unlink(path))
			err(1, "%s", path);
		break;
	default:
		if (chmod(path, 0))
			err(1, "%s", path);
	}
}

static int spoil(const char *dir)
{
	size_t i;

	if (nftw(dir, add_path, 16, FTW_PHYS))
		err(1, "%s", dir);
	for (i = 0; i < paths_count; i++) {
		spoil_one(paths[i], i);
		if (i % 16 == 15)
			usleep(20000);
	}
	sync();
	printf("%zu\n", paths_count);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "run"))
		return run(argv[2], argv[3]);
	if (argc == 5 && !strcmp(argv[1], "check"))
		return check(argv[2], argv[3], argv[4]);
	if (argc > 2 && !strcmp(argv[1], "count"))
		return count(argc - 2, argv + 2);
	if (argc == 3 && !strcmp(argv[1], "spoil"))
		return spoil(argv[2]);
	fprintf(stderr, "usage: churn run DIR LOG | check DIR LOG NS | count LOG... | spoil DIR\n");
	return 2;
}
