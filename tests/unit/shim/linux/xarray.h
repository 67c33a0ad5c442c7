/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of the xarray that is used, as a hash table: loads take no lock,
 * entries never go away before xa_destroy(), and order is not kept.
 */
#ifndef SHIM_LINUX_XARRAY_H
#define SHIM_LINUX_XARRAY_H

#include <linux/types.h>
#include <pthread.h>

#define SHIM_XA_BUCKETS 4096

struct shim_xa_node {
	struct shim_xa_node *next;	/* in its bucket */
	struct shim_xa_node *all;	/* in the list of all */
	unsigned long index;
	void *entry;
};

struct xarray {
	pthread_mutex_t lock;		/* for insertion */
	struct shim_xa_node *bucket[SHIM_XA_BUCKETS];
	struct shim_xa_node *all;
};

/* For tests of one thread: the next xa_cmpxchg() has no memory for a node */
extern bool shim_xa_no_memory;

void xa_init(struct xarray *xa);
void xa_destroy(struct xarray *xa);
void *xa_load(struct xarray *xa, unsigned long index);
/* With @old NULL only, as nothing else is needed */
void *xa_cmpxchg(struct xarray *xa, unsigned long index, void *old, void *entry,
		 gfp_t gfp);
bool xa_is_err(const void *entry);

static inline bool shim_xa_set(unsigned long *to, unsigned long index)
{
	*to = index;
	return true;
}

/* The body may free the entry, as it may in the kernel */
#define xa_for_each(xa, idx, obj)					\
	for (struct shim_xa_node *_n = (xa)->all;			\
	     _n && ((obj) = _n->entry, shim_xa_set(&(idx), _n->index));	\
	     _n = _n->all)

#endif
