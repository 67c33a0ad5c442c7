/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's atomics by the compiler's, each with the kernel's ordering and
 * no more, so that the thread sanitizer sees a barrier that is missing.
 */
#ifndef SHIM_LINUX_ATOMIC_H
#define SHIM_LINUX_ATOMIC_H

typedef struct {
	long counter;
} atomic_long_t;

#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELAXED)
#define smp_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

/* No ordering if it fails, a full barrier if it does not */
#define cmpxchg(ptr, old, new) ({					\
	__typeof__(*(ptr)) _seen = (old);				\
									\
	__atomic_compare_exchange_n(ptr, &_seen, new, false,		\
				    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);\
	_seen;								\
})

static inline void atomic_long_set(atomic_long_t *v, long i)
{
	WRITE_ONCE(v->counter, i);
}

static inline long atomic_long_read(const atomic_long_t *v)
{
	return READ_ONCE(v->counter);
}

static inline void atomic_long_inc(atomic_long_t *v)
{
	__atomic_fetch_add(&v->counter, 1, __ATOMIC_RELAXED);
}

#endif
