// SPDX-License-Identifier: GPL-2.0-only
/*
 * The image of an origin.
 *
 * A read is cut into parts by what the map says of its blocks: preserved ones
 * are read from the storage, those in a storage's own area are zeros, and the
 * others are read from the origin, straight into the reader's pages. No lock
 * is taken and no writer waits for us. So a writer may overtake a read of the
 * origin: when that has ended, the words are looked at again. If they are
 * still empty, and the snapshot has not failed, no write was sent in between
 * (a writer claims the blocks, or fails the snapshot, with a full barrier
 * before it sends), and the data is right. If not, that part is read again.
 *
 * Blocks that are just being copied are waited for, which is why reads are
 * done by workers: the reader's own context may hold bios that we wait for.
 *
 * A disk outlives its snapshot while it is open: then it is dead, gives errors,
 * and touches nothing but itself. It keeps its size: a disk that has been
 * deleted is empty, and an end of file would be taken for a complete backup.
 *
 * Locks: bs_image.lock protects openers, closed and orphan. dead is set once; reads
 * count themselves in ios before they look at it, with a full barrier between,
 * and bs_image_remove() sets it before it looks at ios.
 */

#include <linux/bio.h>
#include <linux/idr.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat/disk.h"
#include "cow.h"
#include "hook.h"
#include "image.h"
#include "mark.h"

/* Largest request, and part of it, in sectors. */
#define BS_IMAGE_MAX_SECTORS 2048
#define BS_IMAGE_RESERVE 16

struct bs_image {
	struct gendisk *disk;
	struct bs_cow *cow;
	int index;
	bool published;
	u8 id[BLKSNAP_ID_SIZE];
	char origin[BLKSNAP_NAME_SIZE];
	spinlock_t lock; /* protects openers, closed and orphan */
	unsigned int openers;
	bool closed;
	bool orphan;
	bool dead;
	struct work_struct bury;
	atomic_t ios;
	wait_queue_head_t idle;
	struct workqueue_struct *wq;
	mempool_t *io_pool;
	struct bio_set parts;
};

/* A reader's bio. Ended by whoever drops the last part. */
struct bs_image_io {
	struct bs_image *img;
	struct bio *bio;
	refcount_t pending;
	struct work_struct work;
};

/* What the map says of some sectors. */
enum bs_image_kind { BS_ZERO, BS_BUSY, BS_ORIGIN, BS_STORED };

struct bs_image_span {
	enum bs_image_kind kind;
	u64 sectors;
	struct block_device *bdev;
	u64 sector;	/* of bdev */
};

struct bs_image_part {
	struct bs_mark mark;
	struct bs_image_io *io;
	enum bs_image_kind kind;
	struct bvec_iter iter;	/* of the reader's bio */
	struct work_struct work;
	struct bio clone;	/* has to be the last */
};

static DEFINE_IDA(bs_image_ida);

static void bs_image_done(struct bs_image *img)
{
	rcu_read_lock(); /* bs_image_remove() waits for it */
	if (atomic_dec_and_test(&img->ios))
		wake_up_all(&img->idle);
	rcu_read_unlock();
}

static void bs_image_io_put(struct bs_image_io *io)
{
	struct bs_image *img = io->img;
	struct bio *bio = io->bio;

	if (!refcount_dec_and_test(&io->pending))
		return;
	mempool_free(io, img->io_pool);
	if (bs_fate_error(img->cow->fate))
		bio->bi_status = BLK_STS_IOERR;
	bs_image_done(img);
	bio_endio(bio);
}

static void bs_image_span_block(struct bs_cow *cow, u64 sector, u64 most,
				struct bs_image_span *span)
{
	u64 block = bs_block_of(sector), in_block = sector -
		bs_block_sector(block);
	u64 nr;
	u32 word, run;

	nr = bs_map_run(&cow->map, block, bs_blocks_in(in_block + most), &word);
	if (word == BS_WORD_NONE) {
		span->kind = BS_ORIGIN;
		span->bdev = cow->bdev;
		span->sector = sector;
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
static void bs_image_classify(struct bs_cow *cow, u64 sector, u64 most,
			      struct bs_image_span *span)
{
	u64 run;

	if (bs_rangeset_test(cow->holes, cow->nr_holes, sector, &run)) {
		span->kind = BS_ZERO;
		span->sectors = min(most, run);
		return;
	}
	bs_image_span_block(cow, sector, min(most, run), span);
}

static void bs_image_zero(struct bio *bio, struct bvec_iter iter, u64 sectors)
{
	struct bio_vec bv;

	iter.bi_size = sectors << SECTOR_SHIFT;
	for (; iter.bi_size; bio_advance_iter_single(bio, &iter, bv.bv_len)) {
		bv = bio_iter_iovec(bio, iter);
		memzero_bvec(&bv);
	}
}

static bool bs_image_is_busy(struct bs_cow *cow, u64 sector)
{
	u32 word = bs_map_get(&cow->map, bs_block_of(sector));

	return word != BS_WORD_NONE && !bs_word_is_place(word);
}

/*
 * Were all these blocks left alone while they were read from the origin?
 * Pairs with bs_map_claim() and bs_fate_fail().
 */
static bool bs_image_verify(struct bs_cow *cow, const struct bvec_iter *iter)
{
	u64 first, nr;
	u32 word;

	smp_mb(); /* the data first, then the words */
	bs_range_to_blocks(iter->bi_sector, iter->bi_size >> SECTOR_SHIFT,
			   &first, &nr);
	return bs_map_run(&cow->map, first, nr, &word) == nr &&
		word == BS_WORD_NONE;
}

static void bs_image_walk(struct bs_image_io *io, struct bvec_iter iter);

static void bs_image_part_free(struct bs_image_part *part)
{
	struct bs_image_io *io = part->io;

	bio_put(&part->clone);
	bs_image_io_put(io);
}

static void bs_image_again(struct work_struct *work)
{
	struct bs_image_part *part = container_of(work, struct bs_image_part,
						  work);
	struct bs_image_io *io = part->io;
	struct bvec_iter iter = part->iter;

	bio_put(&part->clone); /* before others are taken */
	bs_image_walk(io, iter);
	bs_image_io_put(io);
}

static void bs_image_part_end(struct bio *clone, struct bs_mark *mark)
{
	struct bs_image_part *part = container_of(mark, struct bs_image_part,
						  mark);
	struct bs_image *img = part->io->img;

	if (part->kind == BS_ORIGIN &&
	    !bs_image_verify(img->cow, &part->iter)) {
		INIT_WORK(&part->work, bs_image_again);
		queue_work(img->wq, &part->work);
		return;
	}
	if (clone->bi_status)
		part->io->bio->bi_status = clone->bi_status;
	bs_image_part_free(part);
}

static void bs_image_send(struct bs_image_io *io, struct bvec_iter iter,
			  const struct bs_image_span *span)
{
	struct bs_image_part *part;
	struct bio *clone;

	clone = bio_alloc_clone(span->bdev, io->bio, GFP_NOIO,
				&io->img->parts);
	part = container_of(clone, struct bs_image_part, clone);
	part->io = io;
	part->kind = span->kind;
	part->iter = iter;
	part->iter.bi_size = span->sectors << SECTOR_SHIFT;
	clone->bi_iter = part->iter;
	clone->bi_iter.bi_sector = span->sector;
	clone->bi_opf &= REQ_OP_MASK | REQ_SYNC | REQ_META | REQ_PRIO |
			 REQ_RAHEAD;
	bs_mark_set(clone, &part->mark, bs_image_part_end);
	refcount_inc(&io->pending);
	bs_submit(clone);
}

/* Reads a part of the reader's bio; sleeps. */
static void bs_image_walk(struct bs_image_io *io, struct bvec_iter iter)
{
	struct bs_cow *cow = io->img->cow;
	struct bs_image_span span;

	while (iter.bi_size && !bs_fate_error(cow->fate)) {
		bs_image_classify(cow, iter.bi_sector,
				  iter.bi_size >> SECTOR_SHIFT, &span);
		if (span.kind == BS_BUSY) {
			wait_event(cow->fate->wait,
				   bs_fate_error(cow->fate) ||
				   !bs_image_is_busy(cow, iter.bi_sector));
			continue;
		}
		if (span.kind == BS_ZERO)
			bs_image_zero(io->bio, iter, span.sectors);
		else
			bs_image_send(io, iter, &span);
		bio_advance_iter(io->bio, &iter,
				 span.sectors << SECTOR_SHIFT);
	}
}

static void bs_image_io_work(struct work_struct *work)
{
	struct bs_image_io *io = container_of(work, struct bs_image_io, work);

	atomic64_add(bio_sectors(io->bio), &io->img->cow->image_read);
	bs_image_walk(io, io->bio->bi_iter);
	bs_image_io_put(io);
}

static void bs_image_read(struct bs_image *img, struct bio *bio)
{
	struct bs_image_io *io = mempool_alloc(img->io_pool, GFP_NOIO);

	io->img = img;
	io->bio = bio;
	refcount_set(&io->pending, 1);
	INIT_WORK(&io->work, bs_image_io_work);
	queue_work(img->wq, &io->work);
}

static void bs_image_submit_bio(struct bio *bio)
{
	struct bs_image *img = bio->bi_bdev->bd_disk->private_data;

	if (bio_op(bio) != REQ_OP_READ) {
		bio_io_error(bio);
		return;
	}
	atomic_inc(&img->ios);
	smp_mb__after_atomic(); /* count, then look: bs_image_remove() */
	if (READ_ONCE(img->dead)) {
		bs_image_done(img);
		bio_io_error(bio);
		return;
	}
	bs_image_read(img, bio);
}

static int bs_image_open(BS_DISK_OPEN_ARGS)
{
	struct bs_image *img = bs_opened_disk(opened)->private_data;
	int ret = 0;

	spin_lock(&img->lock);
	if (img->closed)
		ret = -ENXIO;
	else
		img->openers++;
	spin_unlock(&img->lock);
	return ret;
}

/* Not by the last closer itself, who holds what del_gendisk() takes. */
static void bs_image_bury(struct work_struct *work)
{
	struct bs_image *img = container_of(work, struct bs_image, bury);
	struct gendisk *disk = img->disk;

	del_gendisk(disk);
	put_disk(disk);
}

static void bs_image_release(BS_DISK_RELEASE_ARGS)
{
	struct bs_image *img = disk->private_data;

	spin_lock(&img->lock);
	if (!--img->openers && img->orphan)
		schedule_work(&img->bury);
	spin_unlock(&img->lock);
}

static void bs_image_free(struct bs_image *img)
{
	ida_free(&bs_image_ida, img->index);
	kfree(img);
	module_put(THIS_MODULE);
}

/* Called for disks that have been added. */
static void bs_image_free_disk(struct gendisk *disk)
{
	bs_image_free(disk->private_data);
}

static const struct block_device_operations bs_image_fops = {
	.owner = THIS_MODULE,
	.submit_bio = bs_image_submit_bio,
	.open = bs_image_open,
	.release = bs_image_release,
	.free_disk = bs_image_free_disk,
};

static void bs_image_free_parts(struct bs_image *img)
{
	if (img->wq)
		destroy_workqueue(img->wq);
	mempool_destroy(img->io_pool);
	bioset_exit(&img->parts);
}

static int bs_image_alloc_parts(struct bs_image *img)
{
	img->io_pool = mempool_create_kmalloc_pool(BS_IMAGE_RESERVE,
						   sizeof(struct bs_image_io));
	img->wq = alloc_workqueue("blksnap-image-%d",
				  WQ_MEM_RECLAIM | WQ_UNBOUND, 0, img->index);
	if (!img->io_pool || !img->wq)
		return -ENOMEM;
	return bioset_init(&img->parts, BS_IMAGE_RESERVE,
			   offsetof(struct bs_image_part, clone), 0);
}

static int bs_image_alloc_disk(struct bs_image *img, bool whole_disk)
{
	struct block_device *bdev = img->cow->bdev;
	struct gendisk *disk;

	disk = bs_alloc_disk(bdev_logical_block_size(bdev),
			     bdev_physical_block_size(bdev),
			     BS_IMAGE_MAX_SECTORS);
	if (IS_ERR(disk))
		return PTR_ERR(disk);
	disk->fops = &bs_image_fops;
	disk->private_data = img;
	if (!whole_disk)
		disk->flags |= GENHD_FL_NO_PART;
	snprintf(disk->disk_name, DISK_NAME_LEN, "blksnap%d", img->index);
	set_capacity(disk, img->cow->range.len);
	set_disk_ro(disk, true);
	img->disk = disk;
	return 0;
}

static void bs_image_init(struct bs_image *img, struct bs_cow *cow,
			  const u8 *id)
{
	img->cow = cow;
	memcpy(img->id, id, sizeof(img->id));
	snprintf(img->origin, sizeof(img->origin), "%pg", cow->bdev);
	spin_lock_init(&img->lock);
	init_waitqueue_head(&img->idle);
	INIT_WORK(&img->bury, bs_image_bury);
}

struct bs_image *bs_image_create(struct bs_cow *cow, bool whole_disk,
				 const u8 *id)
{
	struct bs_image *img = kzalloc(sizeof(*img), GFP_KERNEL);
	int ret;

	if (!img)
		return ERR_PTR(-ENOMEM);
	bs_image_init(img, cow, id);
	ret = ida_alloc(&bs_image_ida, GFP_KERNEL);
	if (ret < 0)
		goto free_img;
	img->index = ret;
	ret = bs_image_alloc_parts(img);
	if (!ret)
		ret = bs_image_alloc_disk(img, whole_disk);
	if (ret)
		goto free_parts;
	__module_get(THIS_MODULE); /* the last close comes after its own put */
	return img;

free_parts:
	bs_image_free_parts(img);
	ida_free(&bs_image_ida, img->index);
free_img:
	kfree(img);
	return ERR_PTR(ret);
}

int bs_image_publish(struct bs_image *img,
		     const struct attribute_group **groups)
{
	int ret = device_add_disk(NULL, img->disk, groups);

	if (!ret)
		img->published = true;
	return ret;
}

bool bs_image_close(struct bs_image *img, bool force)
{
	bool ok;

	spin_lock(&img->lock);
	ok = force || !img->openers;
	if (ok)
		img->closed = true;
	spin_unlock(&img->lock);
	return ok;
}

void bs_image_reopen(struct bs_image *img)
{
	spin_lock(&img->lock);
	img->closed = false;
	spin_unlock(&img->lock);
}

/* The disk goes now, or at the last close: readers shall not see an end. */
static void bs_image_unpublish(struct bs_image *img)
{
	bool now;

	spin_lock(&img->lock);
	img->orphan = true;
	now = !img->openers;
	spin_unlock(&img->lock);
	if (now)
		bs_image_bury(&img->bury);
}

void bs_image_stop(struct bs_image *img)
{
	bs_image_close(img, true);
	WRITE_ONCE(img->dead, true);
	smp_mb(); /* set, then look: bs_image_submit_bio() */
	wait_event(img->idle, !atomic_read(&img->ios));
}

void bs_image_remove(struct bs_image *img)
{
	bs_image_stop(img);
	synchronize_rcu(); /* whoever was the last may still wake us */
	bs_image_free_parts(img);
	if (img->published) {
		bs_image_unpublish(img);
	} else {
		put_disk(img->disk);
		bs_image_free(img);
	}
}

struct gendisk *bs_image_disk(struct bs_image *img)
{
	return img->disk;
}

const u8 *bs_image_disk_id(struct gendisk *disk)
{
	return ((struct bs_image *)disk->private_data)->id;
}

const char *bs_image_disk_origin(struct gendisk *disk)
{
	return ((struct bs_image *)disk->private_data)->origin;
}

bool bs_is_image(const struct gendisk *disk)
{
	return disk->fops == &bs_image_fops;
}
