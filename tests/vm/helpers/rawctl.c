// SPDX-License-Identifier: GPL-2.0-only
/*
 * rawctl STEP...: commands of the module one by one, without blksnapctl between
 * the test and them. A step is NAME[:ARGUMENT...][=ERRNO]; the errno is the
 * one that it has to fail with. Ends at the first step that goes otherwise.
 *
 *   version                     slist:ROOM:N tlist:ROOM:N   N have to exist
 *   attach:DEV detach:DEV tinfo:DEV
 *   create openid:UUID          one more snapshot's descriptor; the last one is
 *   use:N                       used, until this says otherwise (from 0 on)
 *   add:PATH[:LEVEL] append:PATH:RESERVE:LIMIT take[:MS] hold:N destroy[:force]
 *   id                          print the snapshot's id
 *   pause                       print how long its cut stopped writers, in us
 *   info:ROOM:N                 N origins have to exist
 *   state:NEW|TAKEN|FAILED  error:ERRNO
 *   read                        print events up to the end of what there is
 *   readall                     wait for events and print them, to the end
 *   readn:BYTES                 one read()
 *   nonblock                    for what is read from now on
 *   poll:MS:WORDS               IN,ERR,HUP, or 0, or ANY of them, must come
 *   close sleep:MS
 *   drop                        CAP_SYS_ADMIN
 *   compat                      commands as from a 32 bit process from now on
 *   clean                       no snapshot, tracker, image is there
 *   stop                        print "ready", and wait to be killed
 */
#define _GNU_SOURCE
#include <blksnap.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uuid/uuid.h>

#define MAX_ARGS 4
#define MAX_SNAPS 16
#define MAX_ROOM 300

static int ctl = -1, snaps[MAX_SNAPS], nr_snaps, used = -1;
static bool compat;
static const char *step;

/* What commands point to: where a 32 bit process could have it */
static struct low {
	union {
		struct blksnap_version version;
		struct blksnap_tracker tracker;
		struct blksnap_tracker_list trackers;
		struct blksnap_snapshot_open open;
		struct blksnap_snapshot_list snapshots;
		struct blksnap_add_device add;
		struct blksnap_append_storage append;
		struct blksnap_take take;
		struct blksnap_snapshot_info info;
		struct blksnap_hold hold;
		struct blksnap_destroy destroy;
	} arg;
	union {
		struct blksnap_tracker_info trackers[MAX_ROOM];
		struct blksnap_member_info members[MAX_ROOM];
		__u8 ids[MAX_ROOM][BLKSNAP_ID_SIZE];
	} array;
} *low;

static void die(const char *what, long got)
{
	fprintf(stderr, "rawctl: %s: %s (%ld)\n", step, what, got);
	exit(1);
}

static const char *errno_name(int err)
{
	return err ? strerrorname_np(err) : "0";
}

/* As a 32 bit process does it, whose entry is there for 64 bit ones as well */
static int compat_ioctl(int fd, unsigned int cmd, void *arg)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (54), "b" (fd), "c" (cmd), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret;
}

static int command(int fd, unsigned long cmd)
{
	if (compat)
		return -compat_ioctl(fd, cmd, &low->arg);
	return ioctl(fd, cmd, &low->arg) ? errno : 0;
}

static int control(unsigned long cmd)
{
	if (ctl < 0)
		ctl = open("/dev/" BLKSNAP_CONTROL, O_RDWR | O_CLOEXEC);
	if (ctl < 0)
		die("cannot open the control node", errno);
	return command(ctl, cmd);
}

static int snapshot(unsigned long cmd)
{
	return command(used < 0 ? -1 : snaps[used], cmd);
}

static int open_path(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		die("cannot open it", errno);
	return fd;
}

static __u64 number(const char *text)
{
	char *end;
	__u64 n = strtoull(text, &end, 0);

	if (*end == 'G')
		n <<= 30;
	else if (*end == 'M')
		n <<= 20;
	else if (*end == 'K')
		n <<= 10;
	return n;
}

static void expect(const char *what, unsigned long got, unsigned long want)
{
	if (got != want)
		die(what, (long)got);
}

static int do_version(char *argv[])
{
	(void)argv;
	return control(BLKSNAP_IOC_VERSION);
}

static int tracker(const char *path, unsigned long cmd)
{
	int fd = open_path(path), err;

	low->arg.tracker.bdev_fd = fd;
	err = control(cmd);
	close(fd);
	return err;
}

static int do_attach(char *argv[])
{
	return tracker(argv[0], BLKSNAP_IOC_TRACKER_ATTACH);
}

static int do_detach(char *argv[])
{
	return tracker(argv[0], BLKSNAP_IOC_TRACKER_DETACH);
}

static int do_tinfo(char *argv[])
{
	return tracker(argv[0], BLKSNAP_IOC_TRACKER_INFO);
}

/* Of entries without room, not a byte may be written. */
static void check_beyond(const void *array, size_t used_bytes, size_t size)
{
	const unsigned char *p = array;
	size_t i;

	for (i = used_bytes; i < size; i++)
		if (p[i] != 0xa5)
			die("written behind the room, at byte", (long)i);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int do_tlist(char *argv[])
{
	size_t room = number(argv[0]);
	int err;

	memset(&low->array, 0xa5, sizeof(low->array));
	low->arg.trackers.count = room;
	low->arg.trackers.trackers_ptr = (uintptr_t)&low->array;
	err = control(BLKSNAP_IOC_TRACKER_LIST);
	if (err)
		return err;
	expect("trackers", low->arg.trackers.count, number(argv[1]));
	check_beyond(&low->array, least(room, low->arg.trackers.count) *
		     sizeof(low->array.trackers[0]), sizeof(low->array));
	return 0;
}

static int do_slist(char *argv[])
{
	size_t room = number(argv[0]);
	int err;

	memset(&low->array, 0xa5, sizeof(low->array));
	low->arg.snapshots.count = room;
	low->arg.snapshots.ids_ptr = (uintptr_t)&low->array;
	err = control(BLKSNAP_IOC_SNAPSHOT_LIST);
	if (err)
		return err;
	expect("snapshots", low->arg.snapshots.count, number(argv[1]));
	check_beyond(&low->array, least(room, low->arg.snapshots.count) *
		     BLKSNAP_ID_SIZE, sizeof(low->array));
	return 0;
}

static int keep_snapshot(int err)
{
	if (err)
		return err;
	if (nr_snaps == MAX_SNAPS)
		die("too many", nr_snaps);
	if (fcntl(low->arg.open.fd, F_GETFD) != FD_CLOEXEC)
		die("the descriptor is not close-on-exec", low->arg.open.fd);
	used = nr_snaps++;
	snaps[used] = low->arg.open.fd;
	return 0;
}

static int do_create(char *argv[])
{
	(void)argv;
	return keep_snapshot(control(BLKSNAP_IOC_SNAPSHOT_CREATE));
}

static int do_openid(char *argv[])
{
	if (uuid_parse(argv[0], low->arg.open.id))
		die("not an id", 0);
	return keep_snapshot(control(BLKSNAP_IOC_SNAPSHOT_OPEN));
}

static int do_use(char *argv[])
{
	used = (int)number(argv[0]);
	if (used >= nr_snaps)
		die("no such snapshot", used);
	return 0;
}

static int do_add(char *argv[])
{
	int fd = open_path(argv[0]), err;

	low->arg.add.bdev_fd = fd;
	low->arg.add.level = argv[1] ? number(argv[1]) : 0;
	err = snapshot(BLKSNAP_IOC_ADD_DEVICE);
	close(fd);
	return err;
}

static int do_append(char *argv[])
{
	int fd = open_path(argv[0]), err;

	low->arg.append.fd = fd;
	low->arg.append.reserve = number(argv[1]);
	low->arg.append.limit = number(argv[2]);
	err = snapshot(BLKSNAP_IOC_APPEND_STORAGE);
	close(fd);
	return err;
}

static int do_take(char *argv[])
{
	low->arg.take.timeout_ns = argv[0] ? number(argv[0]) * 1000000 : 0;
	return snapshot(BLKSNAP_IOC_TAKE);
}

static int do_hold(char *argv[])
{
	low->arg.hold.hold = number(argv[0]);
	return snapshot(BLKSNAP_IOC_HOLD);
}

static int do_destroy(char *argv[])
{
	low->arg.destroy.flags = argv[0] ? BLKSNAP_DESTROY_FORCE : 0;
	return snapshot(BLKSNAP_IOC_DESTROY);
}

static int get_info(size_t room)
{
	memset(&low->array, 0xa5, sizeof(low->array));
	low->arg.info.count = room;
	low->arg.info.members_ptr = (uintptr_t)&low->array;
	return snapshot(BLKSNAP_IOC_INFO);
}

static int do_info(char *argv[])
{
	size_t room = number(argv[0]);
	int err = get_info(room);

	if (err)
		return err;
	expect("origins", low->arg.info.count, number(argv[1]));
	check_beyond(&low->array, least(room, low->arg.info.count) *
		     sizeof(low->array.members[0]), sizeof(low->array));
	return 0;
}

static int do_id(char *argv[])
{
	char text[UUID_STR_LEN];
	int err = get_info(0);

	(void)argv;
	if (err)
		return err;
	uuid_unparse_lower(low->arg.info.id, text);
	puts(text);
	return 0;
}

static int do_pause(char *argv[])
{
	int err = get_info(0);

	(void)argv;
	if (!err)
		printf("%llu\n", low->arg.info.pause_ns / 1000);
	return err;
}

static int do_state(char *argv[])
{
	static const char *const names[] = { "?", "NEW", "TAKEN", "FAILED" };
	int err = get_info(0);

	if (!err && (low->arg.info.state > 3 ||
		     strcmp(names[low->arg.info.state], argv[0])))
		die("its state is", low->arg.info.state);
	return err;
}

static int do_error(char *argv[])
{
	int err = get_info(0);

	if (!err && strcmp(errno_name(-low->arg.info.error), argv[0]))
		die("its error is", low->arg.info.error);
	return err;
}

static void print_event(const struct blksnap_event *event)
{
	static const char *const names[] = {
		"?", "LOW_SPACE", "OVERFLOW", "READ_ERROR", "STORE_ERROR",
		"DEVICE_GONE", "NO_MEMORY", "STORAGE_WRITTEN", "LOST",
	};
	size_t i;

	for (i = 0; i < 4; i++)
		if (event->reserved[i])
			die("reserved field of an event", (long)i);
	printf("%s %s %u:%u %llu\n", names[event->type < 9 ? event->type : 0],
	       errno_name(-event->error), event->major, event->minor,
	       event->value);
	fflush(stdout);
}

/* What read() returned, after printing the events; or -errno */
static ssize_t read_events(size_t bytes)
{
	struct blksnap_event events[4];
	ssize_t got, i;

	got = read(snaps[used], events, least(bytes, sizeof(events)));
	if (got < 0)
		return -errno;
	if (got % (ssize_t)sizeof(events[0]))
		die("a part of an event", got);
	for (i = 0; i < got / (ssize_t)sizeof(events[0]); i++)
		print_event(&events[i]);
	return got;
}

static int do_readn(char *argv[])
{
	ssize_t got = read_events(number(argv[0]));

	return got < 0 ? (int)-got : 0;
}

static int do_nonblock(char *argv[])
{
	(void)argv;
	return fcntl(snaps[used], F_SETFL, O_NONBLOCK) ? errno : 0;
}

/* All that there is now: at least one event, or the end */
static int do_read(char *argv[])
{
	ssize_t got;

	do_nonblock(argv);
	got = read_events(SIZE_MAX);
	if (got <= 0)
		return (int)-got;
	while (got > 0)
		got = read_events(SIZE_MAX);
	return got == -EAGAIN ? 0 : (int)-got;
}

static int do_readall(char *argv[])
{
	ssize_t got;

	(void)argv;
	do {
		got = read_events(SIZE_MAX);
	} while (got > 0);
	return (int)-got;
}

static int do_poll(char *argv[])
{
	struct pollfd p = { .fd = snaps[used], .events = POLLIN };
	char words[16] = "";

	if (poll(&p, 1, (int)number(argv[0])) < 0)
		return errno;
	if (p.revents & POLLIN)
		strcat(words, ",IN");
	if (p.revents & POLLERR)
		strcat(words, ",ERR");
	if (p.revents & POLLHUP)
		strcat(words, ",HUP");
	if (p.revents && !strcmp(argv[1], "ANY"))
		return 0;
	if (strcmp(words[0] ? words + 1 : "0", argv[1]))
		die(words, p.revents);
	return 0;
}

static int do_close(char *argv[])
{
	(void)argv;
	return close(snaps[used]) ? errno : 0;
}

static int do_sleep(char *argv[])
{
	usleep((useconds_t)number(argv[0]) * 1000);
	return 0;
}

static int do_drop(char *argv[])
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	(void)argv;
	if (syscall(SYS_capget, &head, data))
		return errno;
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	data[0].permitted &= ~(1U << CAP_SYS_ADMIN);
	data[0].inheritable &= ~(1U << CAP_SYS_ADMIN);
	return syscall(SYS_capset, &head, data) ? errno : 0;
}

static int do_compat(char *argv[])
{
	(void)argv;
	compat = true;
	return 0;
}

static int do_clean(char *argv[])
{
	char *none[] = { "0", "0" };
	glob_t g;

	(void)argv;
	if (!glob("/dev/blksnap[0-9]*", 0, NULL, &g))
		die(g.gl_pathv[0], (long)g.gl_pathc);
	if (!glob("/sys/block/blksnap*", 0, NULL, &g))
		die(g.gl_pathv[0], (long)g.gl_pathc);
	return do_slist(none) ?: do_tlist(none);
}

static int do_stop(char *argv[])
{
	(void)argv;
	puts("ready");
	fflush(stdout);
	while (pause())
		;
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char *argv[]);
	int min_args;
} steps[] = {
	{ "version", do_version, 0 }, { "attach", do_attach, 1 },
	{ "detach", do_detach, 1 }, { "tinfo", do_tinfo, 1 },
	{ "tlist", do_tlist, 2 }, { "slist", do_slist, 2 },
	{ "create", do_create, 0 }, { "openid", do_openid, 1 },
	{ "use", do_use, 1 }, { "add", do_add, 1 },
	{ "append", do_append, 3 }, { "take", do_take, 0 },
	{ "hold", do_hold, 1 }, { "destroy", do_destroy, 0 },
	{ "id", do_id, 0 }, { "pause", do_pause, 0 },
	{ "info", do_info, 2 }, { "state", do_state, 1 },
	{ "error", do_error, 1 }, { "read", do_read, 0 },
	{ "readall", do_readall, 0 }, { "readn", do_readn, 1 },
	{ "nonblock", do_nonblock, 0 }, { "poll", do_poll, 2 },
	{ "close", do_close, 0 }, { "sleep", do_sleep, 1 },
	{ "drop", do_drop, 0 }, { "compat", do_compat, 0 },
	{ "clean", do_clean, 0 }, { "stop", do_stop, 0 },
};

static int run(char *words)
{
	char *argv[MAX_ARGS + 1] = { NULL }, *name = strsep(&words, ":");
	int argc = 0;
	size_t i;

	while (words && argc < MAX_ARGS)
		argv[argc++] = strsep(&words, ":");
	memset(&low->arg, 0, sizeof(low->arg));
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (!strcmp(steps[i].name, name) && argc >= steps[i].min_args)
			return steps[i].run(argv);
	die("no such step", argc);
	return 0;
}

int main(int argc, char *argv[])
{
	const char *want;
	char *words;
	int i, err;

	low = mmap(NULL, sizeof(*low), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (low == MAP_FAILED)
		return 1;
	for (i = 1; i < argc; i++) {
		step = argv[i];
		words = strdup(argv[i]);
		want = strrchr(words, '=');
		if (want)
			words[want++ - words] = 0;
		else
			want = "0";
		err = run(words);
		if (strcmp(errno_name(err), want)) {
			fprintf(stderr, "rawctl: %s: %s\n", step,
				errno_name(err));
			return 1;
		}
		free(words);
	}
	return 0;
}
