/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Expedited grace periods: exported by all kernels that can have several
 * processors or preemption, and declared in a header that is not for modules.
 */
#ifndef BS_COMPAT_RCU_H
#define BS_COMPAT_RCU_H

#include <linux/rcupdate.h>

#ifdef CONFIG_TINY_RCU
static inline void rcu_expedite_gp(void) { }
static inline void rcu_unexpedite_gp(void) { }
#else
void rcu_expedite_gp(void);
void rcu_unexpedite_gp(void);
#endif

#endif /* BS_COMPAT_RCU_H */
