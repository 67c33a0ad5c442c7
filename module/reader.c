// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading what an origin was at the cut.
 *
 * A read is cut into parts by what the map says of its blocks: preserved ones
 * are read from the storage, those in a storage's own area are zeros, and the
 * others are read from the origin, straight into the reader's pages. No lock
 * is taken and no writer waits for us. So a writer may overtake a read of the
 * origin: when that has ended, the words are looked at again. If they are
 * still empty, and the snapshot has not failed, no write was sent in between
 * (a writer claims the blocks, or fails the snapshot, with a full barrier
 * before it sends), and the data is right. If not, those blocks are read again.
 * This allows to read the origin over small gaps of preserved blocks, too: when
 * that has ended, they are read from the storage.
 *
 * Blocks that are just being copied are waited for, which only workers may do: who
 * sent a read may hold bios that we wait for. So may who finds no memory at once.
 * What is all in one place is sent right away.
 *
 * Locks: none. dead is set once; reads count themselves in ios before they look at
 * it, with a full barrier between, and bs_reader_stop() sets it before it looks at
 * ios.
 */

#include <linux/blkdev.h>
#include <linux/mempool.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "cow.h"
#include "hook.h"
#include "mark.h"
#include "reader.h"

#define BS_READ_RESERVE 16
/* Sectors in a part at most: how much is looked at with interrupts off. */
#define BS_READ_MAX 2048
/* Preserved blocks that are cheaper to read from the origin, in vain, than around. */
#define BS_READ_GAP 8

/* A reader's bio. Ended by whoever drops the last part. */
struct bs_read_io {
	struct bs_reader *reader;
	struct bio *bio;
	refcount_t pending;
	struct work_struct work;
};

/* What the map says of some sectors. */
enum bs_read_kind { BS_ZERO, BS_BUSY, BS_ORIGIN, BS_STORED };

/*
 * A walk reads the origin over gaps; or not, where that has failed; or it has been
 * read already.
 */
enum bs_read_mode { BS_BRIDGE, BS_EXACT, BS_HAVE };

struct bs_read_span {
	enum bs_read_kind kind;
	u64 sectors;
	bool gaps;	/* preserved blocks among those of the origin */
	struct block_device *bdev;
	u64 sector;	/* of bdev */
};

struct bs_read_part {
	struct bs_mark mark;
	struct bs_read_io *io;
	enum bs_read_kind kind;
	enum bs_read_mode mode;	/* of the next walk */
	struct bvec_iter iter;	/* of the reader's bio */
	struct work_struct work;
	struct bio clone;	/* has to be the last */
};

static void bs_read_done(struct bs_reader *reader)
{
	rcu_read_lock(); /* bs_reader_exit() waits for it */
	if (atomic_dec_and_test(&reader->ios))
		wake_up_all(&reader->idle);
	rcu_read_unlock();
}

static void bs_read_io_put(struct bs_read_io *io)
{
	struct bs_reader *reader = io->reader;
	struct bio *bio = io->bio;

	if (!refcount_dec_and_test(&io->pending))
		return;
	mempool_free(io, reader->io_pool);
	if (bs_fate_error(reader->cow->fate))
		bio->bi_status = BLK_STS_IOERR;
	bs_read_done(reader);
	bio_endio(bio);
}

/*
 * Blocks from the first on, which is not preserved, to be read from the origin:
 * over gaps of preserved ones, but not into them.
 */
static u64 bs_read_bridge(struct bs_cow *cow, u64 block, u64 max)
{
	u64 nr = 0, end = 0, gap = 0, step;
	u32 word;

	while (nr < max && gap <= BS_READ_GAP) {
		step = bs_map_run(&cow->map, block + nr, max - nr, &word);
		nr += step;
		gap += step;
		if (word == BS_WORD_NONE) {
			end = nr;
			gap = 0;
		} else if (!bs_word_is_place(word)) {
			break;
		}
	}
	return end;
}

static void bs_read_span_block(struct bs_cow *cow, u64 sector, u64 most,
			       enum bs_read_mode mode,
			       struct bs_read_span *span)
{
	u64 block = bs_block_of(sector), in_block = sector -
		bs_block_sector(block);
	u64 most_blocks = bs_blocks_in(in_block + most), nr, bridge = 0;
	u32 word, run;

	span->gaps = false;
	nr = bs_map_run(&cow->map, block, most_blocks, &word);
	if (word == BS_WORD_NONE) {
		span->kind = BS_ORIGIN;
		span->bdev = cow->bdev;
		span->sector = sector;
		if (mode == BS_BRIDGE)
			bridge = bs_read_bridge(cow, block, most_blocks);
		span->gaps = bridge > nr;
		nr = max(nr, bridge);
	} else if (bs_word_is_place(word)) {
		span->kind = BS_STORED;
		span->sector = in_block +
			bs_log_locate(cow->log, bs_word_place(word),
				      &span->bdev, &run);
		nr = min_t(u64, nr, run);
	} else {
		span->kind = BS_BUSY;
		return;
	}
	span->sectors = min(most, bs_block_sector(nr) - in_block);
}

/* What is to be done for the sectors from @sector on, and for how many. */
static void bs_read_classify(struct bs_cow *cow, u64 sector, u64 most,
			     enum bs_read_mode mode,
			     struct bs_read_span *span)
{
	u64 run;

	most = min_t(u64, most, BS_READ_MAX);
	if (bs_rangeset_test(cow->holes, cow->nr_holes, sector, &run)) {
		span->kind = BS_ZERO;
		span->sectors = min(most, run);
		return;
	}
	bs_read_span_block(cow, sector, min(most, run), mode, span);
}

static void bs_read_zero(struct bio *bio, struct bvec_iter iter, u64 sectors)
{
	struct bio_vec bv;

	iter.bi_size = sectors << SECTOR_SHIFT;
	for (; iter.bi_size; bio_advance_iter_single(bio, &iter, bv.bv_len)) {
		bv = bio_iter_iovec(bio, iter);
		memzero_bvec(&bv);
	}
}

static bool bs_read_is_busy(struct bs_cow *cow, u64 sector)
{
	u32 word = bs_map_get(&cow->map, bs_block_of(sector));

	return word != BS_WORD_NONE && !bs_word_is_place(word);
}

/*
 * Were all these blocks left alone while they were read from the origin?
 * Pairs with bs_map_claim() and bs_fate_fail().
 */
static bool bs_read_verify(struct bs_cow *cow, const struct bvec_iter *iter)
{
	u64 first, nr;
	u32 word;

	smp_mb(); /* the data first, then the words */
	bs_range_to_blocks(iter->bi_sector, iter->bi_size >> SECTOR_SHIFT,
			   &first, &nr);
	return bs_map_run(&cow->map, first, nr, &word) == nr &&
		word == BS_WORD_NONE;
}

static void bs_read_walk(struct bs_read_io *io, struct bvec_iter iter,
			 enum bs_read_mode mode);

static void bs_read_part_free(struct bs_read_part *part)
{
	struct bs_read_io *io = part->io;

	bio_put(&part->clone);
	bs_read_io_put(io);
}

static void bs_read_again(struct work_struct *work)
{
	struct bs_read_part *part = container_of(work, struct bs_read_part,
						 work);
	struct bs_read_io *io = part->io;
	struct bvec_iter iter = part->iter;
	enum bs_read_mode mode = part->mode;

	bio_put(&part->clone); /* before others are taken */
	bs_read_walk(io, iter, mode);
	bs_read_io_put(io);
}

static void bs_read_part_end(struct bio *clone, struct bs_mark *mark)
{
	struct bs_read_part *part = container_of(mark, struct bs_read_part,
						 mark);
	struct bs_reader *reader = part->io->reader;

	if (part->kind == BS_ORIGIN &&
	    !bs_read_verify(reader->cow, &part->iter)) {
		part->mode = clone->bi_status ? BS_EXACT : BS_HAVE;
		INIT_WORK(&part->work, bs_read_again);
		queue_work(reader->again_wq, &part->work);
		return;
	}
	if (clone->bi_status)
		part->io->bio->bi_status = clone->bi_status;
	bs_read_part_free(part);
}

/* False: no memory, which cannot be if @gfp allows to wait for it. */
static bool bs_read_send(struct bs_read_io *io, struct bvec_iter iter,
			 const struct bs_read_span *span, gfp_t gfp)
{
	struct bs_read_part *part;
	struct bio *clone;

	clone = bio_alloc_clone(span->bdev, io->bio, gfp, &io->reader->parts);
	if (!clone)
		return false;
	part = container_of(clone, struct bs_read_part, clone);
	part->io = io;
	part->kind = span->kind;
	part->iter = iter;
	part->iter.bi_size = span->sectors << SECTOR_SHIFT;
	clone->bi_iter = part->iter;
	clone->bi_iter.bi_sector = span->sector;
	clone->bi_opf &= REQ_OP_MASK | REQ_SYNC | REQ_META | REQ_PRIO |
			 REQ_RAHEAD;
	/* A gap that cannot be read shall not fail another read */
	if (span->gaps)
		clone->bi_opf |= REQ_NOMERGE;
	bs_mark_set(clone, &part->mark, bs_read_part_end);
	refcount_inc(&io->pending);
	bs_submit(clone);
	return true;
}

/* Reads a part of the reader's bio; sleeps. */
static void bs_read_walk(struct bs_read_io *io, struct bvec_iter iter,
			 enum bs_read_mode mode)
{
	struct bs_cow *cow = io->reader->cow;
	struct bs_read_span span;
	struct blk_plug plug;

	blk_start_plug(&plug);
	while (iter.bi_size && !bs_fate_error(cow->fate)) {
		bs_read_classify(cow, iter.bi_sector,
				 iter.bi_size >> SECTOR_SHIFT, mode, &span);
		if (span.kind == BS_BUSY) {
			wait_event(cow->fate->wait,
				   bs_fate_error(cow->fate) ||
				   !bs_read_is_busy(cow, iter.bi_sector));
			continue;
		}
		if (span.kind == BS_ZERO)
			bs_read_zero(io->bio, iter, span.sectors);
		else if (span.kind != BS_ORIGIN || mode != BS_HAVE)
			bs_read_send(io, iter, &span, GFP_NOIO);
		bio_advance_iter(io->bio, &iter,
				 span.sectors << SECTOR_SHIFT);
	}
	blk_finish_plug(&plug);
}

static void bs_read_io_work(struct work_struct *work)
{
	struct bs_read_io *io = container_of(work, struct bs_read_io, work);

	bs_read_walk(io, io->bio->bi_iter, BS_BRIDGE);
	bs_read_io_put(io);
}

/* True if all of the read has been sent; never waits. */
static bool bs_read_at_once(struct bs_read_io *io)
{
	struct bs_cow *cow = io->reader->cow;
	struct bvec_iter iter = io->bio->bi_iter;
	u64 sectors = bio_sectors(io->bio);
	struct bs_read_span span;

	if (!sectors || bs_fate_error(cow->fate))
		return false;
	bs_read_classify(cow, iter.bi_sector, sectors, BS_BRIDGE, &span);
	if (span.kind != BS_ORIGIN && span.kind != BS_STORED)
		return false;
	return span.sectors == sectors &&
		bs_read_send(io, iter, &span, GFP_NOWAIT | __GFP_NOWARN);
}

/*
 * Waits for the end of other reads if there is no memory. None of their parts is
 * still on our current->bio_list: what is for a lower device comes first there.
 */
static void bs_read_begin(struct bs_reader *reader, struct bio *bio)
{
	struct bs_read_io *io = mempool_alloc(reader->io_pool, GFP_NOIO);

	io->reader = reader;
	io->bio = bio;
	refcount_set(&io->pending, 1);
	atomic64_add(bio_sectors(bio), &reader->cow->image_read);
	WRITE_ONCE(reader->cow->image_at, ktime_get_ns());
	if (bs_read_at_once(io)) {
		bs_read_io_put(io);
		return;
	}
	INIT_WORK(&io->work, bs_read_io_work);
	queue_work(reader->wq, &io->work);
}

void bs_reader_submit(struct bs_reader *reader, struct bio *bio)
{
	atomic_inc(&reader->ios);
	smp_mb__after_atomic(); /* count, then look: bs_reader_stop() */
	if (READ_ONCE(reader->dead)) {
		bs_read_done(reader);
		bio_io_error(bio);
		return;
	}
	bs_read_begin(reader, bio);
}

int bs_reader_init(struct bs_reader *reader, struct bs_cow *cow, int index)
{
	reader->cow = cow;
	init_waitqueue_head(&reader->idle);
	reader->io_pool = mempool_create_kmalloc_pool(BS_READ_RESERVE,
						      sizeof(struct bs_read_io));
	reader->wq = alloc_workqueue("blksnap-image-%d",
				     WQ_MEM_RECLAIM | WQ_UNBOUND, 0, index);
	reader->again_wq = alloc_workqueue("blksnap-again-%d",
					   WQ_MEM_RECLAIM | WQ_UNBOUND, 0,
					   index);
	if (!reader->io_pool || !reader->wq || !reader->again_wq)
		return -ENOMEM;
	return bioset_init(&reader->parts, BS_READ_RESERVE,
			   offsetof(struct bs_read_part, clone), 0);
}

void bs_reader_stop(struct bs_reader *reader)
{
	WRITE_ONCE(reader->dead, true);
	smp_mb(); /* set, then look: bs_reader_submit() */
	wait_event(reader->idle, !atomic_read(&reader->ios));
}

void bs_reader_exit(struct bs_reader *reader)
{
	synchronize_rcu(); /* whoever was the last may still wake us */
	if (reader->again_wq)
		destroy_workqueue(reader->again_wq);
	if (reader->wq)
		destroy_workqueue(reader->wq);
	mempool_destroy(reader->io_pool);
	bioset_exit(&reader->parts);
}
