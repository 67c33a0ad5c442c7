/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHIM_LINUX_MINMAX_H
#define SHIM_LINUX_MINMAX_H

/* Comparing the addresses makes a mix of types a warning, as in the kernel */
#define min(x, y) ({				\
	__typeof__(x) _x = (x);			\
	__typeof__(y) _y = (y);			\
						\
	(void)(&_x == &_y);			\
	_x < _y ? _x : _y;			\
})

#define max(x, y) ({				\
	__typeof__(x) _x = (x);			\
	__typeof__(y) _y = (y);			\
						\
	(void)(&_x == &_y);			\
	_x > _y ? _x : _y;			\
})

#define min_t(type, x, y) min((type)(x), (type)(y))
#define max_t(type, x, y) max((type)(x), (type)(y))

#endif
