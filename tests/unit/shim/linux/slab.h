/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that can be made to run out, and be counted */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/types.h>
#include <stdlib.h>

#define GFP_KERNEL 0u
#define GFP_NOIO 1u

/* For tests of one thread: called before each allocation, true makes it fail */
extern bool (*shim_kzalloc_hook)(void);
/* Objects allocated and not freed */
extern long shim_kzalloc_live;

void *kzalloc(size_t size, gfp_t gfp);
void kfree(const void *p);

#endif
