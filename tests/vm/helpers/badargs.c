// SPDX-License-Identifier: GPL-2.0-only
/*
 * badargs DEVICE DIRECTORY: each command with arguments that it has to refuse.
 * DEVICE is one that can be snapshotted, DIRECTORY one for storage. All that is
 * not as it should be is told; the exit code is 1 then.
 */
#define _GNU_SOURCE
#include <blksnap.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096
#define MIB (1024 * 1024ULL)
#define KERNEL_ADDRESS 0xffff888000001000UL
#define NON_CANONICAL 0x0123456789abcdefUL

struct field {
	size_t offset, size;
};

/**
 * struct command - what is tried with a command
 * @fill: makes the argument one that would do
 * @writes: it writes to its argument
 * @snapshot: it is one of a snapshot's descriptor
 * @zero: fields that have to be 0
 */
struct command {
	const char *name;
	unsigned long cmd;
	void (*fill)(void *arg);
	bool writes;
	bool snapshot;
	struct field flags;
	struct field zero[4];
};

static int ctl, bdev, dir, snap, failed;

static void check(const char *command, const char *what, int got, int want)
{
	if (got == want)
		return;
	printf("%s, %s: %s, and not %s\n", command, what,
	       got ? strerrorname_np(got) : "0",
	       want ? strerrorname_np(want) : "0");
	failed = 1;
}

static int try(int fd, unsigned long cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? errno : 0;
}

static void fill_none(void *arg)
{
	(void)arg;
}

static void fill_tracker(void *arg)
{
	((struct blksnap_tracker *)arg)->bdev_fd = bdev;
}

static void fill_add(void *arg)
{
	((struct blksnap_add_device *)arg)->bdev_fd = bdev;
}

static void fill_append(void *arg)
{
	struct blksnap_append_storage *append = arg;

	append->fd = dir;
	append->reserve = MIB;
}

#define FIELD(type, name) \
	{ offsetof(struct type, name), sizeof(((struct type *)0)->name) }

static const struct command commands[] = {
	{ "VERSION", BLKSNAP_IOC_VERSION, fill_none, true, false,
	  FIELD(blksnap_version, flags),
	  { FIELD(blksnap_version, reserved) } },
	{ "TRACKER_INFO", BLKSNAP_IOC_TRACKER_INFO, fill_tracker, false, false,
	  FIELD(blksnap_tracker, flags),
	  { FIELD(blksnap_tracker, reserved) } },
	{ "TRACKER_ATTACH", BLKSNAP_IOC_TRACKER_ATTACH, fill_tracker, true,
	  false, FIELD(blksnap_tracker, flags),
	  { FIELD(blksnap_tracker, reserved) } },
	{ "TRACKER_DETACH", BLKSNAP_IOC_TRACKER_DETACH, fill_tracker, false,
	  false, FIELD(blksnap_tracker, flags),
	  { FIELD(blksnap_tracker, reserved) } },
	{ "TRACKER_LIST", BLKSNAP_IOC_TRACKER_LIST, fill_none, true, false,
	  FIELD(blksnap_tracker_list, flags),
	  { FIELD(blksnap_tracker_list, reserved) } },
	{ "SNAPSHOT_CREATE", BLKSNAP_IOC_SNAPSHOT_CREATE, fill_none, true,
	  false, FIELD(blksnap_snapshot_open, flags),
	  { FIELD(blksnap_snapshot_open, reserved) } },
	{ "SNAPSHOT_LIST", BLKSNAP_IOC_SNAPSHOT_LIST, fill_none, true, false,
	  FIELD(blksnap_snapshot_list, flags),
	  { FIELD(blksnap_snapshot_list, reserved) } },
	{ "SNAPSHOT_OPEN", BLKSNAP_IOC_SNAPSHOT_OPEN, fill_none, false, false,
	  FIELD(blksnap_snapshot_open, flags),
	  { FIELD(blksnap_snapshot_open, reserved) } },
	{ "ADD_DEVICE", BLKSNAP_IOC_ADD_DEVICE, fill_add, false, true,
	  FIELD(blksnap_add_device, flags),
	  { FIELD(blksnap_add_device, pad),
	    FIELD(blksnap_add_device, reserved) } },
	{ "APPEND_STORAGE", BLKSNAP_IOC_APPEND_STORAGE, fill_append, false,
	  true, FIELD(blksnap_append_storage, flags),
	  { FIELD(blksnap_append_storage, reserved) } },
	{ "TAKE", BLKSNAP_IOC_TAKE, fill_none, false, true,
	  FIELD(blksnap_take, flags), { FIELD(blksnap_take, reserved) } },
	{ "INFO", BLKSNAP_IOC_INFO, fill_none, true, true,
	  FIELD(blksnap_snapshot_info, flags),
	  { FIELD(blksnap_snapshot_info, reserved) } },
	{ "HOLD", BLKSNAP_IOC_HOLD, fill_none, false, true,
	  FIELD(blksnap_hold, flags), { FIELD(blksnap_hold, reserved) } },
	{ "DESTROY", BLKSNAP_IOC_DESTROY, fill_none, false, true,
	  FIELD(blksnap_destroy, flags),
	  { FIELD(blksnap_destroy, pad), FIELD(blksnap_destroy, reserved) } },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int fd_of(const struct command *c)
{
	return c->snapshot ? snap : ctl;
}

/* A page with the argument at its very end: a read beyond would be seen */
static void *argument(const struct command *c, char *page)
{
	void *arg = page + PAGE - _IOC_SIZE(c->cmd);

	memset(page, 0, PAGE);
	c->fill(arg);
	return arg;
}

/* What has failed must have changed nothing. */
static void check_nothing_attached(const char *after)
{
	struct blksnap_tracker_list trackers = { .count = 0 };
	struct blksnap_tracker tracker = { .bdev_fd = bdev };

	ioctl(ctl, BLKSNAP_IOC_TRACKER_LIST, &trackers);
	if (!trackers.count)
		return;
	printf("%s failed, but there is a tracker\n", after);
	failed = 1;
	ioctl(ctl, BLKSNAP_IOC_TRACKER_DETACH, &tracker);
}

static void check_pointers(const struct command *c, char *page)
{
	size_t size = _IOC_SIZE(c->cmd);

	check(c->name, "NULL", try(fd_of(c), c->cmd, NULL), EFAULT);
	check(c->name, "address of the kernel",
	      try(fd_of(c), c->cmd, (void *)KERNEL_ADDRESS), EFAULT);
	check(c->name, "no address",
	      try(fd_of(c), c->cmd, (void *)NON_CANONICAL), EFAULT);
	check(c->name, "end of memory",
	      try(fd_of(c), c->cmd, (void *)-size), EFAULT);
	/* The page behind this one is not there. */
	argument(c, page);
	check(c->name, "half of it not there",
	      try(fd_of(c), c->cmd, page + PAGE - size + 8), EFAULT);
	check(c->name, "one byte not there",
	      try(fd_of(c), c->cmd, page + PAGE - size + 1), EFAULT);
	if (!c->writes)
		return;
	argument(c, page);
	mprotect(page, PAGE, PROT_READ);
	check(c->name, "memory that can only be read",
	      try(fd_of(c), c->cmd, page + PAGE - size), EFAULT);
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	check_nothing_attached(c->name);
}

static void check_zeros(const struct command *c, char *page)
{
	bool destroy = c->cmd == BLKSNAP_IOC_DESTROY;
	char *arg, what[64];
	size_t i, k;
	int bit;

	for (bit = destroy; bit < 32; bit++) {
		arg = argument(c, page);
		*(__u32 *)(arg + c->flags.offset) = 1U << bit;
		snprintf(what, sizeof(what), "bit %d of flags", bit);
		check(c->name, what, try(fd_of(c), c->cmd, arg), EINVAL);
	}
	for (i = 0; i < 4 && c->zero[i].size; i++) {
		for (k = 0; k < c->zero[i].size; k++) {
			arg = argument(c, page);
			arg[c->zero[i].offset + k] = 1;
			snprintf(what, sizeof(what), "byte at %zu",
				 c->zero[i].offset + k);
			check(c->name, what, try(fd_of(c), c->cmd, arg), EINVAL);
		}
	}
}

static void check_numbers(const struct command *c, char *page)
{
	unsigned int nr = _IOC_NR(c->cmd), size = _IOC_SIZE(c->cmd);
	void *arg = argument(c, page);
	unsigned long cmd;

	check(c->name, "on the other kind of descriptor",
	      try(c->snapshot ? ctl : snap, c->cmd, arg), ENOTTY);
	cmd = _IOC(_IOC_WRITE, BLKSNAP_IOC_MAGIC, nr, size);
	check(c->name, "only _IOW", try(fd_of(c), cmd, arg), ENOTTY);
	cmd = _IOC(_IOC_WRITE | _IOC_READ, BLKSNAP_IOC_MAGIC, nr, 0);
	check(c->name, "no size", try(fd_of(c), cmd, arg), ENOTTY);
	cmd = _IOC(_IOC_WRITE | _IOC_READ, BLKSNAP_IOC_MAGIC, nr, size + 8);
	check(c->name, "a larger size", try(fd_of(c), cmd, arg), ENOTTY);
	cmd = _IOC(_IOC_WRITE | _IOC_READ, 'V', nr, size);
	check(c->name, "other magic", try(fd_of(c), cmd, arg), ENOTTY);
}

static bool is_known(unsigned long cmd)
{
	size_t i;

	for (i = 0; i < COMMANDS; i++)
		if (commands[i].cmd == cmd)
			return true;
	return false;
}

static void check_unknown(void)
{
	char arg[256] = "", what[32];
	unsigned int nr;

	for (nr = 0; nr < 256; nr++) {
		unsigned long cmd = _IOC(_IOC_WRITE | _IOC_READ,
					 BLKSNAP_IOC_MAGIC, nr, 48);

		if (is_known(cmd))
			continue;
		snprintf(what, sizeof(what), "command %u", nr);
		check("control", what, try(ctl, cmd, arg), ENOTTY);
		check("snapshot", what, try(snap, cmd, arg), ENOTTY);
	}
}

static int append(int fd, __u64 reserve, __u64 limit)
{
	struct blksnap_append_storage arg = {
		.fd = fd, .reserve = reserve, .limit = limit,
	};

	return try(snap, BLKSNAP_IOC_APPEND_STORAGE, &arg);
}

static void check_sizes(void)
{
	static const char name[] = "APPEND_STORAGE";

	check(name, "reserve 0", append(dir, 0, 0), EINVAL);
	check(name, "reserve 0 with a limit", append(dir, 0, MIB), EINVAL);
	check(name, "reserve 4096", append(dir, 4096, 0), EINVAL);
	check(name, "1 MiB - 4096", append(dir, MIB - 4096, 0), EINVAL);
	check(name, "1 MiB + 512", append(dir, MIB + 512, 0), EINVAL);
	check(name, "limit below reserve", append(dir, 2 * MIB, MIB), EINVAL);
	check(name, "limit not of whole blocks", append(dir, MIB, 2 * MIB + 1),
	      EINVAL);
	check(name, "reserve 2^63", append(dir, 1ULL << 63, 0), EINVAL);
	check(name, "reserve 2^64 - 4096", append(dir, -4096ULL, 0), EINVAL);
	check(name, "limit 2^64 - 4096", append(dir, MIB, -4096ULL), EINVAL);
	check(name, "limit 2^64 - 4096 of a device", append(bdev, 0, -4096ULL),
	      EINVAL);
	check(name, "reserve 1 TiB", append(dir, MIB << 20, 0), ENOSPC);
}

static void check_descriptors(void)
{
	struct blksnap_tracker tracker = { .bdev_fd = 0 };
	struct blksnap_add_device add = { .bdev_fd = 0 };
	struct blksnap_snapshot_open open_arg = { .flags = 0 };
	int fds[] = { -1, 12345, dir, ctl, snap };
	int want[] = { EBADF, EBADF, ENOTBLK, ENOTBLK, ENOTBLK };
	int i, null = open("/dev/null", O_RDWR);

	for (i = 0; i < 5; i++) {
		tracker.bdev_fd = fds[i];
		add.bdev_fd = fds[i];
		check("TRACKER_ATTACH", "wrong descriptor",
		      try(ctl, BLKSNAP_IOC_TRACKER_ATTACH, &tracker), want[i]);
		check("TRACKER_DETACH", "wrong descriptor",
		      try(ctl, BLKSNAP_IOC_TRACKER_DETACH, &tracker), want[i]);
		check("TRACKER_INFO", "wrong descriptor",
		      try(ctl, BLKSNAP_IOC_TRACKER_INFO, &tracker), want[i]);
		check("ADD_DEVICE", "wrong descriptor",
		      try(snap, BLKSNAP_IOC_ADD_DEVICE, &add), want[i]);
	}
	check("APPEND_STORAGE", "no descriptor", append(-1, MIB, 0), EBADF);
	check("APPEND_STORAGE", "control node", append(ctl, MIB, 0), ENOTDIR);
	check("APPEND_STORAGE", "/dev/null", append(null, MIB, 0), ENOTDIR);
	check("APPEND_STORAGE", "snapshot", append(snap, MIB, 0), ENOTDIR);
	check("SNAPSHOT_OPEN", "unknown id",
	      try(ctl, BLKSNAP_IOC_SNAPSHOT_OPEN, &open_arg), ENOENT);
	tracker.bdev_fd = bdev;
	check("TRACKER_DETACH", "not attached",
	      try(ctl, BLKSNAP_IOC_TRACKER_DETACH, &tracker), ENOENT);
	check("TRACKER_INFO", "not attached",
	      try(ctl, BLKSNAP_IOC_TRACKER_INFO, &tracker), ENOENT);
	close(null);
}

static int take(struct blksnap_take_fs *fs, __u32 count)
{
	struct blksnap_take arg = {
		.fs_ptr = (uintptr_t)fs, .fs_count = count,
	};

	return try(snap, BLKSNAP_IOC_TAKE, &arg);
}

static int info(void *members, __u32 count)
{
	struct blksnap_snapshot_info arg = {
		.members_ptr = (uintptr_t)members, .count = count,
	};

	return try(snap, BLKSNAP_IOC_INFO, &arg);
}

static int list(unsigned long cmd, __u32 count, void *array)
{
	struct blksnap_snapshot_list arg = {
		.ids_ptr = (uintptr_t)array, .count = count,
	};

	return try(ctl, cmd, &arg);
}

/* The snapshot has an origin and storage here, which must stay so. */
static void check_arrays(char *page)
{
	struct blksnap_take_fs fs[2] = { { .fd = dir }, { .fd = -1 } };

	check("TAKE", "array at NULL", take(NULL, 1), EFAULT);
	check("TAKE", "array in the kernel", take((void *)KERNEL_ADDRESS, 1),
	      EFAULT);
	check("TAKE", "half of the array", take((void *)(page + PAGE - 8), 2),
	      EFAULT);
	check("TAKE", "a closed descriptor", take(fs, 2), EBADF);
	check("TAKE", "too many", take(fs, BLKSNAP_MAX_FS + 1), E2BIG);
	check("TAKE", "far too many", take(fs, -1U), E2BIG);
	check("INFO", "array at NULL", info(NULL, 1), EFAULT);
	check("INFO", "array in the kernel", info((void *)KERNEL_ADDRESS, 1),
	      EFAULT);
	check("INFO", "end of memory", info(page + PAGE - 8, 1), EFAULT);
	check("INFO", "array at NULL without room", info(NULL, 0), 0);
	check("SNAPSHOT_LIST", "array at NULL",
	      list(BLKSNAP_IOC_SNAPSHOT_LIST, 1, NULL), EFAULT);
	check("SNAPSHOT_LIST", "array at NULL, room for 2^32 - 1",
	      list(BLKSNAP_IOC_SNAPSHOT_LIST, -1U, NULL), EFAULT);
	check("TRACKER_LIST", "array in the kernel",
	      list(BLKSNAP_IOC_TRACKER_LIST, -1U, (void *)KERNEL_ADDRESS),
	      EFAULT);
}

static int count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void check_nothing_left(int fds)
{
	struct blksnap_snapshot_list snapshots = { .count = 0 };
	struct blksnap_snapshot_info arg = { .count = 0 };

	check("descriptors", "how many", count_fds() - fds, 0);
	ioctl(ctl, BLKSNAP_IOC_SNAPSHOT_LIST, &snapshots);
	check("snapshots", "how many", (int)snapshots.count, 1);
	check_nothing_attached("something");
	if (ioctl(snap, BLKSNAP_IOC_INFO, &arg))
		check("INFO", "afterwards", errno, 0);
	check("snapshot", "state", (int)arg.state, BLKSNAP_STATE_NEW);
	check("snapshot", "origins", (int)arg.count, 0);
	check("snapshot", "storage", arg.storage_reserved != 0, 0);
	check("snapshot", "limit", arg.storage_limit != 0, 0);
}

/* The tracker of a snapshot goes with it, unless somebody attached the origin. */
static void check_attach_of_member(char *page)
{
	struct blksnap_snapshot_open other = { .flags = 0 };
	struct blksnap_add_device add = { .bdev_fd = bdev };
	struct blksnap_tracker *tracker = (void *)page;

	memset(page, 0, PAGE);
	tracker->bdev_fd = bdev;
	check("SNAPSHOT_CREATE", "another one",
	      try(ctl, BLKSNAP_IOC_SNAPSHOT_CREATE, &other), 0);
	check("ADD_DEVICE", "to it",
	      try(other.fd, BLKSNAP_IOC_ADD_DEVICE, &add), 0);
	mprotect(page, PAGE, PROT_READ);
	check("TRACKER_ATTACH", "of an origin, memory that can only be read",
	      try(ctl, BLKSNAP_IOC_TRACKER_ATTACH, tracker), EFAULT);
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
	close(other.fd);
	check_nothing_attached("TRACKER_ATTACH of an origin");
}

static void check_all(char *page)
{
	int fds = count_fds();
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		check_pointers(&commands[i], page);
		check_zeros(&commands[i], page);
		check_numbers(&commands[i], page);
	}
	check_attach_of_member(page);
	check_unknown();
	check_sizes();
	check_descriptors();
	check_nothing_left(fds);
}

static int make_snapshot(void)
{
	struct blksnap_snapshot_open arg = { .flags = 0 };

	if (ioctl(ctl, BLKSNAP_IOC_SNAPSHOT_CREATE, &arg))
		return -1;
	return arg.fd;
}

int main(int argc, char *argv[])
{
	struct blksnap_add_device add = { .flags = 0 };
	struct blksnap_hold hold = { .hold = 2 };
	char *page;

	if (argc != 3)
		return 2;
	ctl = open("/dev/" BLKSNAP_CONTROL, O_RDWR);
	bdev = open(argv[1], O_RDONLY);
	dir = open(argv[2], O_RDONLY | O_DIRECTORY);
	snap = make_snapshot();
	page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ctl < 0 || bdev < 0 || dir < 0 || snap < 0 || page == MAP_FAILED) {
		perror("badargs");
		return 2;
	}
	munmap(page + PAGE, PAGE);
	check_all(page);
	check("HOLD", "2", try(snap, BLKSNAP_IOC_HOLD, &hold), EINVAL);
	check("TAKE", "no origin", take(NULL, 0), ENODEV);
	add.bdev_fd = bdev;
	check("ADD_DEVICE", "right", try(snap, BLKSNAP_IOC_ADD_DEVICE, &add), 0);
	check("ADD_DEVICE", "again", try(snap, BLKSNAP_IOC_ADD_DEVICE, &add),
	      EEXIST);
	check("TAKE", "no storage", take(NULL, 0), ENOSTR);
	check("APPEND_STORAGE", "right", append(dir, MIB, 0), 0);
	check_arrays(page);
	return failed;
}
