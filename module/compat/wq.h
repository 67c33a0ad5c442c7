/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Work queues bound to processors: since 6.17 they have a flag.
 */
#ifndef BS_COMPAT_WQ_H
#define BS_COMPAT_WQ_H

#include <linux/workqueue.h>

#include "compat/config.h"

#ifndef HAVE_WQ_PERCPU
#define WQ_PERCPU 0
#endif

#endif /* BS_COMPAT_WQ_H */
