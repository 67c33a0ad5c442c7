// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fate of a snapshot.
 *
 * A snapshot fails once and for all: the first cause is kept, image reads give
 * -EIO from then on, and writes to the origins are not held any more.
 *
 * Events are kept in a ring, so that none needs memory when it comes. They are
 * pushed in any context and read by read() on the snapshot's descriptor.
 *
 * Locks: bs_fate.lock protects the ring.
 */

#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/uaccess.h>

#include "fate.h"
#include "trace.h"

void bs_fate_init(struct bs_fate *fate)
{
	memset(fate, 0, sizeof(*fate));
	init_waitqueue_head(&fate->wait);
	spin_lock_init(&fate->lock);
}

static void bs_fate_push(struct bs_fate *fate, u32 room, u32 type, int error,
			 dev_t dev, u64 value)
{
	struct blksnap_event *event;
	unsigned long flags;

	spin_lock_irqsave(&fate->lock, flags);
	if (fate->nr >= room) {
		fate->lost++;
	} else {
		event = &fate->ring[(fate->head + fate->nr++) % BS_EVENTS];
		*event = (struct blksnap_event){
			.type = type,
			.error = error,
			.major = MAJOR(dev),
			.minor = MINOR(dev),
			.time_ns = ktime_get_real_ns(),
			.value = value,
		};
	}
	spin_unlock_irqrestore(&fate->lock, flags);
	wake_up_all(&fate->wait);
}

/* The last place is the failure's. */
void bs_fate_event(struct bs_fate *fate, u32 type, int error, dev_t dev,
		   u64 value)
{
	bs_fate_push(fate, BS_EVENTS - 1, type, error, dev, value);
}

void bs_fate_fail(struct bs_fate *fate, u32 type, int error, dev_t dev)
{
	if (cmpxchg(&fate->error, 0, error))
		return;
	trace_blksnap_fail(dev, type, error);
	pr_warn("snapshot failed: event %u, device %u:%u, error %d\n", type,
		MAJOR(dev), MINOR(dev), error);
	bs_fate_push(fate, BS_EVENTS, type, error, dev, 0);
}

void bs_fate_release(struct bs_fate *fate)
{
	cmpxchg(&fate->error, 0, -ESHUTDOWN);
	WRITE_ONCE(fate->released, true);
	wake_up_all(&fate->wait);
}

static bool bs_fate_readable(struct bs_fate *fate)
{
	return READ_ONCE(fate->nr) || READ_ONCE(fate->released);
}

/* The oldest event; false if there is none. */
static bool bs_fate_pop(struct bs_fate *fate, struct blksnap_event *event)
{
	bool any;

	spin_lock_irq(&fate->lock);
	any = fate->nr;
	if (any && fate->nr < BS_EVENTS && fate->lost) {
		*event = (struct blksnap_event){
			.type = BLKSNAP_EVENT_LOST,
			.time_ns = ktime_get_real_ns(),
			.value = fate->lost,
		};
		fate->lost = 0;
	} else if (any) {
		*event = fate->ring[fate->head];
		fate->head = (fate->head + 1) % BS_EVENTS;
		fate->nr--;
	}
	spin_unlock_irq(&fate->lock);
	return any;
}

static int bs_fate_wait(struct bs_fate *fate, bool nonblock)
{
	if (bs_fate_readable(fate))
		return 0;
	if (nonblock)
		return -EAGAIN;
	return wait_event_interruptible(fate->wait, bs_fate_readable(fate));
}

ssize_t bs_fate_read(struct bs_fate *fate, char __user *buf, size_t len,
		     bool nonblock)
{
	struct blksnap_event event;
	size_t done = 0;
	int ret;

	if (len < sizeof(event))
		return -EINVAL;
	do {
		ret = bs_fate_wait(fate, nonblock);
		if (ret)
			return ret;
		while (len - done >= sizeof(event) &&
		       bs_fate_pop(fate, &event)) {
			if (copy_to_user(buf + done, &event, sizeof(event)))
				return done ?: -EFAULT;
			done += sizeof(event);
		}
		/* Another reader may have been faster. */
	} while (!done && !READ_ONCE(fate->released));
	return done;
}

__poll_t bs_fate_poll(struct bs_fate *fate, struct file *file,
		      poll_table *table)
{
	__poll_t mask = 0;
	int error;

	poll_wait(file, &fate->wait, table);
	error = bs_fate_error(fate);
	if (bs_fate_readable(fate))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (error && error != -ESHUTDOWN)
		mask |= EPOLLERR;
	if (READ_ONCE(fate->released))
		mask |= EPOLLHUP;
	return mask;
}
