// SPDX-License-Identifier: GPL-2.0-only
/*
 * The journal: a sparse file with a header and an array of records. A record's
 * place is taken by counting up; it is valid once it has a time of submission.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"
#include "util.h"

#define MAGIC 0x316c6e72756f6a6f

struct file {
	uint64_t magic;
	uint64_t seed;
	uint32_t nr_records;
	uint32_t nr_extents;
	struct extent extents[MAX_VOLUMES];
	struct record records[MAX_RECORDS];
};

struct journal {
	const char *path;
	int fd;
	struct file *file;
};

static struct journal *map_journal(const char *path, int fd)
{
	struct journal *journal = new_array(1, sizeof(*journal));

	journal->path = path;
	journal->fd = fd;
	journal->file = mmap(NULL, sizeof(struct file), PROT_READ | PROT_WRITE,
			     MAP_SHARED, fd, 0);
	if (journal->file == MAP_FAILED)
		die("cannot map %s: %s", path, strerror(errno));
	return journal;
}

struct journal *journal_create(const char *path, uint64_t seed)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct journal *journal;

	if (fd < 0 || ftruncate(fd, sizeof(struct file)))
		die("cannot make %s: %s", path, strerror(errno));
	journal = map_journal(path, fd);
	journal->file->magic = MAGIC;
	journal->file->seed = seed;
	return journal;
}

struct journal *journal_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	struct journal *journal;
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		die("cannot open %s: %s", path, strerror(errno));
	if (st.st_size != sizeof(struct file))
		die("%s: not a journal", path);
	journal = map_journal(path, fd);
	if (journal->file->magic != MAGIC)
		die("%s: not a journal", path);
	return journal;
}

uint64_t journal_seed(const struct journal *journal)
{
	return journal->file->seed;
}

static struct extent *find_extent(const struct journal *journal, uint32_t id)
{
	struct file *file = journal->file;
	uint32_t i;

	for (i = 0; i < file->nr_extents; i++)
		if (file->extents[i].id == id)
			return &file->extents[i];
	return NULL;
}

const struct extent *journal_extent(const struct journal *journal, uint32_t id)
{
	return find_extent(journal, id);
}

void journal_add_extent(struct journal *journal, const struct extent *extent)
{
	struct extent *old = find_extent(journal, extent->id);
	struct file *file = journal->file;

	if (!old && file->nr_extents == MAX_VOLUMES)
		bad_usage("more than %d volumes", MAX_VOLUMES);
	if (!old) {
		file->extents[file->nr_extents++] = *extent;
		return;
	}
	if (extent->first + extent->nr == old->first)
		old->first = extent->first;
	else if (old->first + old->nr != extent->first)
		bad_usage("volume %u: its parts are not adjacent", extent->id);
	old->nr += extent->nr;
}

bool journal_claim(struct journal *journal, unsigned int number)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = number,
		.l_len = 1,
	};

	return !fcntl(journal->fd, F_OFD_SETLK, &lock);
}

uint32_t journal_add(struct journal *journal, const struct record *record)
{
	struct file *file = journal->file;
	uint32_t index = __atomic_fetch_add(&file->nr_records, 1,
					    __ATOMIC_RELAXED);
	struct record added = *record;

	if (index >= MAX_RECORDS)
		die("%s: is full after %u writes", journal->path, MAX_RECORDS);
	added.submitted = 0;
	added.completed = 0;
	file->records[index] = added;
	return index + 1;
}

void journal_begin(struct journal *journal, uint32_t write)
{
	struct record *slot = &journal->file->records[write - 1];

	__atomic_store_n(&slot->submitted, now_ns(), __ATOMIC_RELEASE);
}

void journal_end(struct journal *journal, uint32_t write)
{
	struct record *slot = &journal->file->records[write - 1];

	__atomic_store_n(&slot->completed, now_ns(), __ATOMIC_RELEASE);
}

static void copy_record(struct record *to, const struct record *from)
{
	uint64_t submitted = __atomic_load_n(&from->submitted,
					     __ATOMIC_ACQUIRE);
	uint64_t completed = __atomic_load_n(&from->completed,
					     __ATOMIC_ACQUIRE);

	*to = *from;
	to->submitted = submitted ? submitted : NEVER;
	to->completed = completed ? completed : NEVER;
}

struct record *journal_copy(struct journal *journal, uint32_t *nr)
{
	struct file *file = journal->file;
	uint32_t i, count = __atomic_load_n(&file->nr_records,
					    __ATOMIC_ACQUIRE);
	struct record *copy;

	count = min(count, MAX_RECORDS);
	copy = new_array(count + 1, sizeof(*copy));
	for (i = 0; i < count; i++)
		copy_record(&copy[i + 1], &file->records[i]);
	*nr = count + 1;
	return copy;
}
