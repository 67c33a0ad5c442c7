// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading: each layer upon the ones that it needs.
 */

#include <linux/module.h>
#include <linux/rcupdate.h>

#include "cow.h"
#include "ctl.h"
#include "disk.h"
#include "freeze.h"
#include "hook.h"
#include "mark.h"
#include "power.h"
#include "run.h"
#include "segment.h"
#include "write.h"

static int __init bs_init(void)
{
	int ret;

	bs_mark_init();
	ret = bs_disk_init();
	if (ret)
		return ret;
	ret = bs_write_init(&bs_cow_write_ops);
	if (ret)
		goto exit_disk;
	ret = bs_run_init();
	if (ret)
		goto exit_write;
	ret = bs_segment_init();
	if (ret)
		goto exit_run;
	ret = bs_freeze_init();
	if (ret)
		goto exit_segment;
	ret = bs_power_init();
	if (ret)
		goto exit_freeze;
	ret = bs_ctl_init();
	if (ret)
		goto exit_power;
	return 0;

exit_power:
	bs_power_exit();
exit_freeze:
	bs_freeze_exit();
exit_segment:
	bs_segment_exit();
exit_run:
	bs_run_exit();
exit_write:
	bs_write_exit();
exit_disk:
	bs_disk_exit();
	return ret;
}

/* Nothing is attached or held any more: that would have kept the module. */
static void __exit bs_exit(void)
{
	bs_ctl_exit();
	synchronize_rcu_tasks(); /* who put the last reference may be in here */
	bs_power_exit();
	bs_disk_exit();
	bs_freeze_exit();
	bs_segment_exit();
	bs_run_exit();
	bs_write_exit();
	bs_hook_exit();
}

module_init(bs_init);
module_exit(bs_exit);

MODULE_DESCRIPTION("Point-in-time snapshots of live block devices");
MODULE_AUTHOR("The blksnap developers");
MODULE_VERSION(BS_VERSION);
MODULE_LICENSE("GPL");
