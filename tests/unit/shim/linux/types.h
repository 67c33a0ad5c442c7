/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's types on top of those of the system's header of this name */
#ifndef SHIM_LINUX_TYPES_H
#define SHIM_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include_next <linux/types.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
/* Not __u64, which is unsigned long on some machines: unlike in the kernel */
typedef unsigned long long u64;
typedef __s32 s32;
typedef long long s64;
typedef unsigned int gfp_t;

#endif
