/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where our code is: since 6.4 a module has a piece of memory for each kind of
 * content.
 */
#ifndef BS_COMPAT_MODULE_H
#define BS_COMPAT_MODULE_H

#include <linux/module.h>

#include "compat/config.h"

/*
 * Is an address in this module's code? within_module() looks through all that the
 * module has, and is asked about each bio.
 */
static inline bool bs_within_text(unsigned long addr)
{
#ifdef HAVE_MODULE_MEM
	const struct module_memory *text = &THIS_MODULE->mem[MOD_TEXT];

	return addr - (unsigned long)text->base < text->size;
#else
	const struct module_layout *layout = &THIS_MODULE->core_layout;

	return addr - (unsigned long)layout->base < layout->text_size;
#endif
}

#endif /* BS_COMPAT_MODULE_H */
