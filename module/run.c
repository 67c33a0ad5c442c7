// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs: adjacent blocks that are claimed in the map, read by one bio, and
 * handed to the storage.
 *
 * A run goes through these states, and its blocks' words in the map with it:
 *
 *   building  READING  under bs_cow.build_lock: one run at a time collects
 *                      pages, so the reserve of the mempools is enough for it;
 *                      while that is gone, nothing is begun, and nobody waits
 *                      with the lock
 *   reading   READING  sent to the origin; writers of these blocks wait
 *   storing   STORING  old data is in memory; writers go on
 *   stored    place    in the storage; memory is given back
 *
 * A run that has been sent never waits for another claim: it ends by itself,
 * and whoever builds the next one waits only for that.
 *
 * A run that fails leaves its words as they are: the snapshot has failed, so
 * nobody looks at them any more.
 */

#include <linux/bio.h>
#include <linux/highmem.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "run.h"
#include "trace.h"

/* Blocks of one origin in memory, at most: 16 MiB. */
#define BS_BUFFERED_MAX 4096
/* And so many more while a cut waits: 64 MiB. */
#define BS_BUFFERED_CUT 16384
/* How long the storage may take to give some of it back, and the kernel more. */
#define BS_ROOM_TIMEOUT (30 * HZ)
#define BS_ROOM_POLL (HZ / 5)
/* Runs that there is always memory for. */
#define BS_RUNS_MIN 2
/* Of a mempool: what there is, but its reserve is not waited for. */
#define BS_GFP_TRY (GFP_NOWAIT | __GFP_NOWARN)

struct bs_run {
	struct bs_mark mark;
	struct bs_log_req req;
	struct bs_cow *cow;
	struct bs_write *write;
	u64 block;
	struct bio bio;
	struct bio_vec vecs[BS_RUN_MAX];
};

static struct kmem_cache *bs_run_cache;

static void bs_run_free(struct bs_run *run)
{
	struct bs_cow *cow = run->cow;
	u32 nr = run->req.nr, i;

	for (i = 0; i < nr; i++)
		mempool_free(run->vecs[i].bv_page, cow->pages);
	mempool_free(run, cow->runs);
	atomic_sub(nr, &cow->buffered);
	wake_up_all(&cow->room);
	bs_cow_put(cow);
}

/* The place of the old data is known, or it is lost. Any context. */
static void bs_run_stored(struct bs_log_req *req, u32 place, int error)
{
	struct bs_run *run = container_of(req, struct bs_run, req);
	struct bs_cow *cow = run->cow;
	u32 i;

	if (!error) {
		for (i = 0; i < req->nr; i++)
			bs_map_set(&cow->map, run->block + i,
				   bs_place_word(place + i));
		atomic64_add(req->nr, &cow->stored);
	}
	if (wq_has_sleeper(&cow->fate->wait))
		wake_up_all(&cow->fate->wait);
	bs_run_free(run);
}

/* Nothing of other people's memory goes into the storage. */
static void bs_run_zero_tail(struct bs_run *run)
{
	struct bio_vec *bv = &run->vecs[run->req.nr - 1];

	memzero_page(bv->bv_page, bv->bv_len, BS_BLOCK_SIZE - bv->bv_len);
	bv->bv_len = BS_BLOCK_SIZE;
}

static void bs_run_read_ok(struct bs_run *run)
{
	struct bs_cow *cow = run->cow;
	u32 i;

	bs_run_zero_tail(run);
	for (i = 0; i < run->req.nr; i++)
		bs_map_set(&cow->map, run->block + i, BS_WORD_STORING);
	atomic64_add(run->req.nr, &cow->copied);
	bs_log_append(cow->log, &run->req);
}

static void bs_run_read_end(struct bio *bio, struct bs_mark *mark)
{
	struct bs_run *run = container_of(mark, struct bs_run, mark);
	int error = blk_status_to_errno(bio->bi_status);
	struct bs_write *write = run->write;
	struct bs_cow *cow = run->cow;

	bio_uninit(bio);
	bs_cow_get(cow);
	if (error) {
		bs_fate_fail(cow->fate, BLKSNAP_EVENT_READ_ERROR, error,
			     cow->bdev->bd_dev);
		bs_run_free(run);
	} else {
		bs_run_read_ok(run);
	}
	bs_cow_kick(cow);
	bs_cow_put(cow);
	bs_cow_read_done(write);
}

/* NULL: even of the reserve nothing is left right now. */
static struct bs_run *bs_run_alloc(struct bs_cow *cow, u64 block,
				   struct bs_write *write)
{
	struct bs_run *run = mempool_alloc(cow->runs, BS_GFP_TRY);

	if (!run)
		return NULL;
	bs_cow_get(cow);
	run->cow = cow;
	run->write = write;
	run->block = block;
	run->req.vecs = run->vecs;
	run->req.nr = 0;
	run->req.done = bs_run_stored;
	return run;
}

static void bs_run_add_page(struct bs_run *run, struct page *page)
{
	bvec_set_page(&run->vecs[run->req.nr++], page, BS_BLOCK_SIZE, 0);
	atomic_inc(&run->cow->buffered);
}

/* The last block of an origin may be shorter than the others. */
static u32 bs_run_bytes(const struct bs_run *run)
{
	u64 sectors = run->cow->range.len - bs_block_sector(run->block);

	return min_t(u64, sectors << 9, (u64)run->req.nr << BS_BLOCK_SHIFT);
}

static void bs_run_read(struct bs_run *run)
{
	struct bs_cow *cow = run->cow;
	struct bio *bio = &run->bio;
	u32 nr = run->req.nr, bytes = bs_run_bytes(run);

	run->vecs[nr - 1].bv_len -= (nr << BS_BLOCK_SHIFT) - bytes;
	bio_init(bio, cow->bdev, run->vecs, BS_RUN_MAX, REQ_OP_READ);
	bio->bi_vcnt = nr;
	bio->bi_iter.bi_size = bytes;
	bio->bi_iter.bi_sector = bs_block_sector(run->block);
	bs_mark_set(bio, &run->mark, bs_run_read_end);
	atomic_inc(&run->write->pending);
	trace_blksnap_copy(cow->bdev->bd_dev, run->block, nr);
	bs_submit(bio);
}

/* It may have got no block: others had claimed them, or there was no memory. */
static void bs_run_go(struct bs_run *run)
{
	if (run->req.nr)
		bs_run_read(run);
	else
		bs_run_free(run);
}

static int bs_run_claim_word(struct bs_cow *cow, u64 block)
{
	int ret = bs_map_claim(&cow->map, block,
			       GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN);

	/* Of what the kernel keeps for urgent cases, this may have some */
	if (ret == -ENOMEM)
		ret = bs_map_claim(&cow->map, block, GFP_ATOMIC | __GFP_NOWARN);
	return ret;
}

/* Claims one block for the run, which is made if there is none. */
static int bs_run_claim(struct bs_cow *cow, struct bs_run **run, u64 block,
			struct bs_write *write)
{
	struct page *page;
	int ret = -ENOMEM;

	if (bs_map_get(&cow->map, block) != BS_WORD_NONE)
		return 0;
	page = mempool_alloc(cow->pages, BS_GFP_TRY);
	if (!page)
		return -ENOMEM;
	if (!*run)
		*run = bs_run_alloc(cow, block, write);
	if (*run)
		ret = bs_run_claim_word(cow, block);
	if (ret > 0)
		bs_run_add_page(*run, page);
	else
		mempool_free(page, cow->pages);
	return ret;
}

/* Returns @end, or the block for which there is no memory. */
static u64 bs_run_build(struct bs_cow *cow, u64 block, u64 end,
			struct bs_write *write)
{
	struct bs_run *run = NULL;
	int ret;

	for (; block < end; block++) {
		ret = bs_run_claim(cow, &run, block, write);
		if (ret < 0)
			break;
		if (!ret && run) {
			bs_run_go(run);
			run = NULL;
		}
	}
	if (run)
		bs_run_go(run);
	return block;
}

/*
 * What a cut drains has more room: the storage may need writes that are parked at
 * its gate.
 */
static bool bs_run_may_begin(struct bs_cow *cow, int most,
			     struct bs_write *write)
{
	if (READ_ONCE(write->disk->closed))
		most += BS_BUFFERED_CUT;
	return atomic_read(&cow->buffered) <= most || bs_fate_error(cow->fate);
}

/*
 * Memory comes back when the storage has taken what is in it. A storage that
 * does not move must not stop the origin: then the snapshot fails. Who closes the
 * gate, or fails the snapshot, wakes nobody here.
 */
static void bs_run_wait_room(struct bs_cow *cow, int most,
			     struct bs_write *write)
{
	unsigned long deadline = jiffies + BS_ROOM_TIMEOUT;

	while (!wait_event_timeout(cow->room,
				   bs_run_may_begin(cow, most, write),
				   BS_ROOM_POLL)) {
		if (time_after(jiffies, deadline)) {
			bs_fate_fail(cow->fate, BLKSNAP_EVENT_STORE_ERROR,
				     -ETIMEDOUT, cow->bdev->bd_dev);
			return;
		}
	}
}

/* Returns how far it came; the snapshot may have failed. */
static u64 bs_run_try_copy(struct bs_cow *cow, u64 block, u64 end,
			   struct bs_write *write)
{
	mutex_lock(&cow->build_lock);
	bs_run_wait_room(cow, BS_BUFFERED_MAX - (end - block), write);
	if (!bs_fate_error(cow->fate))
		block = bs_run_build(cow, block, end, write);
	mutex_unlock(&cow->build_lock);
	return block;
}

/*
 * The map grows, so no mempool can hold what it needs. But plain GFP_NOIO would
 * try for ever, and what it waits for can be the very write that waits here: a
 * page on its way to swap. The mempools' reserve can be with a storage that hangs.
 * So each try ends, others' writes get time and the lock to give memory back, and
 * if nobody gets on any more, it is the snapshot that fails.
 */
void bs_run_copy(struct bs_cow *cow, u64 first, u64 end,
		 struct bs_write *write)
{
	u64 seen = U64_MAX, now;
	unsigned long deadline = 0;

	for (;;) {
		first = bs_run_try_copy(cow, first, end, write);
		if (first == end || bs_fate_error(cow->fate))
			return;
		/* As long as anybody gets on, there is hope */
		now = first + atomic64_read(&cow->copied) +
			atomic64_read(&cow->stored);
		if (now != seen)
			deadline = jiffies + BS_ROOM_TIMEOUT;
		seen = now;
		if (time_after(jiffies, deadline))
			break;
		schedule_timeout_uninterruptible(HZ / 50);
	}
	bs_fate_fail(cow->fate, BLKSNAP_EVENT_NO_MEMORY, -ENOMEM,
		     cow->bdev->bd_dev);
}

mempool_t *bs_run_pool(void)
{
	return mempool_create_slab_pool(BS_RUNS_MIN, bs_run_cache);
}

int bs_run_init(void)
{
	bs_run_cache = KMEM_CACHE(bs_run, 0);
	return bs_run_cache ? 0 : -ENOMEM;
}

void bs_run_exit(void)
{
	kmem_cache_destroy(bs_run_cache);
}
