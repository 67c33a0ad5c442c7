/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Doors: the ways by which a program writes to a volume.
 */
#ifndef ORACLE_DOOR_H
#define ORACLE_DOOR_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdint.h>

struct queue;
struct volume;

/* One write; the queue's owner sets what and where */
struct request {
	const struct volume *volume;
	void *buffer;
	uint64_t first;
	uint32_t nr;
	uint32_t write;		/* its number in the journal */
	bool busy;
	int flags;		/* RWF_ */
	struct iocb iocb;
};

struct door {
	const char *name;
	bool cached;		/* through the page cache */
	bool deep;		/* starts without waiting for the end */
	void (*open)(struct queue *queue);
	/* A door that is not deep calls queue->done() itself */
	void (*start)(struct queue *queue, struct request *request);
	/* Waits for at least one request and calls queue->done() for each */
	void (*reap)(struct queue *queue);
};

struct queue {
	const struct door *door;
	unsigned int depth;
	struct request *requests;
	uint64_t *rng;
	void *private;		/* of the door */
	/* @result: bytes written, or a negative error */
	void (*done)(struct queue *queue, struct request *request,
		     int64_t result);
};

extern const struct door door_aio;
extern const struct door door_uring;
extern const struct door door_poll;

/* NULL: there is no such door */
const struct door *door_find(const char *name);

/* Zero sectors, or discard them. Returns 0 or a negative error. */
int door_zero(const struct volume *volume, uint64_t first, uint32_t nr);
int door_discard(const struct volume *volume, uint64_t first, uint32_t nr);

#endif
