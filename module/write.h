/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A write on a watched disk: admitted, counted, decided upon, sent on.
 */
#ifndef BS_WRITE_H
#define BS_WRITE_H

#include <linux/llist.h>
#include <linux/workqueue.h>

#include "disk.h"
#include "hook.h"
#include "mark.h"

/* What becomes of an admitted write. */
enum bs_verdict {
	BS_PASS, /* goes on as it is */
	BS_HOLD, /* waits until old data has been copied */
	BS_DROP, /* a hint (discard) that is completed without being sent */
};

/**
 * struct bs_write - an admitted write
 * @mark: its bio's private data
 * @disk: where it is counted
 * @bio: the bio
 * @end_io: the bio's own
 * @private: the bio's own
 * @range: sectors of the disk
 * @verdict: what becomes of it
 * @work: on send_wq
 * @node: in bs_cow.queue
 * @cow: who copies now, or NULL; a reference
 * @serial: of the last @cow
 * @next: first block of @cow that has not been looked at yet
 * @end: block after the last one
 * @pending: reads that have to end before it may go on
 * @entry: in bs_cow.blocked or .stalled
 *
 * Owned by one context at a time: the submitter, then the worker of @cow, then
 * whoever drops @pending to 0.
 */
struct bs_write {
	struct bs_mark mark;
	struct bs_disk *disk;
	struct bio *bio;
	bio_end_io_t *end_io;
	void *private;
	struct bs_range range;
	enum bs_verdict verdict;
	struct work_struct work;
	struct llist_node node;
	struct bs_cow *cow;
	u64 serial;
	u64 next;
	u64 end;
	atomic_t pending;
	struct list_head entry;
};

/**
 * struct bs_write_ops - who decides on writes
 * @judge: may this write pass? RCU read side; must not sleep
 * @hold: take over a write that may not pass yet; must not sleep
 */
struct bs_write_ops {
	enum bs_verdict (*judge)(struct bs_cow *cow, const struct bio *bio,
				 const struct bs_range *range);
	void (*hold)(struct bs_write *write);
};

/* What the hook calls. */
extern const struct bs_hook_ops bs_write_hook_ops;

/**
 * bs_write_send() - let a held write go on
 * @write: not touched any more afterwards; any context
 */
void bs_write_send(struct bs_write *write);

/**
 * bs_write_release() - decide again on the writes parked at a disk
 * @work: bs_disk.release
 */
void bs_write_release(struct work_struct *work);

/**
 * bs_write_init() - once, before the first disk is watched
 * @ops: who decides on writes
 *
 * Return: 0 or -ENOMEM.
 */
int bs_write_init(const struct bs_write_ops *ops);
void bs_write_exit(void);

/* A mempool of struct bs_write, or NULL. */
mempool_t *bs_write_pool(void);

#endif /* BS_WRITE_H */
