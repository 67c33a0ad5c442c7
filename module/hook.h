/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How bios are caught on their way into the block layer, and how our own get
 * past. Nothing else knows the means.
 */
#ifndef BS_HOOK_H
#define BS_HOOK_H

#include <linux/types.h>

struct bio;
struct block_device;

/**
 * struct bs_hook_ops - who is asked about each bio
 * @filter: asked about each bio that somebody else submits, with preemption
 *	off; must not sleep. True: the bio is kept from the block layer and
 *	given to @take.
 * @take: called at once after, in the submitter's context; owns the bio; must
 *	not sleep.
 */
struct bs_hook_ops {
	bool (*filter)(struct bio *bio);
	void (*take)(struct bio *bio);
};

/**
 * bs_hook_get() - have the hook in place
 * @ops: the same for every call
 * @bdev: a device that the self-test may name in its bios; nothing is sent to
 *	it while the hook works, an empty flush if it does not
 *
 * May sleep.
 *
 * Return: 0; -EBUSY if somebody else redirects the function;
 * -EPROTO if the hook does not see its own test bios; -ENOMEM; or what ftrace
 * says.
 */
int bs_hook_get(const struct bs_hook_ops *ops, struct block_device *bdev);

/**
 * bs_hook_put() - the opposite of a successful bs_hook_get()
 *
 * May sleep. After the last one, no callback runs any more, and nobody is
 * inside the redirected function.
 */
void bs_hook_put(void);

/**
 * bs_submit() - send a bio that the hook must not look at
 * @bio: one of our own, or one that was taken and is now to go on
 *
 * As submit_bio_noacct(): may sleep, the bio is gone when it returns.
 */
void bs_submit(struct bio *bio);

/* When the module goes, and nobody uses the hook any more. */
void bs_hook_exit(void);

#endif /* BS_HOOK_H */
