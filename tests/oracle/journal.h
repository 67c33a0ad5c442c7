/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal: a file, mapped by all writers and checkers, that tells of each
 * write when it was submitted and when it was complete. Several programs may
 * write to it at the same time.
 */
#ifndef ORACLE_JOURNAL_H
#define ORACLE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#define MAX_VOLUMES 16
#define MAX_RECORDS (1u << 20)
#define MAX_ID 255
/* The time of what has not happened yet */
#define NEVER UINT64_MAX

enum op {
	OP_WRITE,
	OP_ZERO,
	OP_DISCARD,	/* a hint: what was there may stay */
};

struct record {
	uint64_t first;		/* in sectors of the volume */
	uint32_t nr;
	uint16_t volume;	/* its ID */
	uint8_t op;
	bool cached;		/* went through the page cache */
	uint64_t submitted;	/* in ns; 0: not yet */
	uint64_t completed;
};

/* The part of a volume that was filled: the rest of it is not ours */
struct extent {
	uint64_t first;
	uint64_t nr;
	uint32_t id;
	uint32_t unused;
};

struct journal;

struct journal *journal_create(const char *path, uint64_t seed);
struct journal *journal_open(const char *path);

uint64_t journal_seed(const struct journal *journal);
/* Adjacent extents of one volume become one; ends the program otherwise */
void journal_add_extent(struct journal *journal, const struct extent *extent);
/* NULL: there is no such volume */
const struct extent *journal_extent(const struct journal *journal, uint32_t id);

/* Numbers of a journal that are ours until this program ends, or else false */
bool journal_claim(struct journal *journal, unsigned int number);

/*
 * Notes what is going to be written, without its times, and returns the number
 * of the write. It begins and ends when these functions are called.
 */
uint32_t journal_add(struct journal *journal, const struct record *record);
void journal_begin(struct journal *journal, uint32_t write);
void journal_end(struct journal *journal, uint32_t write);

/*
 * A copy of all records at this moment, by the number of the write, *@nr of
 * them. Number 0 is the filling, at time 0. Times that are not there are NEVER.
 */
struct record *journal_copy(struct journal *journal, uint32_t *nr);

#endif
