/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Freezing file systems with a deadline.
 */
#ifndef BS_FREEZE_H
#define BS_FREEZE_H

#include <linux/list.h>
#include <linux/types.h>

struct block_device;
struct file;

/**
 * bs_freeze_add_bdev() - prepare to freeze what is mounted on a device
 * @list: to add to
 * @bdev: device; if it is a whole disk, all of its partitions as well
 * @level: see bs_freeze_level()
 *
 * Return: 0 or a negative errno; what has been added stays in the list.
 */
int bs_freeze_add_bdev(struct list_head *list, struct block_device *bdev,
		       u32 level);

/**
 * bs_freeze_add_fs() - prepare to freeze the file system of a file
 * @list: to add to
 * @file: a file or directory of it; a reference is taken
 * @level: see bs_freeze_level()
 *
 * Return: 0, -ENOMEM, or -EOPNOTSUPP if it cannot be frozen.
 */
int bs_freeze_add_fs(struct list_head *list, struct file *file, u32 level);

/**
 * bs_freeze_sync() - write out dirty data of all, so that the freeze is short
 * @list: of all
 * @deadline: in jiffies
 *
 * Return: as bs_freeze_level().
 */
int bs_freeze_sync(struct list_head *list, unsigned long deadline);

/**
 * bs_freeze_level() - freeze all of one level
 * @list: of all
 * @level: which; higher ones lie above lower ones, and come first
 * @deadline: in jiffies
 *
 * Return: 0; -ETIMEDOUT, and those that are late thaw by themselves when they
 * come; -EINTR after a fatal signal, likewise; or what freezing failed with,
 * -EBUSY if somebody else has frozen it.
 */
int bs_freeze_level(struct list_head *list, u32 level, unsigned long deadline);

/**
 * bs_freeze_level_below() - the highest level of all that lies below another
 * @list: of all
 * @below: which other
 * @level: out
 *
 * Return: false if there is none.
 */
bool bs_freeze_level_below(struct list_head *list, s64 below, u32 *level);

/* The lowest level of all that lies above another, likewise. */
bool bs_freeze_level_above(struct list_head *list, s64 above, u32 *level);

/* Thaw what is frozen of one level. What is late goes on by itself. */
void bs_freeze_thaw_level(struct list_head *list, u32 level,
			  unsigned long deadline);

/*
 * Was a file system on this device, or on a partition of it, frozen until it was
 * thawed by bs_freeze_thaw_level()?
 */
bool bs_freeze_reached(struct list_head *list, struct block_device *bdev);

/* Empty the list. Nothing of it is frozen any more. */
void bs_freeze_end(struct list_head *list);

int bs_freeze_init(void);
void bs_freeze_exit(void);

#endif /* BS_FREEZE_H */
