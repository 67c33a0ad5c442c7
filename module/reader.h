/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading what an origin was at the cut.
 */
#ifndef BS_READER_H
#define BS_READER_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/mempool.h>
#include <linux/wait.h>

struct bs_cow;
struct workqueue_struct;

/**
 * struct bs_reader - reads of one image
 * @cow: what is read
 * @dead: nothing more is begun
 * @ios: reads that are under way
 * @idle: waited on for @ios to be 0
 * @wq: where they are begun
 * @again_wq: where they go on, so that they cannot be held up by those that have not
 *	got what they give back
 * @io_pool: of what is kept for each
 * @parts: of the bios that they are cut into
 */
struct bs_reader {
	struct bs_cow *cow;
	bool dead;
	atomic_t ios;
	wait_queue_head_t idle;
	struct workqueue_struct *wq;
	struct workqueue_struct *again_wq;
	mempool_t *io_pool;
	struct bio_set parts;
};

/**
 * bs_reader_init() - prepare
 * @reader: zeroed
 * @cow: what is read; has to live until bs_reader_exit()
 * @index: of the image, for the name of the work queue
 *
 * Return: 0 or -ENOMEM; bs_reader_exit() is to be called in either case.
 */
int bs_reader_init(struct bs_reader *reader, struct bs_cow *cow, int index);

/**
 * bs_reader_submit() - read
 * @reader: also one that has been stopped, which fails it
 * @bio: a read within the origin; is ended in any context
 */
void bs_reader_submit(struct bs_reader *reader, struct bio *bio);

/* Begin nothing more; returns when what was begun has ended. */
void bs_reader_stop(struct bs_reader *reader);

/* Free what is needed for reads; of one that was stopped, or that nobody has seen. */
void bs_reader_exit(struct bs_reader *reader);

#endif /* BS_READER_H */
