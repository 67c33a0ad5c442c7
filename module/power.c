// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hibernation ends snapshots.
 *
 * What is copied while the machine's memory is being written to the disk is forgotten
 * at the resume: the maps are again what they were when the memory was saved. So old
 * data would be copied once more, when it is old no more. To refuse hibernation is not
 * for us; the snapshots fail.
 */

#include <linux/suspend.h>

#include "power.h"
#include "snapshot.h"

static int bs_power_event(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	if (event == PM_HIBERNATION_PREPARE)
		bs_snapshots_fail(BLKSNAP_EVENT_HIBERNATION, -ESTALE);
	return NOTIFY_OK;
}

static struct notifier_block bs_power_notifier = {
	.notifier_call = bs_power_event,
};

int bs_power_init(void)
{
	return register_pm_notifier(&bs_power_notifier);
}

void bs_power_exit(void)
{
	unregister_pm_notifier(&bs_power_notifier);
}
