// SPDX-License-Identifier: GPL-2.0-only
/* struct module_memory in place of struct module_layout, 6.4 */
#include <linux/module.h>

void *probe(const struct module *mod)
{
	return mod->mem[MOD_TEXT].base;
}
