// SPDX-License-Identifier: GPL-2.0-only
/*
 * The door of Linux' asynchronous I/O: many direct writes at a time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "door.h"
#include "util.h"
#include "volume.h"

#define EVENTS 64

static void open_aio(struct queue *queue)
{
	aio_context_t *context = new_array(1, sizeof(*context));

	if (syscall(SYS_io_setup, queue->depth, context))
		die("cannot set up asynchronous I/O: %s", strerror(errno));
	queue->private = context;
}

static void start_aio(struct queue *queue, struct request *request)
{
	aio_context_t *context = queue->private;
	struct iocb *iocb = &request->iocb;

	*iocb = (struct iocb){
		.aio_data = (uintptr_t)request,
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_fildes = request->volume->direct,
		.aio_buf = (uintptr_t)request->buffer,
		.aio_nbytes = (uint64_t)request->nr * SECTOR_SIZE,
		.aio_offset = volume_seek(request->volume, request->first),
	};
	if (syscall(SYS_io_submit, *context, 1, &iocb) != 1)
		queue->done(queue, request, -errno);
}

static void reap_aio(struct queue *queue)
{
	aio_context_t *context = queue->private;
	struct io_event events[EVENTS];
	int i, nr;

	nr = syscall(SYS_io_getevents, *context, 1, EVENTS, events, NULL);
	if (nr < 0)
		die("cannot wait for asynchronous I/O: %s", strerror(errno));
	for (i = 0; i < nr; i++)
		queue->done(queue,
			    (struct request *)(uintptr_t)events[i].data,
			    events[i].res);
}

const struct door door_aio = {
	.name = "aio",
	.deep = true,
	.open = open_aio,
	.start = start_aio,
	.reap = reap_aio,
};
