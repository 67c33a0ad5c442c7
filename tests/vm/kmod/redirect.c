// SPDX-License-Identifier: GPL-2.0-only
/*
 * Redirects submit_bio_noacct() to itself, as a live patch or another snapshot
 * driver would to something else: whoever does so is the only one who may.
 * "insmod redirect.ko" fails with EBUSY if there is somebody.
 */

#include <linux/ftrace.h>
#include <linux/init.h>
#include <linux/module.h>

static void notrace redirect_callback(unsigned long ip, unsigned long parent_ip,
				      struct ftrace_ops *ops,
				      struct ftrace_regs *fregs)
{
}

static struct ftrace_ops redirect_ops = {
	.func = redirect_callback,
	.flags = FTRACE_OPS_FL_IPMODIFY,
};

static int __init redirect_init(void)
{
	unsigned char name[] = "submit_bio_noacct"; /* ftrace cuts it up */
	int ret;

	ret = ftrace_set_filter(&redirect_ops, name, sizeof(name) - 1, 1);
	if (ret)
		return ret;
	ret = register_ftrace_function(&redirect_ops);
	if (ret)
		ftrace_free_filter(&redirect_ops);
	return ret;
}

static void __exit redirect_exit(void)
{
	unregister_ftrace_function(&redirect_ops);
	ftrace_free_filter(&redirect_ops);
}

module_init(redirect_init);
module_exit(redirect_exit);
MODULE_DESCRIPTION("Second user of a function, for tests of blksnap");
MODULE_LICENSE("GPL");
