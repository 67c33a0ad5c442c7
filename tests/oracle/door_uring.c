// SPDX-License-Identifier: GPL-2.0-only
/*
 * The doors of io_uring: many direct writes at a time. Half of them are first
 * tried as writes that must not wait, some have to reach the medium at once. The
 * disk tells of their end, or is asked for it, which it needs polled queues for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "door.h"
#include "util.h"
#include "volume.h"

struct uring {
	int fd;
	char *rings;
	struct io_uring_sqe *entries;
	struct io_uring_params params;
};

static void *map_ring(const struct uring *uring, size_t size, uint64_t offset)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, uring->fd, offset);

	if (map == MAP_FAILED)
		die("cannot map the rings of io_uring: %s", strerror(errno));
	return map;
}

static void open_rings(struct queue *queue, uint32_t flags)
{
	struct uring *uring = new_array(1, sizeof(*uring));
	struct io_uring_params *params = &uring->params;
	size_t submissions, completions;

	params->flags = flags;
	uring->fd = syscall(SYS_io_uring_setup, queue->depth, params);
	if (uring->fd < 0)
		die("cannot set up io_uring: %s", strerror(errno));
	if (!(params->features & IORING_FEAT_SINGLE_MMAP))
		die("io_uring of this kernel is too old");
	submissions = params->sq_off.array +
		      params->sq_entries * sizeof(uint32_t);
	completions = params->cq_off.cqes +
		      params->cq_entries * sizeof(struct io_uring_cqe);
	uring->rings = map_ring(uring, max(submissions, completions),
				IORING_OFF_SQ_RING);
	uring->entries = map_ring(uring, params->sq_entries *
				  sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	queue->private = uring;
}

static void open_uring(struct queue *queue)
{
	open_rings(queue, 0);
}

static void open_poll(struct queue *queue)
{
	open_rings(queue, IORING_SETUP_IOPOLL);
}

static uint32_t *word(const struct uring *uring, uint32_t offset)
{
	return (uint32_t *)(uring->rings + offset);
}

static int enter(const struct uring *uring, unsigned int submit,
		 unsigned int wait)
{
	return syscall(SYS_io_uring_enter, uring->fd, submit, wait,
		       wait ? IORING_ENTER_GETEVENTS : 0, NULL, 0);
}

static void submit(struct queue *queue, struct request *request)
{
	struct uring *uring = queue->private;
	const struct io_sqring_offsets *offsets = &uring->params.sq_off;
	uint32_t tail = *word(uring, offsets->tail);
	uint32_t index = tail & *word(uring, offsets->ring_mask);

	uring->entries[index] = (struct io_uring_sqe){
		.opcode = IORING_OP_WRITE,
		.fd = request->volume->direct,
		.off = volume_seek(request->volume, request->first),
		.addr = (uintptr_t)request->buffer,
		.len = request->nr * SECTOR_SIZE,
		.rw_flags = request->flags,
		.user_data = (uintptr_t)request,
	};
	word(uring, offsets->array)[index] = index;
	__atomic_store_n(word(uring, offsets->tail), tail + 1,
			 __ATOMIC_RELEASE);
	if (enter(uring, 1, 0) != 1)
		die("cannot submit to io_uring: %s", strerror(errno));
}

static void start_uring(struct queue *queue, struct request *request)
{
	request->flags = rng_below(queue->rng, 2) ? RWF_NOWAIT : 0;
	request->flags |= rng_below(queue->rng, 8) ? 0 : RWF_DSYNC;
	submit(queue, request);
}

/* What could not be done without waiting, or not all of it, is written anew */
static void complete(struct queue *queue, struct request *request, int result)
{
	int bytes = request->nr * SECTOR_SIZE;

	if ((request->flags & RWF_NOWAIT) &&
	    (result == -EAGAIN || result == -EOPNOTSUPP ||
	     (result >= 0 && result < bytes))) {
		request->flags &= ~RWF_NOWAIT;
		submit(queue, request);
		return;
	}
	queue->done(queue, request, result);
}

static void reap_uring(struct queue *queue)
{
	struct uring *uring = queue->private;
	const struct io_cqring_offsets *offsets = &uring->params.cq_off;
	const struct io_uring_cqe *cqes, *cqe;
	uint32_t head = *word(uring, offsets->head);

	if (enter(uring, 0, 1) < 0)
		die("cannot wait for io_uring: %s", strerror(errno));
	cqes = (struct io_uring_cqe *)(uring->rings + offsets->cqes);
	while (head != __atomic_load_n(word(uring, offsets->tail),
				       __ATOMIC_ACQUIRE)) {
		cqe = &cqes[head++ & *word(uring, offsets->ring_mask)];
		complete(queue, (struct request *)(uintptr_t)cqe->user_data,
			 cqe->res);
		__atomic_store_n(word(uring, offsets->head), head,
				 __ATOMIC_RELEASE);
	}
}

const struct door door_uring = {
	.name = "uring",
	.deep = true,
	.open = open_uring,
	.start = start_uring,
	.reap = reap_uring,
};

const struct door door_poll = {
	.name = "poll",
	.deep = true,
	.open = open_poll,
	.start = start_uring,
	.reap = reap_uring,
};
