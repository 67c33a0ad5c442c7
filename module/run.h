/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run: adjacent blocks that are copied by one read.
 */
#ifndef BS_RUN_H
#define BS_RUN_H

#include "cow.h"

/* Blocks in one run, and in one step of a large write. */
#define BS_RUN_MAX BS_LOG_REQ_MAX

/**
 * bs_run_copy() - start to copy what is missing of a range, and maybe more
 * @cow: of the origin
 * @first: block
 * @end: block after the last, at most BS_RUN_MAX further
 * @write: for whom; its @pending is raised for each read that is started, and
 *	bs_cow_read_done() called for each one that has ended
 *
 * By the origin's worker. Blocks that others have claimed are left to them. Waits
 * neither for memory nor for the storage.
 *
 * Return: 0; -EAGAIN if too much is in memory already: the storage has to take some;
 * -ENOMEM if there was no memory for all of it.
 */
int bs_run_copy(struct bs_cow *cow, u64 first, u64 end,
		struct bs_write *write);

/* A read that @write waited for has ended. Any context. See cow.c. */
void bs_cow_read_done(struct bs_write *write);

/* Blocks have become safe: let blocked writes look again. Any context. */
void bs_cow_kick(struct bs_cow *cow);

/* There may be room again, or memory: let stalled writes try. Any context. */
void bs_cow_unstall(struct bs_cow *cow);

mempool_t *bs_run_page_pool(void);
mempool_t *bs_run_pool(void);
int bs_run_init(void);
void bs_run_exit(void);

#endif /* BS_RUN_H */
