/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fate of a snapshot: whether it has failed, and what there is to tell.
 */
#ifndef BS_FATE_H
#define BS_FATE_H

#include <linux/poll.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <uapi/blksnap.h>

/* A snapshot has few events; what does not fit is told by EVENT_LOST. */
#define BS_EVENTS 32

/**
 * struct bs_fate - one for each snapshot
 * @error: 0, or why it failed, for good; written once, by cmpxchg
 * @released: no more events will come; WRITE_ONCE
 * @wait: readers of events, and of image blocks that are just being preserved
 * @lock: protects the fields below
 * @ring: events that have not been read yet
 * @head: index of the oldest one
 * @nr: how many
 * @lost: how many did not fit since the last one was read
 */
struct bs_fate {
	int error;
	bool released;
	wait_queue_head_t wait;
	spinlock_t lock; /* protects the ring */
	struct blksnap_event ring[BS_EVENTS];
	u32 head;
	u32 nr;
	u32 lost;
};

void bs_fate_init(struct bs_fate *fate);

/* 0, or the negative errno that the snapshot failed with. Any context. */
static inline int bs_fate_error(const struct bs_fate *fate)
{
	return READ_ONCE(fate->error);
}

/**
 * bs_fate_fail() - the snapshot has failed
 * @fate: whose
 * @type: enum blksnap_event_type
 * @error: negative errno
 * @dev: device that it is about, or 0
 *
 * Any context. Only the first failure counts. It is seen by everybody before
 * any write that is sent after this call: pairs with bs_read_verify().
 */
void bs_fate_fail(struct bs_fate *fate, u32 type, int error, dev_t dev);

/**
 * bs_fate_event() - something to tell
 * @fate: whose
 * @type: enum blksnap_event_type
 * @error: negative errno or 0
 * @dev: device that it is about, or 0
 * @value: see the type
 *
 * Any context.
 */
void bs_fate_event(struct bs_fate *fate, u32 type, int error, dev_t dev,
		   u64 value);

/* No more events will come, readers get the end of file; nothing is copied. */
void bs_fate_release(struct bs_fate *fate);

/* read() and poll() on the descriptor of a snapshot, see struct blksnap_event. */
ssize_t bs_fate_read(struct bs_fate *fate, char __user *buf, size_t len,
		     bool nonblock);
__poll_t bs_fate_poll(struct bs_fate *fate, struct file *file,
		      poll_table *table);

#endif /* BS_FATE_H */
