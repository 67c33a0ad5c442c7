// SPDX-License-Identifier: GPL-2.0-only
/*
 * rawctl32 ORIGIN DIRECTORY: takes a snapshot as a process of 32 bits does, for
 * which the compiler has laid out all structures, and releases it. Exits with 0, or
 * with the number of the first step that went wrong.
 *
 * There is no 32 bit C library where this is built, so it does without.
 */
#include <asm/unistd_32.h>
#include <blksnap.h>

/* Room for a pointer in a field of 64 bits; the upper half has to be 0 */
#define PTR(p) ((__u64)(unsigned long)(p))
#define O_RDWR 2

static long call(long nr, long a, long b, long c)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (nr), "b" (a), "c" (b), "d" (c) : "memory");
	return ret;
}

static long ioctl(long fd, unsigned long cmd, void *arg)
{
	return call(__NR_ioctl, fd, (long)cmd, (long)arg);
}

static long open(const char *path, long flags)
{
	return call(__NR_open, (long)path, flags, 0);
}

static int is_right(const struct blksnap_snapshot_info *info,
		    const struct blksnap_member_info *member)
{
	return info->count == 1 && info->state == BLKSNAP_STATE_TAKEN &&
		!info->error && member->sectors && member->image[0];
}

static int run(const char *origin, const char *dir)
{
	static struct blksnap_version version;
	static struct blksnap_snapshot_open snapshot;
	static struct blksnap_add_device add;
	static struct blksnap_append_storage append = {
		.reserve = 4 << 20, .limit = 4 << 20,
	};
	static struct blksnap_take take;
	static struct blksnap_member_info member;
	static struct blksnap_snapshot_info info = { .count = 1 };
	static struct blksnap_destroy destroy;
	long ctl = open("/dev/" BLKSNAP_CONTROL, O_RDWR);

	add.bdev_fd = (__s32)open(origin, 0);
	append.fd = (__s32)open(dir, 0);
	info.members_ptr = PTR(&member);
	if (ctl < 0 || add.bdev_fd < 0 || append.fd < 0)
		return 1;
	if (ioctl(ctl, BLKSNAP_IOC_VERSION, &version))
		return 2;
	if (ioctl(ctl, BLKSNAP_IOC_SNAPSHOT_CREATE, &snapshot))
		return 3;
	if (ioctl(snapshot.fd, BLKSNAP_IOC_ADD_DEVICE, &add))
		return 4;
	if (ioctl(snapshot.fd, BLKSNAP_IOC_APPEND_STORAGE, &append))
		return 5;
	if (ioctl(snapshot.fd, BLKSNAP_IOC_TAKE, &take))
		return 6;
	if (ioctl(snapshot.fd, BLKSNAP_IOC_INFO, &info) ||
	    !is_right(&info, &member))
		return 7;
	return ioctl(snapshot.fd, BLKSNAP_IOC_DESTROY, &destroy) ? 8 : 0;
}

/* On the stack: argc, argv[0], ... */
__attribute__((used)) static void start(const long *stack)
{
	int ret = stack[0] == 3 ? run((char *)stack[2], (char *)stack[3]) : 9;

	call(__NR_exit, ret, 0, 0);
}

asm(".globl _start\n_start: mov %esp, %eax\npush %eax\ncall start\n");
