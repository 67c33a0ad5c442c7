/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine for blksnapctl to run on: a tree of files for sysfs and procfs,
 * devices that are names in it, and a module that answers ioctls
 *
 * Each test program has one machine and one module, in static variables.
 */
#ifndef TEST_CTL_FAKE_H
#define TEST_CTL_FAKE_H

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

/**
 * struct fake - the machine
 * @host: what the commands get
 * @dir: where its files are
 * @sysfs: directory
 * @proc: directory
 * @control: file
 * @out: what was printed
 * @err: what was complained about
 */
struct fake {
	struct host host;
	char dir[40];
	char sysfs[60];
	char proc[60];
	char control[60];
	char *out;
	char *err;
	size_t out_size;
	size_t err_size;
	struct mounts mounts;
	struct topology topology;
};

static struct fake fake;
static struct fake_module module;

/* Files */

static void fake_shell(const char *fmt, ...)
{
	char *command;
	va_list args;

	va_start(args, fmt);
	assert_true(vasprintf(&command, fmt, args) > 0);
	va_end(args);
	assert_int_equal(system(command), 0);
	free(command);
}

static void fake_disk(const char *name, const char *dev, unsigned long long size)
{
	fake_shell("cd %s && mkdir -p devices/%s/slaves devices/%s/holders && "
		   "echo %s > devices/%s/dev && echo %llu > devices/%s/size && "
		   "ln -s ../../devices/%s dev/block/%s && "
		   "ln -s ../../devices/%s class/block/%s && : > ../dev/%s",
		   fake.sysfs, name, name, dev, name, size / 512, name, name,
		   dev, name, name, name);
}

static void fake_partition(const char *disk, const char *name, const char *dev,
			   unsigned long long size)
{
	fake_shell("cd %s && d=devices/%s/%s && mkdir $d && echo 1 > $d/partition && "
		   "echo %s > $d/dev && echo %llu > $d/size && "
		   "ln -s ../../$d dev/block/%s && "
		   "ln -s ../../$d class/block/%s && : > ../dev/%s",
		   fake.sysfs, disk, name, dev, size / 512, dev, name, name);
}

/* The upper device lies on the lower one. */
static void fake_stack(const char *upper, const char *lower)
{
	fake_shell("cd %s && ln -s \"$(readlink -f class/block/%s)\" devices/%s/slaves/%s",
		   fake.sysfs, lower, upper, lower);
}

static void fake_loop(const char *name, const char *file)
{
	fake_shell("cd %s && mkdir devices/%s/loop && echo '%s' > devices/%s/loop/backing_file",
		   fake.sysfs, name, file, name);
}

static void fake_btrfs(const char *fsid, const char *device)
{
	fake_shell("cd %s && mkdir -p fs/btrfs/%s/devices fs/btrfs/features && "
		   "ln -s \"$(readlink -f class/block/%s)\" fs/btrfs/%s/devices/%s",
		   fake.sysfs, fsid, device, fsid, device);
}

/* The number of the mount that a path really lies on. */
static int fake_mount_id(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), id = -1;
	char name[40], line[80];
	FILE *f;

	assert_true(fd >= 0);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	f = fopen(name, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "mnt_id: %d", &id) == 1)
			break;
	fclose(f);
	close(fd);
	assert_true(id >= 0);
	return id;
}

static void fake_mount(int id, const char *dev, const char *target,
		       const char *type, const char *source, const char *options)
{
	fake_shell("printf '%%s\\n' '%d 1 %s / %s rw shared:1 - %s %s %s' >> %s/self/mountinfo",
		   id, dev, target, type, source, options, fake.proc);
}

static const char *fake_dev(const char *name)
{
	static char paths[8][80];
	static unsigned int next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/dev/%s", fake.dir, name);
	return path;
}

static int fake_open_bdev(const char *path, int flags, dev_t *dev)
{
	const char *slash = strrchr(path, '/');
	unsigned int maj, min;
	char line[32];

	(void)flags;
	if (access(path, F_OK))
		return -errno;
	if (read_line(line, sizeof(line), "%s/class/block/%s/dev", fake.sysfs,
		      slash ? slash + 1 : path) < 0 ||
	    sscanf(line, "%u:%u", &maj, &min) != 2)
		return -ENOTBLK;
	*dev = makedev(maj, min);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* The module */

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
	return fd >= 0 ? fd : open(fake.control, O_RDWR | O_CLOEXEC);
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

/* Setting up and running */

static int fake_setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	memset(&module, 0, sizeof(module));
	module.snapshot_fd = -1;
	module.held = -1;
	module.state = BLKSNAP_STATE_TAKEN;
	snprintf(fake.dir, sizeof(fake.dir), "/tmp/test_ctl.XXXXXX");
	if (!mkdtemp(fake.dir))
		return -1;
	snprintf(fake.sysfs, sizeof(fake.sysfs), "%s/sys", fake.dir);
	snprintf(fake.proc, sizeof(fake.proc), "%s/proc", fake.dir);
	snprintf(fake.control, sizeof(fake.control), "%s/control", fake.dir);
	fake_shell("cd %s && mkdir -p sys/dev/block sys/class/block sys/devices && "
		   "mkdir -p proc/self dev store && "
		   ": > proc/self/mountinfo && : > control", fake.dir);
	fake.host.control = fake.control;
	fake.host.sysfs = fake.sysfs;
	fake.host.proc = fake.proc;
	fake.host.out = open_memstream(&fake.out, &fake.out_size);
	fake.host.err = open_memstream(&fake.err, &fake.err_size);
	fake.host.ioctl = fake_ioctl;
	fake.host.open_bdev = fake_open_bdev;
	return fake.host.out && fake.host.err ? 0 : -1;
}

static int fake_teardown(void **state)
{
	(void)state;
	fclose(fake.host.out);
	fclose(fake.host.err);
	free(fake.out);
	free(fake.err);
	mounts_free(&fake.mounts);
	fake_shell("rm -rf %s", fake.dir);
	return 0;
}

static const struct topology *fake_topology(void)
{
	mounts_free(&fake.mounts);
	assert_int_equal(mounts_read(fake.proc, &fake.mounts), 0);
	fake.topology.sysfs = fake.sysfs;
	fake.topology.mounts = &fake.mounts;
	return &fake.topology;
}

/* Run a command line, given without the program's name; ends with NULL. */
static int fake_run(const char *first, ...)
{
	char *argv[32] = { (char *)"blksnapctl", (char *)first };
	int argc = first ? 2 : 1, code;
	va_list args;

	va_start(args, first);
	while (first && argc < 31 && (argv[argc] = va_arg(args, char *)))
		argc++;
	va_end(args);
	fflush(fake.host.out);
	fflush(fake.host.err);
	rewind(fake.host.out);
	rewind(fake.host.err);
	code = cmd_run_line(&fake.host, argc, argv);
	/* A closing zero: what an earlier command printed was longer maybe */
	fputc(0, fake.host.out);
	fputc(0, fake.host.err);
	fflush(fake.host.out);
	fflush(fake.host.err);
	return code;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" is in \"%s\"", part, text);
}

/* How many descriptors are open: what a command opened, it has closed. */
static unsigned int fake_open_count(void)
{
	unsigned int count = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			count++;
	return count;
}

/* A strict check of JSON (RFC 8259), in the least that it takes */

static const char *json_skip(const char *p)
{
	while (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')
		p++;
	return p;
}

static const char *json_check_string(const char *p)
{
	if (*p++ != '"')
		return NULL;
	for (; *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\')
			continue;
		p++;
		if (*p == 'u') {
			if (strspn(p + 1, "0123456789abcdefABCDEF") < 4)
				return NULL;
			p += 4;
		} else if (!*p || !strchr("\"\\/bfnrt", *p)) {
			return NULL;
		}
	}
	return p + 1;
}

static const char *json_check_value(const char *p);

static const char *json_check_list(const char *p, char close)
{
	p = json_skip(p + 1);
	if (*p == close)
		return p + 1;
	for (;;) {
		if (close == '}') {
			p = json_check_string(p);
			if (!p)
				return NULL;
			p = json_skip(p);
			if (*p++ != ':')
				return NULL;
		}
		p = json_check_value(p);
		if (!p)
			return NULL;
		if (*p == close)
			return p + 1;
		if (*p++ != ',')
			return NULL;
		p = json_skip(p);
	}
}

static const char *json_check_value(const char *p)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i;

	p = json_skip(p);
	if (*p == '{' || *p == '[') {
		p = json_check_list(p, *p == '{' ? '}' : ']');
	} else if (*p == '"') {
		p = json_check_string(p);
	} else if (*p >= '0' && *p <= '9') {
		if (*p == '0' && p[1] >= '0' && p[1] <= '9')
			return NULL;
		p += strspn(p, "0123456789");
	} else {
		for (i = 0; i < 3; i++)
			if (!strncmp(p, words[i], strlen(words[i])))
				break;
		p = i < 3 ? p + strlen(words[i]) : NULL;
	}
	return p ? json_skip(p) : NULL;
}

static bool json_valid(const char *text)
{
	const char *end = json_check_value(text);

	return end && !*end;
}

#define fake_test(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

#endif
