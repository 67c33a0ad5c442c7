// SPDX-License-Identifier: GPL-2.0-only
/*
 * Catching bios: an ftrace callback on submit_bio_noacct() that may change the
 * instruction pointer, so that our function runs in place of the kernel's.
 *
 * Each bio, of whatever device and driver, goes through submit_bio_noacct()
 * at least once, also one that a stacking driver sends from inside its own
 * submission (current->bio_list is set then). The callback is called directly
 * by the function's entry, with preemption on: it disables it itself. It asks
 * bs_hook_ops.filter, and if that wants the bio, lets bs_hook_taken() run,
 * which hands it to bs_hook_ops.take.
 *
 * Our own bios are known by their caller, bs_submit(), the one function of the
 * module that calls submit_bio_noacct(). It is never inlined, and never ends
 * in a tail call, so that the return address lies in the module.
 *
 * The module may go once bs_hook_put() has returned: ftrace has waited for
 * tasks in its trampolines by then, synchronize_rcu() waits for callbacks, and
 * synchronize_rcu_tasks() for tasks that were preempted in bs_hook_taken(), where
 * none sleeps.
 *
 * Locks: bs_hook_lock protects bs_hook_users. bs_hook_ops is set before the
 * callback is registered and never changes while it is. bs_probe is written by
 * the self-test, and matched and cleared by the callback in the same task.
 */

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>

#include "compat/ftrace.h"
#include "compat/module.h"
#include "hook.h"

static DEFINE_MUTEX(bs_hook_lock);
static unsigned int bs_hook_users;
static const struct bs_hook_ops *bs_hook_ops;
static struct bio *bs_probe;

#define BS_HOOK_FUNCTION "submit_bio_noacct"

noinline void bs_submit(struct bio *bio)
{
	submit_bio_noacct(bio);
	/* Not a tail call: the return address has to be in this module. */
	barrier();
}

/* Runs in place of submit_bio_noacct(). */
static noinline void bs_hook_taken(struct bio *bio)
{
	if (bio == READ_ONCE(bs_probe)) {
		WRITE_ONCE(bs_probe, NULL);
		return;
	}
	bs_hook_ops->take(bio);
}

static bool bs_hook_wants(struct bio *bio, unsigned long parent_ip)
{
	if (bio == READ_ONCE(bs_probe))
		return true;
	if (bs_within_text(parent_ip))
		return false;
	return bs_hook_ops->filter(bio);
}

static void notrace bs_hook_callback(unsigned long ip, unsigned long parent_ip,
				     struct ftrace_ops *ops,
				     struct ftrace_regs *fregs)
{
	struct bio *bio = (void *)ftrace_regs_get_argument(fregs, 0);

	preempt_disable_notrace();
	if (bs_hook_wants(bio, parent_ip))
		ftrace_regs_set_instruction_pointer(fregs, (unsigned long)
						    bs_hook_taken);
	preempt_enable_notrace();
}

/* PERMANENT: nobody can take the hook away with ftrace_enabled=0. */
static struct ftrace_ops bs_ftrace_ops = {
	.func = bs_hook_callback,
	.flags = FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT,
};

/* A plain submission must reach the callback. */
static bool bs_hook_sees(struct bio *bio)
{
	WRITE_ONCE(bs_probe, bio);
	submit_bio(bio);
	barrier();
	return !READ_ONCE(bs_probe);
}

static void bs_probe_endio(struct bio *bio)
{
	bio_put(bio);
}

/* An empty flush does no harm if it gets through. */
static struct bio *bs_probe_alloc(struct block_device *bdev)
{
	struct bio *bio = bio_alloc(bdev, 0, REQ_OP_WRITE | REQ_PREFLUSH,
				    GFP_KERNEL);

	bio->bi_end_io = bs_probe_endio;
	return bio;
}

static int bs_hook_prove_plain(struct block_device *bdev)
{
	struct bio *bio = bs_probe_alloc(bdev);

	if (!bs_hook_sees(bio)) {
		WRITE_ONCE(bs_probe, NULL);
		return -EPROTO; /* the block layer has it, and ends it */
	}
	bio_put(bio);
	return 0;
}

/* As a stacking driver does it: what is not caught lands on our list. */
static int bs_hook_prove_nested(struct block_device *bdev)
{
	struct bio_list nested[2] = { BIO_EMPTY_LIST, BIO_EMPTY_LIST };
	struct bio_list *outer = current->bio_list;
	struct bio *bio = bs_probe_alloc(bdev);
	bool seen;

	current->bio_list = nested;
	seen = bs_hook_sees(bio);
	current->bio_list = outer;
	WRITE_ONCE(bs_probe, NULL);
	if (seen || bio_list_pop(&nested[0]))
		bio_put(bio);
	return seen ? 0 : -EPROTO;
}

static int bs_hook_prove(struct block_device *bdev)
{
	int ret = bs_hook_prove_plain(bdev);

	return ret ?: bs_hook_prove_nested(bdev);
}

static void bs_hook_unregister(void)
{
	unregister_ftrace_function(&bs_ftrace_ops);
	synchronize_rcu();
	synchronize_rcu_tasks();
}

static int bs_hook_try(void)
{
	unsigned char name[] = BS_HOOK_FUNCTION; /* ftrace cuts it up */
	int ret = ftrace_set_filter(&bs_ftrace_ops, name, strlen(name), 1);

	return ret ?: register_ftrace_function(&bs_ftrace_ops);
}

/*
 * A function that ftrace had no memory to note down is one that it has not found,
 * or a filter without functions.
 */
static int bs_hook_place(void)
{
	int ret = bs_hook_try();

	if (ret == -EINVAL)
		ret = bs_hook_try();
	if (ret == -EBUSY)
		pr_err(BS_HOOK_FUNCTION " is redirected by livepatch or another driver, or ftrace_enabled is 0\n");
	if (ret != -EINVAL)
		return ret;
	pr_err("this kernel has no " BS_HOOK_FUNCTION " that could be redirected\n");
	return -EPROTO;
}

static int bs_hook_register(const struct bs_hook_ops *ops,
			    struct block_device *bdev)
{
	int ret;

	bs_hook_ops = ops;
	ret = bs_hook_place();
	if (ret)
		return ret;
	ret = bs_hook_prove(bdev);
	if (ret) {
		pr_err("the hook on " BS_HOOK_FUNCTION " does not see all requests here\n");
		bs_hook_unregister();
	}
	return ret;
}

int bs_hook_get(const struct bs_hook_ops *ops, struct block_device *bdev)
{
	int ret = 0;

	mutex_lock(&bs_hook_lock);
	if (!bs_hook_users)
		ret = bs_hook_register(ops, bdev);
	if (!ret)
		bs_hook_users++;
	mutex_unlock(&bs_hook_lock);
	return ret;
}

void bs_hook_put(void)
{
	mutex_lock(&bs_hook_lock);
	if (!--bs_hook_users)
		bs_hook_unregister();
	mutex_unlock(&bs_hook_lock);
}

/*
 * Once and not at each unregistration: ftrace keeps the pointer to a filter
 * that it has freed, and would free it again with the next one.
 */
void bs_hook_exit(void)
{
	ftrace_free_filter(&bs_ftrace_ops);
}
