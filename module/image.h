/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The image: a read-only disk that shows an origin as it was at the cut.
 */
#ifndef BS_IMAGE_H
#define BS_IMAGE_H

#include <linux/types.h>

struct attribute_group;
struct bs_cow;
struct bs_image;
struct gendisk;

/**
 * bs_image_create() - prepare an image; nobody can see it yet
 * @cow: what it shows; has to live until bs_image_remove() has returned
 * @whole_disk: has partitions to look for
 * @id: of the snapshot, %BLKSNAP_ID_SIZE bytes
 *
 * Return: the image or an ERR_PTR.
 */
struct bs_image *bs_image_create(struct bs_cow *cow, bool whole_disk,
				 const u8 *id);

/**
 * bs_image_publish() - add the disk
 * @img: after the cut, with the gates open: partitions are read
 * @groups: attributes of the disk in sysfs
 *
 * Return: 0 or a negative errno.
 */
int bs_image_publish(struct bs_image *img,
		     const struct attribute_group **groups);

/**
 * bs_image_close() - let nobody open it any more
 * @img: image
 * @force: even if somebody has it open: reads fail from now on
 *
 * Return: false if it is open and @force is not set.
 */
bool bs_image_close(struct bs_image *img, bool force);

/* Undo a successful bs_image_close() without force. */
void bs_image_reopen(struct bs_image *img);

/* No more reads from now on; returns when those that were begun have ended. */
void bs_image_stop(struct bs_image *img);

/**
 * bs_image_remove() - take the disk away
 * @img: closed, and of a failed or released snapshot, or never published
 *
 * Waits for reads in progress. What is left goes at the last close.
 */
void bs_image_remove(struct bs_image *img);

struct gendisk *bs_image_disk(struct bs_image *img);

/* For attributes in sysfs: what a disk of ours is an image of. */
const u8 *bs_image_disk_id(struct gendisk *disk);
const char *bs_image_disk_origin(struct gendisk *disk);

/* Is it one of our own images? */
bool bs_is_image(const struct gendisk *disk);

#endif /* BS_IMAGE_H */
