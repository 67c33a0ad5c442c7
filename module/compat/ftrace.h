/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers in an ftrace callback, under the names of 6.12.
 */
#ifndef BS_COMPAT_FTRACE_H
#define BS_COMPAT_FTRACE_H

#include <linux/ftrace.h>

#include "compat/config.h"

#ifndef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#error "blksnap needs a kernel with CONFIG_DYNAMIC_FTRACE_WITH_ARGS"
#endif

#ifdef CONFIG_PREEMPT_RT
#error "blksnap does not support PREEMPT_RT: it allocates with preemption off"
#endif

#ifndef HAVE_FTRACE_REGS_ARGUMENT
#define ftrace_regs_get_argument(fregs, n) \
	regs_get_kernel_argument(&(fregs)->regs, n)
#define ftrace_regs_set_instruction_pointer(fregs, ip) \
	ftrace_instruction_pointer_set(fregs, ip)
#endif

#endif /* BS_COMPAT_FTRACE_H */
