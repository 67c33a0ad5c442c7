/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hibernation ends snapshots.
 */
#ifndef BS_POWER_H
#define BS_POWER_H

int bs_power_init(void);
void bs_power_exit(void);

#endif /* BS_POWER_H */
