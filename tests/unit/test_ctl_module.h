/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A module that answers the ioctls of blksnapctl, and writes down what it was told.
 * Each test program has one, in a static variable.
 */
#ifndef TEST_CTL_MODULE_H
#define TEST_CTL_MODULE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cmd.h"
#include "ctl.h"
#include "topology.h"

/* Not every program uses all of it */
#pragma GCC diagnostic ignored "-Wunused-function"

/**
 * struct fake_module - what the module was told, and what it is to answer
 * @file: which snapshots' descriptors are of
 * @fail_cmd: command that fails with @fail_errno
 * @fail_errno: the errno
 * @fail_count: how often it still fails, < 0 for always
 * @interrupts: how many more calls fail with EINTR at first
 * @calls: commands, in their order, by one letter each (see call_letter())
 * @added: what ADD_DEVICE was given
 * @added_count: how often
 * @storage: what APPEND_STORAGE was given
 * @storage_count: how often
 * @take: what TAKE was given
 * @frozen: mounts of the file systems that TAKE was given
 * @frozen_level: and their levels
 * @ids: ids of the snapshots that exist
 * @id_count: how many
 * @state: state of each snapshot
 * @error: why it failed
 * @held: the last HOLD
 * @destroy_flags: the last DESTROY
 * @snapshot_fd: descriptor to give out once, or -1 for any
 * @inode_flags: what FS_IOC_GETFLAGS answers
 * @released: DESTROY was called
 */
struct fake_module {
	const char *file;
	unsigned long fail_cmd;
	int fail_errno;
	int fail_count;
	int interrupts;
	char calls[200];
	struct blksnap_add_device added[8];
	unsigned int added_count;
	struct blksnap_append_storage storage[8];
	unsigned int storage_count;
	struct blksnap_take take;
	char frozen[8][32];
	__u32 frozen_level[8];
	__u8 ids[40][BLKSNAP_ID_SIZE];
	unsigned int id_count;
	__u32 state;
	int error;
	int held;
	__u32 destroy_flags;
	int snapshot_fd;
	unsigned int inode_flags;
	bool released;
};

static struct fake_module module;

static char call_letter(unsigned long cmd)
{
	switch (cmd) {
	case BLKSNAP_IOC_VERSION:
		return 'v';
	case BLKSNAP_IOC_TRACKER_ATTACH:
		return 't';
	case BLKSNAP_IOC_TRACKER_DETACH:
		return 'u';
	case BLKSNAP_IOC_TRACKER_LIST:
		return 'k';
	case BLKSNAP_IOC_SNAPSHOT_CREATE:
		return 'C';
	case BLKSNAP_IOC_SNAPSHOT_LIST:
		return 'l';
	case BLKSNAP_IOC_SNAPSHOT_OPEN:
		return 'o';
	case BLKSNAP_IOC_ADD_DEVICE:
		return 'A';
	case BLKSNAP_IOC_APPEND_STORAGE:
		return 'S';
	case BLKSNAP_IOC_TAKE:
		return 'T';
	case BLKSNAP_IOC_INFO:
		return 'I';
	case BLKSNAP_IOC_HOLD:
		return 'H';
	case BLKSNAP_IOC_DESTROY:
		return 'D';
	default:
		return '?';
	}
}

static int fake_snapshot_fd(void)
{
	int fd = module.snapshot_fd;

	module.snapshot_fd = -1;
	return fd >= 0 ? fd : open(module.file, O_RDWR | O_CLOEXEC);
}

static int fake_open(struct blksnap_snapshot_open *arg)
{
	unsigned int i;

	for (i = 0; i < module.id_count; i++)
		if (!memcmp(arg->id, module.ids[i], BLKSNAP_ID_SIZE)) {
			arg->fd = fake_snapshot_fd();
			return 0;
		}
	errno = ENOENT;
	return -1;
}

static void fake_list(struct blksnap_snapshot_list *arg)
{
	__u8 *to = (__u8 *)(uintptr_t)arg->ids_ptr;
	unsigned int i;

	for (i = 0; i < arg->count && i < module.id_count; i++)
		memcpy(to + i * BLKSNAP_ID_SIZE, module.ids[i],
		       BLKSNAP_ID_SIZE);
	arg->count = module.id_count;
}

static void fake_member(struct blksnap_member_info *m, unsigned int major,
			unsigned int minor, unsigned int image)
{
	memset(m, 0, sizeof(*m));
	m->major = major;
	m->minor = minor;
	m->image_major = 250;
	m->image_minor = image;
	m->block_size = 4096;
	m->sectors = 2048;
	m->copied = 8192;
	m->stored = 4096;
	snprintf(m->name, sizeof(m->name), "d%u!%u", major, minor);
	snprintf(m->image, sizeof(m->image), "blksnap%u", image);
}

/* Members 8:0, 8:1, ... as many as were added, the last one first */
static void fake_info(struct blksnap_snapshot_info *info)
{
	struct blksnap_member_info m;
	unsigned int i, count = module.added_count;

	for (i = 0; i < count && i < info->count; i++) {
		fake_member(&m, 8, count - i - 1, count - i - 1);
		memcpy((struct blksnap_member_info *)(uintptr_t)
		       info->members_ptr + i, &m, sizeof(m));
	}
	info->count = count;
	info->state = module.state;
	info->error = module.error;
	info->flags = 0;
	memset(info->id, 0xab, sizeof(info->id));
	info->taken_ns = 1700000000123456789ULL;
	info->pause_ns = 4500000;
	info->gate_ns = 1500000;
	info->storage_used = 12288;
	info->storage_reserved = 1048576;
	info->storage_limit = 18446744073709551615ULL;
}

/* Record on which mounts the descriptors lie, while they are open. */
static void fake_take(const struct blksnap_take *arg)
{
	const struct blksnap_take_fs *fs =
		(const struct blksnap_take_fs *)(uintptr_t)arg->fs_ptr;
	char link[40], path[200];
	ssize_t length;
	__u32 i;

	module.take = *arg;
	module.state = BLKSNAP_STATE_TAKEN;
	for (i = 0; i < arg->fs_count && i < 8; i++) {
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fs[i].fd);
		module.frozen_level[i] = fs[i].level;
		length = readlink(link, path, sizeof(path) - 1);
		assert_true(length > 0);
		path[length] = '\0';
		snprintf(module.frozen[i], sizeof(module.frozen[i]), "%s",
			 path + (length > 20 ? length - 20 : 0));
	}
}

static void fake_trackers(struct blksnap_tracker_list *arg)
{
	struct blksnap_tracker_info *t =
		(struct blksnap_tracker_info *)(uintptr_t)arg->trackers_ptr;

	assert_true(arg->count >= 2);
	memset(t, 0, 2 * sizeof(*t));
	snprintf(t[0].name, sizeof(t[0].name), "sda");
	t[0].sectors = 4096;
	snprintf(t[1].name, sizeof(t[1].name), "sdb\"\\");
	t[1].writes = ~0ULL;
	t[1].flags = BLKSNAP_TRACKER_IN_SNAPSHOT | BLKSNAP_TRACKER_AUTO;
	arg->count = 2;
}

static int fake_ioctl(int fd, unsigned long cmd, void *arg)
{
	size_t calls = strlen(module.calls);
	struct blksnap_version *version = arg;

	if (cmd == FS_IOC_GETFLAGS) {
		*(unsigned int *)arg = module.inode_flags;
		return 0;
	}
	assert_true(fcntl(fd, F_GETFD) >= 0);
	assert_true(calls + 1 < sizeof(module.calls));
	module.calls[calls] = call_letter(cmd);
	if (module.interrupts) {
		module.interrupts--;
		errno = EINTR;
		return -1;
	}
	if (cmd == module.fail_cmd && module.fail_count) {
		module.fail_count--;
		errno = module.fail_errno;
		return -1;
	}
	switch (cmd) {
	case BLKSNAP_IOC_VERSION:
		version->major = 1;
		version->minor = 2;
		version->patch = 3;
		break;
	case BLKSNAP_IOC_TRACKER_LIST:
		fake_trackers(arg);
		break;
	case BLKSNAP_IOC_SNAPSHOT_CREATE:
		((struct blksnap_snapshot_open *)arg)->fd = fake_snapshot_fd();
		module.state = BLKSNAP_STATE_NEW;
		break;
	case BLKSNAP_IOC_SNAPSHOT_OPEN:
		return fake_open(arg);
	case BLKSNAP_IOC_SNAPSHOT_LIST:
		fake_list(arg);
		break;
	case BLKSNAP_IOC_ADD_DEVICE:
		memcpy(&module.added[module.added_count++], arg,
		       sizeof(struct blksnap_add_device));
		break;
	case BLKSNAP_IOC_APPEND_STORAGE:
		memcpy(&module.storage[module.storage_count++], arg,
		       sizeof(struct blksnap_append_storage));
		break;
	case BLKSNAP_IOC_TAKE:
		fake_take(arg);
		break;
	case BLKSNAP_IOC_INFO:
		fake_info(arg);
		break;
	case BLKSNAP_IOC_HOLD:
		module.held = (int)((struct blksnap_hold *)arg)->hold;
		break;
	case BLKSNAP_IOC_DESTROY:
		module.destroy_flags = ((struct blksnap_destroy *)arg)->flags;
		module.released = true;
		break;
	}
	return 0;
}

static void fake_fail(unsigned long cmd, int err)
{
	module.fail_cmd = cmd;
	module.fail_errno = err;
	module.fail_count = -1;
}

/* One more snapshot, whose id is this digit all over. */
static void fake_snapshot(unsigned int digit)
{
	memset(module.ids[module.id_count++], (int)(digit * 0x11),
	       BLKSNAP_ID_SIZE);
}

#endif /* TEST_CTL_MODULE_H */
