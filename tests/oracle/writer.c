// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writers: threads that write sectors that tell what they are, each by one door.
 * What is written is in the journal before it is submitted.
 */
#include <string.h>

#include "door.h"
#include "sector.h"
#include "util.h"
#include "volume.h"
#include "writer.h"

static struct writer *writer_of(struct queue *queue)
{
	return (struct writer *)((char *)queue -
				 offsetof(struct writer, queue));
}

static void complain(const char *what, const struct volume *volume,
		     uint64_t first, uint32_t nr, int err)
{
	die("%s: %s of %u sectors of volume %u from %llu: %s", volume->path,
	    what, nr, volume->id, (unsigned long long)first, strerror(err));
}

static void written(struct queue *queue, struct request *request,
		    int64_t result)
{
	struct writer *writer = writer_of(queue);
	uint64_t bytes = (uint64_t)request->nr * SECTOR_SIZE;

	if (result != (int64_t)bytes)
		complain(queue->door->name, request->volume, request->first,
			 request->nr, result < 0 ? -result : 0);
	journal_end(writer->plan->journal, request->write);
	writer->writes++;
	writer->bytes += bytes;
	request->busy = false;
}

static void make_requests(struct queue *queue, const struct plan *plan)
{
	unsigned int i;

	queue->requests = new_array(queue->depth, sizeof(*queue->requests));
	for (i = 0; i < queue->depth; i++)
		queue->requests[i].buffer =
			new_buffer((size_t)plan->high * SECTOR_SIZE);
}

static void find_places(struct writer *writer)
{
	struct plan *plan = writer->plan;
	int i;

	writer->places = new_array(plan->nr_volumes, sizeof(*writer->places));
	for (i = 0; i < plan->nr_volumes; i++) {
		const struct volume *volume = &plan->volumes[i];

		writer->places[i] = writer->queue.door->cached ?
			places_cached(volume, plan->journal) :
			places_direct(volume, plan->journal);
	}
}

void writer_init(struct writer *writer, struct plan *plan,
		 const struct door *door, unsigned int number)
{
	bool deep = door->deep && !plan->dependent;

	writer->plan = plan;
	writer->rng = plan->seed + number;
	writer->rng = rng_next(&writer->rng);
	writer->queue.door = door;
	writer->queue.depth = deep ? plan->depth : 1;
	writer->queue.rng = &writer->rng;
	writer->queue.done = written;
	make_requests(&writer->queue, plan);
	find_places(writer);
	if (door->open)
		door->open(&writer->queue);
}

/* Is there one more write to do? */
static bool take_turn(struct plan *plan)
{
	uint64_t left;

	if (__atomic_load_n(&plan->stop, __ATOMIC_RELAXED) ||
	    now_ns() >= plan->deadline)
		return false;
	left = __atomic_load_n(&plan->left, __ATOMIC_RELAXED);
	while (left) {
		if (__atomic_compare_exchange_n(&plan->left, &left, left - 1,
						true, __ATOMIC_RELAXED,
						__ATOMIC_RELAXED))
			return true;
	}
	return false;
}

static int choose_volume(struct writer *writer)
{
	struct plan *plan = writer->plan;

	if (plan->dependent)
		return writer->turn++ % plan->nr_volumes;
	return rng_below(&writer->rng, plan->nr_volumes);
}

static uint32_t note(struct writer *writer, const struct volume *volume,
		     const struct place *place, enum op op)
{
	struct record record = {
		.first = place->first,
		.nr = place->end - place->first,
		.volume = volume->id,
		.op = op,
		.cached = writer->queue.door->cached,
	};

	return journal_add(writer->plan->journal, &record);
}

static void zero(struct writer *writer, const struct volume *volume,
		 const struct place *place)
{
	enum op op = rng_below(&writer->rng, 2) ? OP_ZERO : OP_DISCARD;
	uint32_t write = note(writer, volume, place, op);
	uint32_t nr = place->end - place->first;
	int ret;

	journal_begin(writer->plan->journal, write);
	if (op == OP_ZERO)
		ret = door_zero(volume, place->first, nr);
	else
		ret = door_discard(volume, place->first, nr);
	if (ret)
		complain(op == OP_ZERO ? "zeroing" : "discard", volume,
			 place->first, nr, -ret);
	journal_end(writer->plan->journal, write);
	writer->writes++;
	writer->bytes += (uint64_t)nr * SECTOR_SIZE;
}

static void fill_buffer(const struct writer *writer,
			const struct request *request)
{
	struct identity id = {
		.seed = journal_seed(writer->plan->journal),
		.volume = request->volume->id,
		.write = request->write,
	};
	uint32_t i;

	for (i = 0; i < request->nr; i++) {
		id.position = request->first + i;
		sector_make((char *)request->buffer + i * SECTOR_SIZE, &id);
	}
}

static void issue(struct writer *writer, struct request *request)
{
	struct plan *plan = writer->plan;
	const struct door *door = writer->queue.door;
	int i = choose_volume(writer);
	const struct volume *volume = &plan->volumes[i];
	struct place place = places_pick(&writer->places[i], volume,
					 &writer->rng, plan->low, plan->high);

	if (!door->cached && rng_below(&writer->rng, 100) < plan->zero_percent) {
		zero(writer, volume, &place);
		return;
	}
	request->volume = volume;
	request->first = place.first;
	request->nr = place.end - place.first;
	request->busy = true;
	request->write = note(writer, volume, &place, OP_WRITE);
	fill_buffer(writer, request);
	journal_begin(plan->journal, request->write);
	door->start(&writer->queue, request);
}

static struct request *find_request(const struct queue *queue, bool busy)
{
	unsigned int i;

	for (i = 0; i < queue->depth; i++)
		if (queue->requests[i].busy == busy)
			return &queue->requests[i];
	return NULL;
}

void *writer_run(void *arg)
{
	struct writer *writer = arg;
	struct queue *queue = &writer->queue;
	struct request *request;

	while (take_turn(writer->plan)) {
		while (!(request = find_request(queue, false)))
			queue->door->reap(queue);
		issue(writer, request);
	}
	while (find_request(queue, true))
		queue->door->reap(queue);
	return NULL;
}
