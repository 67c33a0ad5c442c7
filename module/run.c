// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs: adjacent blocks that are claimed in the map, read by one bio, and
 * handed to the storage.
 *
 * A run goes through these states, and its blocks' words in the map with it:
 *
 *   building  READING  by the origin's worker, so one at a time collects pages, and
 *                      the reserve of the mempools is enough for it; while that is
 *                      gone, nothing is begun, and nobody waits
 *   reading   READING  sent to the origin; writers of these blocks wait
 *   storing   STORING  old data is in memory; writers go on
 *   stored    place    in the storage; memory is given back
 *
 * A run that has been sent never waits for another claim: it ends by itself,
 * and whoever builds the next one waits only for that.
 *
 * For a small write a run may have more blocks than are written, see pure/unit.h:
 * those around them that nobody has claimed. For these the reserve of pages is not
 * touched, and what is short of memory or of room does without. If the read of such
 * a run fails, its blocks are given back, and the write tries again with its own
 * alone.
 *
 * Any other run that fails leaves its words as they are: the snapshot has failed, so
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
/* With so many, those that had to wait for room go on. */
#define BS_BUFFERED_RESUME 3584
/* And so many more while a cut waits: 64 MiB. */
#define BS_BUFFERED_CUT 16384
/* Runs, and pages of an origin, that there is always memory for. */
#define BS_RUNS_MIN 2
#define BS_PAGES_MIN 64
/* Pieces of memory in one run: if all are single pages, it is a short one. */
#define BS_RUN_VECS 32
/* Blocks in a read that is measured, see pure/unit.h. */
#define BS_MEASURED_MAX 16
/* Adjacent pages are got at once: so many blocks at most. */
#define BS_CHUNK_MAX 16
/* Of a mempool: what there is, but its reserve is not waited for. */
#define BS_GFP_TRY (GFP_NOWAIT | __GFP_NOWARN)

struct bs_run {
	struct bs_mark mark;
	struct bs_log_req req;
	struct bs_cow *cow;
	struct bs_write *write;
	u64 block;
	u64 begin;	/* of the read, in ns */
	bool wide;	/* more than is written */
	bool measured;
	struct bio bio;
	struct bio_vec vecs[BS_RUN_VECS];
};

static_assert(BS_UNIT_MOST <= BS_RUN_MAX);
static_assert(BS_RUN_VECS * BS_CHUNK_MAX >= BS_RUN_MAX);

static struct kmem_cache *bs_run_cache;

/*
 * A page for up to @nr blocks, which is set to what fits. What rests on it decides
 * whether it may be of the reserve.
 */
static struct page *bs_run_page(struct bs_cow *cow, u32 *nr, bool needed)
{
	gfp_t gfp = __GFP_COMP | __GFP_NORETRY | __GFP_NOWARN;
	u32 blocks = min_t(u32, BS_CHUNK_MAX, rounddown_pow_of_two(*nr));
	unsigned int order = get_order(blocks << BS_BLOCK_SHIFT);
	struct page *page = order ? alloc_pages(gfp, order) : NULL;

	if (!page)
		page = needed ? mempool_alloc(cow->pages, BS_GFP_TRY) :
			alloc_page(BS_GFP_TRY);
	if (page)
		*nr = min_t(u32, blocks, page_size(page) >> BS_BLOCK_SHIFT);
	return page;
}

static void bs_run_page_free(struct bs_cow *cow, struct page *page)
{
	if (PageCompound(page))
		__free_pages(page, compound_order(page));
	else
		mempool_free(page, cow->pages);
}

static void bs_run_free(struct bs_run *run)
{
	struct bs_cow *cow = run->cow;
	u32 nr = run->req.nr, i;

	for (i = 0; i < run->req.nr_vecs; i++)
		bs_run_page_free(cow, run->vecs[i].bv_page);
	mempool_free(run, cow->runs);
	atomic_sub(nr, &cow->buffered);
	atomic_sub(nr, &cow->log->expected);
	/* Not for nothing, nor for a little room: all of them would come at once */
	if (nr && atomic_read(&cow->buffered) <= BS_BUFFERED_RESUME)
		bs_cow_unstall(cow);
	bs_cow_put(cow);
}

/* The place of the old data is known, or it is lost. Any context. */
static void bs_run_stored(struct bs_log_req *req, u32 place, int error)
{
	struct bs_run *run = container_of(req, struct bs_run, req);
	struct bs_cow *cow = run->cow;

	if (!error) {
		bs_map_set(&cow->map, run->block, req->nr,
			   bs_place_word(place));
		atomic64_add(req->nr, &cow->stored);
	}
	if (wq_has_sleeper(&cow->fate->wait))
		wake_up_all(&cow->fate->wait);
	bs_run_free(run);
}

/* Nothing of other people's memory goes into the storage. */
static void bs_run_zero_tail(struct bs_run *run)
{
	struct bio_vec *bv = &run->vecs[run->req.nr_vecs - 1];
	u32 len = round_up(bv->bv_len, BS_BLOCK_SIZE);

	while (bv->bv_len < len) {
		memzero_page(bv->bv_page + (bv->bv_len >> PAGE_SHIFT),
			     offset_in_page(bv->bv_len), SECTOR_SIZE);
		bv->bv_len += SECTOR_SIZE;
	}
}

static void bs_run_read_ok(struct bs_run *run)
{
	struct bs_cow *cow = run->cow;

	bs_run_zero_tail(run);
	bs_map_set(&cow->map, run->block, run->req.nr, BS_WORD_STORING);
	atomic64_add(run->req.nr, &cow->copied);
}

/* Nobody has to have read what is not written. */
static void bs_run_give_back(struct bs_run *run)
{
	struct bs_cow *cow = run->cow;
	unsigned long flags;

	spin_lock_irqsave(&cow->lock, flags);
	bs_unit_narrow(&cow->unit);
	spin_unlock_irqrestore(&cow->lock, flags);
	bs_map_set(&cow->map, run->block, run->req.nr, BS_WORD_NONE);
	wake_up_all(&cow->fate->wait);
	bs_run_free(run);
}

static void bs_run_read_failed(struct bs_run *run, int error)
{
	struct bs_cow *cow = run->cow;

	if (run->wide) {
		bs_run_give_back(run);
		return;
	}
	bs_fate_fail(cow->fate, BLKSNAP_EVENT_READ_ERROR, error,
		     cow->bdev->bd_dev);
	bs_run_free(run);
}

static void bs_run_measure(struct bs_run *run)
{
	struct bs_cow *cow = run->cow;
	bool shared = READ_ONCE(cow->image_at) >= run->begin;
	unsigned long flags;

	spin_lock_irqsave(&cow->lock, flags);
	bs_unit_add(&cow->unit, run->begin, ktime_get_ns(), run->req.nr,
		    shared);
	spin_unlock_irqrestore(&cow->lock, flags);
}

static void bs_run_read_end(struct bio *bio, struct bs_mark *mark)
{
	struct bs_run *run = container_of(mark, struct bs_run, mark);
	int error = blk_status_to_errno(bio->bi_status);
	struct bs_write *write = run->write;
	struct bs_cow *cow = run->cow;

	bio_uninit(bio);
	bs_cow_get(cow);
	atomic_dec(&cow->reading);
	if (run->measured)
		bs_run_measure(run);
	if (error)
		bs_run_read_failed(run, error);
	else
		bs_run_read_ok(run);
	bs_cow_kick(cow);
	bs_cow_read_done(write);
	/* The writer waits; for the storage, at most who reads the image does */
	if (!error)
		bs_log_append(cow->log, &run->req);
	bs_cow_put(cow);
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
	run->req.nr_vecs = 0;
	run->req.done = bs_run_stored;
	return run;
}

static void bs_run_add_page(struct bs_run *run, struct page *page, u32 nr)
{
	bvec_set_page(&run->vecs[run->req.nr_vecs++], page,
		      nr << BS_BLOCK_SHIFT, 0);
	run->req.nr += nr;
	atomic_add(nr, &run->cow->buffered);
	atomic_add(nr, &run->cow->log->expected);
}

/* The last block of an origin may be shorter than the others. */
static u32 bs_run_bytes(const struct bs_run *run)
{
	u64 sectors = run->cow->range.len - bs_block_sector(run->block);

	return min_t(u64, sectors << 9, (u64)run->req.nr << BS_BLOCK_SHIFT);
}

/* Is it a read for what is written, and no more? */
static void bs_run_compare(struct bs_run *run)
{
	const struct bs_write *write = run->write;
	u64 end = run->block + run->req.nr;

	run->wide = run->block < write->next || end > write->end;
	run->measured = !run->wide && run->req.nr <= BS_MEASURED_MAX;
}

static void bs_run_read(struct bs_run *run)
{
	struct bs_cow *cow = run->cow;
	struct bio *bio = &run->bio;
	u32 nr = run->req.nr, last = run->req.nr_vecs - 1;
	u32 bytes = bs_run_bytes(run);

	run->vecs[last].bv_len -= (nr << BS_BLOCK_SHIFT) - bytes;
	bio_init(bio, cow->bdev, run->vecs, BS_RUN_VECS, REQ_OP_READ);
	bio->bi_vcnt = last + 1;
	bio->bi_iter.bi_size = bytes;
	bio->bi_iter.bi_sector = bs_block_sector(run->block);
	bs_mark_set(bio, &run->mark, bs_run_read_end);
	bs_run_compare(run);
	/* What cannot be read beside a write shall not fail another's */
	if (run->wide)
		bio->bi_opf |= REQ_NOMERGE;
	run->begin = ktime_get_ns();
	atomic_inc(&cow->reading);
	atomic64_add(nr, &cow->begun);
	atomic_inc(&run->write->pending);
	trace_blksnap_copy(cow->bdev->bd_dev, run->block, nr);
	bs_submit(bio);
}

/* It may have got no block, if there was no memory. */
static void bs_run_go(struct bs_run **run)
{
	if (*run && (*run)->req.nr)
		bs_run_read(*run);
	else if (*run)
		bs_run_free(*run);
	*run = NULL;
}

static int bs_run_claim_words(struct bs_cow *cow, u64 block, u32 nr,
			      bool needed)
{
	int ret = bs_map_claim(&cow->map, block, nr, needed ?
			       GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN :
			       BS_GFP_TRY);

	/* Of what the kernel keeps for urgent cases, this may have some */
	if (ret == -ENOMEM && needed)
		ret = bs_map_claim(&cow->map, block, nr,
				   GFP_ATOMIC | __GFP_NOWARN);
	return ret;
}

/*
 * Claims some of @nr blocks, which nobody has, for the run, which is made if there is
 * none. Returns how many, or -ENOMEM.
 */
static int bs_run_claim(struct bs_cow *cow, struct bs_run **run, u64 block,
			u32 nr, struct bs_write *write, bool needed)
{
	struct page *page = bs_run_page(cow, &nr, needed);
	int ret = -ENOMEM;

	if (!page)
		return -ENOMEM;
	if (!*run)
		*run = bs_run_alloc(cow, block, write);
	if (*run)
		ret = bs_run_claim_words(cow, block, nr, needed);
	if (ret > 0)
		bs_run_add_page(*run, page, ret);
	else
		bs_run_page_free(cow, page);
	return ret;
}

/* Nobody else claims. Returns @end, or the block for which there is no memory. */
static u64 bs_run_build(struct bs_cow *cow, u64 block, u64 end,
			struct bs_write *write, bool needed)
{
	struct bs_run *run = NULL;
	u32 word;
	int ret;

	while (block < end) {
		ret = bs_map_run(&cow->map, block,
				 min_t(u64, end - block, BS_CHUNK_MAX), &word);
		if (run && (word != BS_WORD_NONE ||
			    run->req.nr_vecs == BS_RUN_VECS))
			bs_run_go(&run);
		if (word == BS_WORD_NONE)
			ret = bs_run_claim(cow, &run, block, ret, write,
					   needed);
		if (ret <= 0)
			break;
		block += ret;
	}
	bs_run_go(&run);
	return block;
}

/* In blocks. If memory or the storage is short, what is written has to do. */
static u32 bs_run_unit(struct bs_cow *cow)
{
	u32 unit;

	if (atomic_read(&cow->log->expected) + BS_UNIT_MOST >
	    READ_ONCE(cow->log->spare) ||
	    atomic_read(&cow->buffered) > BS_BUFFERED_MAX / 2)
		return BS_UNIT_LEAST;
	spin_lock_irq(&cow->lock);
	unit = bs_unit_get(&cow->unit, ktime_get_ns(),
			   atomic_read(&cow->reading));
	spin_unlock_irq(&cow->lock);
	return unit;
}

/* The first of the blocks before @first, from @begin on, that nobody has claimed. */
static u64 bs_run_widen_begin(struct bs_cow *cow, u64 begin, u64 first)
{
	u32 word;
	u64 nr;

	for (; begin < first; begin += nr) {
		nr = bs_map_run(&cow->map, begin, first - begin, &word);
		if (word == BS_WORD_NONE && begin + nr == first)
			break;
	}
	return begin;
}

/* Copies a small write's blocks, and all unclaimed ones around them in the unit. */
static void bs_run_build_wide(struct bs_cow *cow, u64 first, u64 end,
			      struct bs_write *write)
{
	u64 nr_blocks = bs_blocks_in(cow->range.len), begin, limit, nr;
	u32 unit, word;

	if (end - first > BS_UNIT_MOST / 2)
		return;
	unit = bs_run_unit(cow);
	begin = round_down(first, (u64)unit);
	limit = min(begin + unit, nr_blocks);
	if (end - first >= unit || end > limit)
		return;
	nr = bs_map_run(&cow->map, first, limit - first, &word);
	if (word != BS_WORD_NONE || nr < end - first)
		return;
	begin = bs_run_widen_begin(cow, begin, first);
	bs_run_build(cow, begin, first + nr, write, false);
}

/*
 * What a cut drains has more room: the storage may need writes that are parked at
 * its gate.
 */
static bool bs_run_has_room(struct bs_cow *cow, const struct bs_write *write)
{
	int most = BS_BUFFERED_MAX - BS_RUN_MAX;

	if (READ_ONCE(write->disk->closed))
		most += BS_BUFFERED_CUT;
	return atomic_read(&cow->buffered) <= most;
}

/*
 * The map grows, so no mempool can hold what it needs. But plain GFP_NOIO would
 * try for ever, and what it waits for can be the very write that waits here: a
 * page on its way to swap. The mempools' reserve can be with a storage that hangs.
 * So it is tried once.
 */
int bs_run_copy(struct bs_cow *cow, u64 first, u64 end,
		struct bs_write *write)
{
	if (!bs_run_has_room(cow, write))
		return -EAGAIN;
	bs_run_build_wide(cow, first, end, write);
	/* What that did not get */
	return bs_run_build(cow, first, end, write, true) == end ? 0 : -ENOMEM;
}

mempool_t *bs_run_page_pool(void)
{
	return mempool_create_page_pool(BS_PAGES_MIN, 0);
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
