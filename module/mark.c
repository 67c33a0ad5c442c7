// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completion of marked bios.
 *
 * bio_endio() walks up a chain of bios in a loop, as long as it knows each one
 * by its bi_end_io. With ours in that place it calls us, we put back the
 * chain's and let bio_endio() go on, which calls us again for the parent: a
 * chain of ten thousand bios (a large discard) would overflow the stack. So
 * the completion of a chained bio is queued if one is being worked on by this
 * CPU already, and the outermost call works off the queue.
 *
 * Only chained bios are treated so: what the chain does there never sleeps, so
 * that it can run with preemption off. Other completions are called as the
 * block core would have called them, since some expect a task's context.
 *
 * The queue is per CPU and is touched with interrupts off only.
 */

#include <linux/bio.h>
#include <linux/percpu.h>

#include "mark.h"

struct bs_chain_queue {
	struct bio_list list;
	bool busy;
};

static DEFINE_PER_CPU(struct bs_chain_queue, bs_chain_queue);

/* The block core's own bi_end_io of chained bios, which it keeps to itself. */
static bio_end_io_t *bs_chain_endio;

void bs_mark_endio(struct bio *bio)
{
	struct bs_mark *mark = bio->bi_private;

	mark->end(bio, mark);
}

/*
 * Once more through bio_endio(), which knows what a chained bio's end_io
 * stands for; to call that is a bug since 7.x. All that bio_endio() did before
 * it came to us leaves no trace that it could stumble over, but for these.
 */
static void bs_chain_next(struct bio *bio)
{
	bio_clear_flag(bio, BIO_QOS_THROTTLED);
	bio_clear_flag(bio, BIO_QOS_MERGED);
	bio_endio(bio);
}

static void bs_endio_chained(struct bio *bio)
{
	struct bs_chain_queue *queue;
	unsigned long flags;

	preempt_disable();
	local_irq_save(flags);
	queue = this_cpu_ptr(&bs_chain_queue);
	bio_list_add(&queue->list, bio);
	if (queue->busy)
		goto out;
	queue->busy = true;
	while ((bio = bio_list_pop(&queue->list))) {
		local_irq_restore(flags);
		bs_chain_next(bio);
		local_irq_save(flags);
	}
	queue->busy = false;
out:
	local_irq_restore(flags);
	preempt_enable();
}

bool bs_chained(const struct bio *bio)
{
	return bio->bi_end_io == bs_chain_endio;
}

void bs_endio_next(struct bio *bio)
{
	if (bs_chained(bio))
		bs_endio_chained(bio);
	else if (bio->bi_end_io)
		bio->bi_end_io(bio);
}

void bs_mark_init(void)
{
	struct bio *child = bio_alloc(NULL, 0, 0, GFP_KERNEL);
	struct bio *parent = bio_alloc(NULL, 0, 0, GFP_KERNEL);

	bio_chain(child, parent);
	bs_chain_endio = child->bi_end_io;
	bio_put(child);
	bio_put(parent);
}
