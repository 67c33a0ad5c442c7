// SPDX-License-Identifier: GPL-2.0-only
/* WQ_PERCPU, before which it was what is not WQ_UNBOUND, 6.17 */
#include <linux/workqueue.h>

const unsigned int probe = WQ_PERCPU;
