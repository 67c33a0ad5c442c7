/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writers: threads that write sectors that tell what they are, each by one door.
 */
#ifndef ORACLE_WRITER_H
#define ORACLE_WRITER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "door.h"
#include "journal.h"
#include "place.h"

/* What all writers have in common */
struct plan {
	struct journal *journal;
	struct volume *volumes;
	int nr_volumes;
	unsigned int depth;
	uint32_t low;		/* least and most sectors of a write */
	uint32_t high;
	unsigned int zero_percent;
	bool dependent;		/* volume after volume, one write at a time */
	uint64_t seed;
	uint64_t deadline;	/* in ns */
	uint64_t left;		/* number of writes */
	bool stop;
};

struct writer {
	pthread_t thread;
	struct plan *plan;
	struct queue queue;
	struct places *places;	/* of each volume */
	uint64_t rng;
	unsigned int turn;
	uint64_t writes;
	uint64_t bytes;
};

/* Sets it up; any failure, then and later, ends the program */
void writer_init(struct writer *writer, struct plan *plan,
		 const struct door *door, unsigned int number);
/* The thread's function: writes until the plan is fulfilled */
void *writer_run(void *writer);

#endif
