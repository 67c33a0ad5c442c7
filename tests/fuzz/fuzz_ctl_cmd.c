// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole command lines of blksnapctl, on a machine whose files say anything and
 * with a module that answers anything that it is allowed to. The input is
 * lines: the command line, three small files of sysfs, the table of mounts
 * until an empty line; what is behind it is for the module. Lines before all
 * that are left out if they begin with #.
 *
 * The command of "run" is not run.
 */
#include "fuzz.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "child.h"
#include "cmd.h"
#include "ctl.h"
#include "json_check.h"

#define WORDS 24

/* Files whose text is that of the input */
static const char *const file_names[] = {
	"sys/sda/size", "sys/sda/sda1/dev", "sys/loop0/loop/backing_file",
	"proc/self/mountinfo",
};

static int files[ARRAY_LEN(file_names)];
static struct input answers;
static int events = -1;
static char *dir, *sysfs, *proc;

int child_run(const struct host *h, char *const argv[])
{
	(void)h;
	promise(argv[0]);
	return take_byte(&answers) % 3;
}

/* The machine: dm-0 on sda1 of sda, and a loop device */

static void make_dir(const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);

	promise(!mkdir(path, 0700) || errno == EEXIST);
	free(path);
}

static void make_link(const char *to, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);

	unlink(path);
	promise(!symlink(to, path));
	free(path);
}

static int make_memory(void)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	promise(fd >= 0);
	return fd;
}

/* In memory: a disk would take most of the time */
static int make_file(const char *name)
{
	int fd = make_memory();
	char *to = xasprintf("/proc/self/fd/%d", fd);

	make_link(to, name);
	free(to);
	return fd;
}

static void put_file(int fd, const void *data, size_t size)
{
	promise(!ftruncate(fd, 0) && !lseek(fd, 0, SEEK_SET));
	promise(pwrite(fd, data, size, 0) == (ssize_t)size);
}

static void put_text(int fd, const char *text)
{
	put_file(fd, text, strlen(text));
}

static void make_machine(void)
{
	static const char *const dirs[] = {
		"", "proc", "proc/self", "proc/1", "proc/1/fd", "sys",
		"sys/dev", "sys/dev/block", "sys/class", "sys/class/block",
		"sys/sda", "sys/sda/sda1", "sys/dm-0", "sys/dm-0/slaves",
		"sys/loop0", "sys/loop0/loop", "sys/loop0/holders", "sys/fs",
		"sys/fs/btrfs", "sys/fs/btrfs/id", "sys/fs/btrfs/id/devices",
	};
	static const char *const links[][2] = {
		{ "../../sda", "sys/dev/block/8:0" },
		{ "../../sda/sda1", "sys/dev/block/8:1" },
		{ "../../dm-0", "sys/dev/block/253:0" },
		{ "../../loop0", "sys/dev/block/7:0" },
		{ "../../sda", "sys/class/block/sda" },
		{ "../../sda/sda1", "sys/class/block/sda1" },
		{ "../../dm-0", "sys/class/block/dm-0" },
		{ "../../loop0", "sys/class/block/loop0" },
		{ "../../sda/sda1", "sys/dm-0/slaves/sda1" },
		{ "../../dm-0", "sys/loop0/holders/dm-0" },
		{ "../../../../sda", "sys/fs/btrfs/id/devices/sda" },
		{ "/dev/null", "proc/1/fd/0" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(dirs); i++)
		make_dir(dirs[i]);
	for (i = 0; i < ARRAY_LEN(links); i++)
		make_link(links[i][0], links[i][1]);
	for (i = 0; i < ARRAY_LEN(files); i++)
		files[i] = make_file(file_names[i]);
	put_text(make_file("sys/sda/dev"), "8:0\n");
	put_text(make_file("sys/sda/sda1/partition"), "1\n");
	put_text(make_file("sys/dm-0/dev"), "253:0\n");
	put_text(make_file("proc/1/comm"), "init\n");
}

/* The machine lies beside the program */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	dir = xasprintf("%s.machine", (*argv)[0]);
	sysfs = xasprintf("%s/sys", dir);
	proc = xasprintf("%s/proc", dir);
	make_machine();
	events = make_memory();
	return 0;
}

static int fake_open_bdev(const char *path, int flags, dev_t *dev)
{
	const dev_t devs[] = {
		makedev(8, 0), makedev(8, 1), makedev(253, 0), makedev(7, 0),
	};

	(void)flags;
	if (path[0] != '/')
		return -ENOTBLK;
	*dev = devs[(unsigned char)path[strlen(path) - 1] % ARRAY_LEN(devs)];
	return fcntl(events, F_DUPFD_CLOEXEC, 0);
}

/* The module. Counts are bounded: the real one would have to hold as many. */

static void answer_open(struct blksnap_snapshot_open *arg)
{
	arg->fd = fcntl(events, F_DUPFD_CLOEXEC, 0);
	take_bytes(&answers, arg->id, sizeof(arg->id));
}

/* Entries of an array, as many as there is room for; returns how many exist */
static __u32 answer_list(__u64 ptr, __u32 room, size_t size)
{
	__u32 count = take_byte(&answers) % 40, i;

	/* All that there can be, or more than this program knows of */
	if (count > 37)
		count = BLKSNAP_MAX_MEMBERS + (count - 38) * 50;
	for (i = 0; i < count && i < room; i++)
		take_bytes(&answers, (char *)(uintptr_t)ptr + i * size, size);
	return count;
}

static void answer_info(struct blksnap_snapshot_info *arg)
{
	__u64 ptr = arg->members_ptr;
	__u32 count = answer_list(ptr, arg->count,
				  sizeof(struct blksnap_member_info));

	take_bytes(&answers, arg, sizeof(*arg));
	arg->state %= 5;
	arg->members_ptr = ptr;
	arg->count = count;
}

static void answer(unsigned long cmd, void *arg)
{
	struct blksnap_snapshot_list *ids = arg;
	struct blksnap_tracker_list *trackers = arg;

	switch (cmd) {
	case FS_IOC_GETFLAGS:
		take_bytes(&answers, arg, sizeof(int));
		break;
	case BLKSNAP_IOC_VERSION:
		take_bytes(&answers, arg, sizeof(struct blksnap_version));
		break;
	case BLKSNAP_IOC_SNAPSHOT_CREATE:
	case BLKSNAP_IOC_SNAPSHOT_OPEN:
		answer_open(arg);
		break;
	case BLKSNAP_IOC_SNAPSHOT_LIST:
		ids->count = answer_list(ids->ids_ptr, ids->count,
					 BLKSNAP_ID_SIZE);
		break;
	case BLKSNAP_IOC_TRACKER_LIST:
		trackers->count = answer_list(trackers->trackers_ptr,
					      trackers->count,
					      sizeof(struct blksnap_tracker_info));
		break;
	case BLKSNAP_IOC_INFO:
		answer_info(arg);
		break;
	}
}

static int fake_ioctl(int fd, unsigned long cmd, void *arg)
{
	promise(fcntl(fd, F_GETFD) >= 0);
	/* Any errno. That of a letter is a low one: "N" is EBUSY. */
	if (take_byte(&answers) % 4 == 3) {
		errno = 1 + (take_byte(&answers) + 64) % 127;
		return -1;
	}
	answer(cmd, arg);
	return 0;
}

/* Running */

/* The next line of a text that is taken apart, "" behind its end */
static char *next_line(char **text)
{
	char *line = strsep(text, "\n");

	return line ? line : (char *)"";
}

/* Sets up the files; returns the command line */
static char *take_machine(char *text, size_t size)
{
	char *end = strstr(text, "\n\n"), *line;
	size_t i;

	answers = (struct input) { NULL, 0 };
	if (end) {
		end[1] = '\0';
		answers.data = (uint8_t *)end + 2;
		answers.left = size - (size_t)(end + 2 - text);
		put_file(events, answers.data, answers.left);
	}
	do
		line = next_line(&text);
	while (*line == '#');
	for (i = 0; i + 1 < ARRAY_LEN(files); i++)
		put_text(files[i], next_line(&text));
	put_text(files[i], text ? text : "");
	return line;
}

static int split(char *line, char *argv[WORDS + 2])
{
	int argc = 1;

	argv[0] = (char *)"blksnapctl";
	while (line && argc <= WORDS)
		argv[argc++] = strsep(&line, " ");
	argv[argc] = NULL;
	return argc;
}

static int open_count(void)
{
	int count = 0, fd;

	for (fd = 0; fd < 64; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void check_result(int code, char *out, const char *err)
{
	char *line;

	promise(code >= 0 && code <= 2);
	promise(code == 0 || *err);
	if (*out != '{')
		return;
	while ((line = strsep(&out, "\n")))
		promise(!*line || json_valid(line));
}

static void run(struct host *h, char *line)
{
	char *argv[WORDS + 2], *out, *err;
	size_t out_size, err_size;
	int argc = split(line, argv), fds = open_count(), code;

	h->out = open_memstream(&out, &out_size);
	h->err = open_memstream(&err, &err_size);
	promise(h->out && h->err);
	code = cmd_run_line(h, argc, argv);
	fclose(h->out);
	fclose(h->err);
	/* What a command opened, it has closed */
	promise(open_count() == fds);
	if (argc < 2 || strcmp(argv[1], "run"))
		check_result(code, out, err);
	free(out);
	free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host h = {
		.control = "/dev/null", .sysfs = sysfs, .proc = proc,
		.ioctl = fake_ioctl, .open_bdev = fake_open_bdev,
	};
	struct input in = { data, size };
	char *text = take_text(&in);

	run(&h, take_machine(text, size));
	free(text);
	return 0;
}
