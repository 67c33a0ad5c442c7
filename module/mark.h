/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a bio is known as one that we have seen, or sent.
 *
 * Such a bio has bs_mark_endio() for its end_io, and a struct bs_mark for its
 * private data, which names the disk it was admitted to, or is meant for. The
 * block core and stacking drivers may submit the same bio again (the remainder
 * of a split, a requeue): to the same disk, it passes. A driver may also
 * forward the same bio to another disk: there it is a bio like any other, and
 * may get a second mark upon the first one, which is put back at completion.
 */
#ifndef BS_MARK_H
#define BS_MARK_H

#include <linux/bio.h>
#include <linux/blkdev.h>

/**
 * struct bs_mark - private data of a marked bio
 * @disk: the disk that the bio is for; compared, never followed
 * @end: called at completion, in any context; owns the bio
 */
struct bs_mark {
	struct gendisk *disk;
	void (*end)(struct bio *bio, struct bs_mark *mark);
};

/**
 * bs_mark_endio() - bi_end_io of each marked bio
 * @bio: with a struct bs_mark for its private data
 */
void bs_mark_endio(struct bio *bio);

/**
 * bs_mark_set() - mark one of our own bios
 * @bio: with its device set
 * @mark: stays there until @end is called
 * @end: see struct bs_mark
 */
static inline void bs_mark_set(struct bio *bio, struct bs_mark *mark,
			       void (*end)(struct bio *, struct bs_mark *))
{
	mark->disk = bio->bi_bdev->bd_disk;
	mark->end = end;
	bio->bi_end_io = bs_mark_endio;
	bio->bi_private = mark;
}

/**
 * bs_marked() - the mark of a bio for the disk that it is now submitted to
 * @bio: any bio before its completion
 *
 * Return: the mark, or NULL.
 */
static inline struct bs_mark *bs_marked(const struct bio *bio)
{
	struct bs_mark *mark = bio->bi_private;

	if (bio->bi_end_io != bs_mark_endio ||
	    mark->disk != bio->bi_bdev->bd_disk)
		return NULL;
	return mark;
}

/* Does another bio wait for this one, by bio_chain()? */
bool bs_chained(const struct bio *bio);

/**
 * bs_endio_next() - go on with the completion of a bio that we had marked
 * @bio: with its own bi_end_io and bi_private put back
 *
 * Any context. The bio is gone when it returns.
 */
void bs_endio_next(struct bio *bio);

/**
 * bs_mark_init() - learn what a chained bio looks like; once, may sleep
 */
void bs_mark_init(void);

#endif /* BS_MARK_H */
