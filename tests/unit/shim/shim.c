// SPDX-License-Identifier: GPL-2.0-only
/* What of the shim is not inline */
#include <errno.h>
#include <linux/slab.h>
#include <linux/xarray.h>
#include <stdlib.h>

bool (*shim_kzalloc_hook)(void);
long shim_kzalloc_live;
bool shim_xa_no_memory;

void *kzalloc(size_t size, gfp_t gfp)
{
	void *p;

	(void)gfp;
	if (shim_kzalloc_hook && shim_kzalloc_hook())
		return NULL;
	p = calloc(1, size);
	if (p)
		__atomic_fetch_add(&shim_kzalloc_live, 1, __ATOMIC_RELAXED);
	return p;
}

void kfree(const void *p)
{
	if (p)
		__atomic_fetch_sub(&shim_kzalloc_live, 1, __ATOMIC_RELAXED);
	free((void *)p);
}

void xa_init(struct xarray *xa)
{
	*xa = (struct xarray) { .lock = PTHREAD_MUTEX_INITIALIZER };
}

void xa_destroy(struct xarray *xa)
{
	struct shim_xa_node *n, *next;

	for (n = xa->all; n; n = next) {
		next = n->all;
		free(n);
	}
	xa_init(xa);
}

static struct shim_xa_node **shim_xa_bucket(struct xarray *xa, unsigned long index)
{
	return &xa->bucket[index % SHIM_XA_BUCKETS];
}

void *xa_load(struct xarray *xa, unsigned long index)
{
	struct shim_xa_node *n;

	/* As in the kernel, an entry is published with release semantics */
	n = __atomic_load_n(shim_xa_bucket(xa, index), __ATOMIC_ACQUIRE);
	while (n && n->index != index)
		n = n->next;
	return n ? n->entry : NULL;
}

static void *shim_xa_insert(struct xarray *xa, unsigned long index, void *entry)
{
	struct shim_xa_node **bucket = shim_xa_bucket(xa, index);
	struct shim_xa_node *n = malloc(sizeof(*n));

	if (!n)
		abort();
	*n = (struct shim_xa_node) {
		.next = *bucket, .all = xa->all, .index = index, .entry = entry,
	};
	xa->all = n;
	__atomic_store_n(bucket, n, __ATOMIC_RELEASE);
	return NULL;
}

/* An error as the kernel encodes it: an internal entry */
static void *shim_xa_err(int err)
{
	return (void *)(((unsigned long)err << 2) | 2);
}

bool xa_is_err(const void *entry)
{
	return ((unsigned long)entry & 3) == 2 && (unsigned long)entry >= -(4095UL << 2);
}

void *xa_cmpxchg(struct xarray *xa, unsigned long index, void *old, void *entry,
		 gfp_t gfp)
{
	void *seen;

	(void)gfp;
	if (old)
		abort();
	if (shim_xa_no_memory) {
		shim_xa_no_memory = false;
		return shim_xa_err(-ENOMEM);
	}
	pthread_mutex_lock(&xa->lock);
	seen = xa_load(xa, index);
	if (!seen)
		seen = shim_xa_insert(xa, index, entry);
	pthread_mutex_unlock(&xa->lock);
	return seen;
}
