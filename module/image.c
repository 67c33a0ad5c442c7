// SPDX-License-Identifier: GPL-2.0-only
/*
 * The image of an origin.
 *
 * A disk outlives its snapshot while it is open: then it is dead, gives errors,
 * and touches nothing but itself. It keeps its size: a disk that has been
 * deleted is empty, and an end of file would be taken for a complete backup.
 *
 * What reads do is in reader.c.
 *
 * Locks: bs_image.lock protects openers, closed and orphan.
 */

#include <linux/idr.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat/disk.h"
#include "cow.h"
#include "image.h"
#include "reader.h"

/* Largest request, in sectors. */
#define BS_IMAGE_MAX_SECTORS 2048

struct bs_image {
	struct gendisk *disk;
	struct bs_reader reader;
	int index;
	bool published;
	u8 id[BLKSNAP_ID_SIZE];
	char origin[BLKSNAP_NAME_SIZE];
	spinlock_t lock; /* protects openers, closed and orphan */
	unsigned int openers;
	bool closed;
	bool orphan;
	struct work_struct bury;
};

static DEFINE_IDA(bs_image_ida);

static void bs_image_submit_bio(struct bio *bio)
{
	struct bs_image *img = bio->bi_bdev->bd_disk->private_data;

	if (bio_op(bio) == REQ_OP_READ)
		bs_reader_submit(&img->reader, bio);
	else
		bio_io_error(bio);
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

static int bs_image_alloc_disk(struct bs_image *img, struct bs_cow *cow,
			       bool whole_disk)
{
	struct block_device *bdev = cow->bdev;
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
	set_capacity(disk, cow->range.len);
	set_disk_ro(disk, true);
	img->disk = disk;
	return 0;
}

static void bs_image_init(struct bs_image *img, struct bs_cow *cow,
			  const u8 *id)
{
	memcpy(img->id, id, sizeof(img->id));
	snprintf(img->origin, sizeof(img->origin), "%pg", cow->bdev);
	spin_lock_init(&img->lock);
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
	ret = bs_reader_init(&img->reader, cow, img->index);
	if (!ret)
		ret = bs_image_alloc_disk(img, cow, whole_disk);
	if (ret)
		goto exit_reader;
	__module_get(THIS_MODULE); /* the last close comes after its own put */
	return img;

exit_reader:
	bs_reader_exit(&img->reader);
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
	/* The block layer does not look whether there was memory for the name */
	return ret == -EINVAL ? -ENOMEM : ret;
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
	bs_reader_stop(&img->reader);
}

void bs_image_remove(struct bs_image *img)
{
	bs_image_stop(img);
	bs_reader_exit(&img->reader);
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
