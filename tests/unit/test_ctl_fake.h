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

#include "test_ctl_json.h"
#include "test_ctl_module.h"

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
	module.file = fake.control;
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

#define fake_test(f) cmocka_unit_test_setup_teardown(f, fake_setup, fake_teardown)

#endif
