// SPDX-License-Identifier: GPL-2.0-only
/*
 * rawctl STEP...: commands of the module one by one, without blksnapctl between
 * the test and them. A step is NAME[:ARGUMENT...][=ERRNO]; the errno is the
 * one that it has to fail with, "?" if that does not matter. Ends at the first
 * step that goes otherwise.
 *
 * One step may be "nth:STEP". Then all steps are done again and again, each time
 * with another thing failing in the kernel during that one, until nothing is left
 * that could: memory that it does not get, a copy of its arguments. The step fails
 * with one of the errnos that tell of that, or succeeds. Prints how often it did
 * what.
 *
 * A path may be "@N", which is rawctl's own descriptor N.
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
 *   load:FILE unload            the module itself
 *   stop                        print "ready", and wait to be killed
 */
#define _GNU_SOURCE
#include <glob.h>
#include <linux/capability.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <uuid/uuid.h>

#include "rawctl_events.h"
#include "rawctl_nth.h"

#define MAX_ARGS 4

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
	int fd = *path == '@' ? dup((int)number(path + 1)) :
		open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		die("cannot open it", errno);
	return fd;
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
	fflush(stdout);
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

static int do_close(char *argv[])
{
	int err;

	(void)argv;
	arm();
	err = close(snaps[used]) ? errno : 0;
	disarm();
	return err;
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

static int do_load(char *argv[])
{
	int fd = open_path(argv[0]), err;

	arm();
	err = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	disarm();
	close(fd);
	return err;
}

static int do_unload(char *argv[])
{
	int err;

	(void)argv;
	arm();
	err = syscall(SYS_delete_module, "blksnap", O_NONBLOCK) ? errno : 0;
	disarm();
	return err;
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
	{ "load", do_load, 1 }, { "unload", do_unload, 0 },
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

/* A step that has failed can be done again, as if nothing had been. */
static void run_nth(const char *text)
{
	int err;

	do {
		char *words = strdup(text);

		fail_nth = result->next;
		err = run(words);
		fail_nth = 0;
		free(words);
	} while (nth_again(err));
}

static void run_step(const char *text)
{
	char *words = strdup(text), *want = strrchr(words, '=');
	int err;

	step = text;
	if (!strncmp(words, "nth:", 4)) {
		run_nth(words + 4);
		free(words);
		return;
	}
	if (want)
		words[want++ - words] = 0;
	else
		want = "0";
	err = run(words);
	if (strcmp(want, "?") && strcmp(errno_name(err), want)) {
		fprintf(stderr, "rawctl: %s: %s\n", step, errno_name(err));
		exit(1);
	}
	free(words);
}

static void run_all(char *argv[])
{
	while (*argv)
		run_step(*argv++);
}

static void *map_low(size_t size, int flags)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (p == MAP_FAILED)
		die("no memory", errno);
	return p;
}

int main(int argc, char *argv[])
{
	int i;

	step = "start";
	low = map_low(sizeof(*low), MAP_PRIVATE);
	result = map_low(sizeof(*result), MAP_SHARED);
	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "nth:", 4)) {
			run_faults(argv + 1);
			return 0;
		}
	}
	run_all(argv + 1);
	return 0;
}
