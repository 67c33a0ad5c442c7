/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The steps that threads of fuzz do: commands, and whatever else can be done to
 * the module's descriptors and images.
 */
#ifndef FUZZ_STEPS_H
#define FUZZ_STEPS_H

#include <linux/fs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "fuzz_call.h"

#define IMAGE_PART (16 * 1024)

static void fill_tracker(union arg *arg)
{
	arg->tracker.bdev_fd = one_in(12) ? get_any() : get(DISK);
}

static void fill_open(union arg *arg)
{
	memcpy(arg->open.id, shared->ids[below(MAX_IDS)], BLKSNAP_ID_SIZE);
}

static void fill_add(union arg *arg)
{
	arg->add.bdev_fd = one_in(12) ? get_any() :
		get(one_in(8) ? STORE : DISK);
	arg->add.level = one_in(3) ? below(3) : 0;
}

static void fill_append(union arg *arg)
{
	struct blksnap_append_storage *a = &arg->append;

	a->fd = one_in(12) ? get_any() : get(one_in(8) ? STORE : DIRECTORY);
	a->reserve = (1 + below(4)) * MIB;
	a->limit = one_in(2) ? 0 : a->reserve + below(8) * MIB;
	if (one_in(20))
		a->reserve = below(2000) * MIB;
}

static void fill_take(union arg *arg)
{
	struct blksnap_take_fs *fs = (void *)(uintptr_t)arg->take.fs_ptr;
	char *end = me->arena + 3 * PAGE;
	unsigned int i, n = one_in(2) ? 0 : below(4);

	for (i = 0; i < n && (char *)(fs + i + 1) <= end; i++) {
		fs[i].fd = one_in(16) ? get_any() : get(DIRECTORY);
		fs[i].level = one_in(4) ? below(4) : 0;
	}
	arg->take.fs_count = i;
	arg->take.timeout_ns = (50 + below(1900)) * 1000000ULL;
}

static void fill_hold(union arg *arg)
{
	arg->hold.hold = below(2);
}

static void fill_destroy(union arg *arg)
{
	arg->destroy.flags = one_in(2) ? BLKSNAP_DESTROY_FORCE : 0;
}

#define AT(type, field) offsetof(struct blksnap_##type, field)
#define PLACES(type) \
	.flags_at = AT(type, flags), .zero_at = { 0, AT(type, reserved) }
#define PLACES_PAD(type) \
	.flags_at = AT(type, flags), .zero_at = { AT(type, pad), \
						  AT(type, reserved) }
#define TRACKER PLACES(tracker), .fill = fill_tracker

static const struct command commands[] = {
	[OP_VERSION] = { "VERSION", BLKSNAP_IOC_VERSION, .writes = true,
		PLACES(version), .check = check_version },
	[OP_ATTACH] = { "TRACKER_ATTACH", BLKSNAP_IOC_TRACKER_ATTACH, TRACKER,
		.writes = true, .check = check_tracker_info },
	[OP_DETACH] = { "TRACKER_DETACH", BLKSNAP_IOC_TRACKER_DETACH, TRACKER },
	[OP_TLIST] = { "TRACKER_LIST", BLKSNAP_IOC_TRACKER_LIST, .writes = true,
		PLACES(tracker_list), .check = check_tracker_list,
		.pointer_at = AT(tracker_list, trackers_ptr),
		.entry = sizeof(struct blksnap_tracker_info) },
	[OP_TINFO] = { "TRACKER_INFO", BLKSNAP_IOC_TRACKER_INFO, TRACKER,
		.writes = true, .check = check_tracker_info },
	[OP_CREATE] = { "SNAPSHOT_CREATE", BLKSNAP_IOC_SNAPSHOT_CREATE,
		.writes = true, .makes_fd = true, PLACES(snapshot_open),
		.check = check_opened },
	[OP_SLIST] = { "SNAPSHOT_LIST", BLKSNAP_IOC_SNAPSHOT_LIST,
		.writes = true, PLACES(snapshot_list),
		.check = check_snapshot_list,
		.pointer_at = AT(snapshot_list, ids_ptr),
		.entry = BLKSNAP_ID_SIZE },
	[OP_OPEN] = { "SNAPSHOT_OPEN", BLKSNAP_IOC_SNAPSHOT_OPEN,
		.writes = true, .makes_fd = true, PLACES(snapshot_open),
		.fill = fill_open, .check = check_opened },
	[OP_ADD] = { "ADD_DEVICE", BLKSNAP_IOC_ADD_DEVICE, .snapshot = true,
		PLACES_PAD(add_device), .fill = fill_add },
	[OP_APPEND] = { "APPEND_STORAGE", BLKSNAP_IOC_APPEND_STORAGE,
		.snapshot = true, PLACES(append_storage), .fill = fill_append },
	[OP_TAKE] = { "TAKE", BLKSNAP_IOC_TAKE, .snapshot = true, PLACES(take),
		.pointer_at = AT(take, fs_ptr),
		.entry = sizeof(struct blksnap_take_fs), .fill = fill_take },
	[OP_INFO] = { "INFO", BLKSNAP_IOC_INFO, .snapshot = true,
		.writes = true, PLACES(snapshot_info),
		.pointer_at = AT(snapshot_info, members_ptr),
		.entry = sizeof(struct blksnap_member_info),
		.check = check_snapshot_info },
	[OP_HOLD] = { "HOLD", BLKSNAP_IOC_HOLD, .snapshot = true, PLACES(hold),
		.fill = fill_hold },
	[OP_DESTROY] = { "DESTROY", BLKSNAP_IOC_DESTROY, .snapshot = true,
		.flags = BLKSNAP_DESTROY_FORCE, PLACES_PAD(destroy),
		.fill = fill_destroy },
};

static char *make_arena(void)
{
	char *arena = map(ARENA, MAP_PRIVATE | MAP_32BIT);

	mprotect(arena + PAGE, PAGE, PROT_NONE);
	mprotect(arena + 3 * PAGE, PAGE, PROT_NONE);
	return arena;
}

static void make_common(void)
{
	common_page = map(2 * PAGE, MAP_PRIVATE | MAP_32BIT);
	mprotect(common_page + PAGE, PAGE, PROT_NONE);
}

/* A kernel without this entry kills who uses it, or knows of none. */
static void find_compat(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(compat_ioctl(-1, 0, NULL) != EBADF);
	waitpid(pid, &status, 0);
	has_compat = !status;
	printf("calls of 32 bits: %s\n", has_compat ? "yes" : "no");
	fflush(stdout);
}

static int step_command(enum op op, int fd, unsigned int wildness)
{
	return call_command(op, &commands[op], fd, below(100) < wildness);
}

static bool is_command(unsigned int cmd)
{
	size_t i;

	for (i = 0; i <= OP_DESTROY; i++)
		if (commands[i].cmd == cmd)
			return true;
	return false;
}

/* A number that is none, with a place that would do for any */
static void step_unknown(void)
{
	unsigned int cmd = commands[below(OP_DESTROY + 1)].cmd;
	int err;

	if (one_in(2))
		cmd ^= 1U << below(32);
	else
		cmd = _IOC(below(4), BLKSNAP_IOC_MAGIC, below(256), below(256));
	/* Others have numbers of their own; 0xbb and what is near is nobody's */
	if (is_command(cmd))
		return;
	memset(me->arena, one_in(2) ? 0 : PATTERN, PAGE);
	err = raw_call(get(one_in(2) ? CONTROL : SNAPSHOT), cmd, me->arena);
	count(OP_UNKNOWN, err);
	if (!err)
		fail("command %x: success", cmd);
}

/* Is this a snapshot's descriptor? It must be one that nobody else closes. */
static bool is_snapshot(int fd)
{
	static const char name[] = "anon_inode:[blksnap]";
	char path[64], link[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, link, sizeof(link)) == sizeof(name) - 1 &&
		!memcmp(link, name, sizeof(name) - 1);
}

static void check_events(const char *at, ssize_t got, const char *end)
{
	struct blksnap_event event;

	if (got % (ssize_t)sizeof(event))
		fail("read: %zd bytes", got);
	if (!is_all(at + got, PATTERN, end - at - got))
		fail("read: %zd bytes, more is written", got);
	for (; got >= (ssize_t)sizeof(event); got -= sizeof(event)) {
		memcpy(&event, at, sizeof(event));
		check_event(&event);
		at += sizeof(event);
	}
}

static void step_read(void)
{
	size_t size = one_in(2) ? below(PAGE + 1) : below(5) * 64;
	char *end = me->arena + 3 * PAGE, *at = end - size;
	int fd = fcntl(get(SNAPSHOT), F_DUPFD_CLOEXEC, 0);
	bool is_ours = is_snapshot(fd);
	ssize_t got;

	memset(end - PAGE, PATTERN, PAGE);
	/* More than there is room for, or nowhere */
	got = read(fd, one_in(20) ? NULL : at, one_in(20) ? PAGE : size);
	count(OP_READ, got < 0 ? errno : 0);
	if (is_ours && got > 0)
		check_events(at, got, end);
	if (fd >= 0)
		close(fd);
}

static void step_poll(void)
{
	struct pollfd p[3];
	int i;

	for (i = 0; i < 3; i++) {
		p[i].fd = get(i ? SNAPSHOT : CONTROL);
		p[i].events = POLLIN | POLLOUT | POLLPRI;
	}
	count(OP_POLL, poll(p + 1, 2, one_in(2) ? 0 : below(20)) < 0 ? errno : 0);
	poll(p, 1, 0);
}

/* What the module's descriptors cannot do */
static void step_mmap(void)
{
	int fd = fcntl(get(SNAPSHOT), F_DUPFD_CLOEXEC, 0);
	char text[64] = "";
	void *p;

	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	count(OP_MMAP, p == MAP_FAILED ? errno : 0);
	if (p != MAP_FAILED && is_snapshot(fd))
		fail("a snapshot's descriptor can be mapped");
	if (p != MAP_FAILED)
		munmap(p, PAGE);
	if (write(fd, text, below(64)) > 0 && is_snapshot(fd))
		fail("a snapshot's descriptor can be written to");
	lseek(fd, 64, SEEK_SET);
	fcntl(fd, F_SETOWN, getpid());
	if (fd >= 0)
		close(fd);
}

/* The same part twice: it must not have changed in between. */
static void compare_image(int fd, char *a, char *b)
{
	uint64_t size = 0, at;
	ssize_t got;

	if (ioctl(fd, BLKGETSIZE64, &size) || size < IMAGE_PART)
		return;
	at = chance() % (size / IMAGE_PART) * IMAGE_PART;
	got = pread(fd, a, IMAGE_PART, at);
	count(OP_IMAGE, got < 0 ? errno : 0);
	if (got != IMAGE_PART)
		return;
	usleep(below(30000));
	if (pread(fd, b, IMAGE_PART, at) == IMAGE_PART &&
	    memcmp(a, b, IMAGE_PART))
		fail("an image has changed, at %llu", (unsigned long long)at);
}

static void step_image(void)
{
	char *buffer = map(2 * IMAGE_PART, MAP_PRIVATE);
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "/dev/blksnap%u", below(5));
	fd = open(name, O_DIRECT | (one_in(8) ? O_RDWR : O_RDONLY));
	if (fd < 0) {
		count(OP_IMAGE, errno);
	} else {
		if (pwrite(fd, buffer, PAGE, 0) > 0)
			fail("an image can be written to");
		compare_image(fd, buffer, buffer + IMAGE_PART);
		/* It stays open for a while, or not. */
		if (one_in(4))
			put(IMAGE, fd);
		else
			close(fd);
	}
	munmap(buffer, 2 * IMAGE_PART);
}

static void step_dup(void)
{
	enum kind kind = below(NR_KINDS);
	int fd = fcntl(get(kind), F_DUPFD_CLOEXEC, 0);

	count(OP_DUP, fd < 0 ? errno : 0);
	put(kind, fd);
}

/* For a moment, this process has no more descriptors to give. */
static void step_limit(void)
{
	struct rlimit was, limit;

	if (getrlimit(RLIMIT_NOFILE, &was))
		return;
	limit = was;
	limit.rlim_cur = below(16);
	setrlimit(RLIMIT_NOFILE, &limit);
	step_command(OP_CREATE, get(CONTROL), 0);
	step_command(OP_OPEN, get(CONTROL), 0);
	limit.rlim_cur = 1024;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Those that nobody has a descriptor of go this way. */
static void step_release(void)
{
	int ctl = get(CONTROL);

	step_command(OP_SLIST, ctl, 0);
	if (step_command(OP_OPEN, ctl, 0))
		return;
	step_command(OP_DESTROY, me->snapshot, 5);
}

static void step_any(void);

/* What a child does has nothing to do with libc's threads: it has none. */
static void run_child(pid_t parent, bool same_table, uint64_t number)
{
	struct worker child = *me;
	struct pool *old = pool;
	unsigned int n;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	child.chance = number;
	child.child = true;
	me = &child;
	if (!same_table) {
		make_pool();
		memcpy(pool, old, sizeof(*pool));
	}
	for (n = below(60); n && goes_on(); n--)
		step_any();
	_exit(0);
}

static void end_child(pid_t child, bool same_table)
{
	bool patient = same_table && !one_in(8);
	unsigned int i = below(40);
	int status;

	/* What it had open would stay in the table: it ends by itself mostly */
	while (patient || i--) {
		if (waitpid(child, &status, WNOHANG) == child)
			return;
		if (patient)
			kill(child, SIGUSR1);
		usleep(5000);
	}
	if (same_table)
		pool->orphans = true;
	kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
}

static void step_fork(void)
{
	bool same_table = one_in(2);
	uint64_t number = chance();
	pid_t parent = getpid(), pid;

	if (me->child)
		return;
	pid = syscall(SYS_clone, SIGCHLD | (same_table ? CLONE_FILES : 0),
		      NULL, NULL, NULL, 0);
	if (!pid)
		run_child(parent, same_table, number);
	count(OP_FORK, pid < 0 ? errno : 0);
	if (pid > 0)
		end_child(pid, same_table);
}

/* One command, sent to where it belongs, or to anything */
static void step_one(void)
{
	enum op op = below(OP_DESTROY + 1);
	enum kind kind = commands[op].snapshot ? SNAPSHOT : CONTROL;

	/* Few lives would come to anything if these were as frequent */
	if ((op == OP_DESTROY || op == OP_ADD) && !one_in(3))
		return;
	step_command(op, one_in(20) ? get_any() : get(kind), 40);
}

static void step_any(void)
{
	unsigned int n = below(100);

	if (n < 55)
		step_one();
	else if (n < 62)
		step_unknown();
	else if (n < 70)
		step_read();
	else if (n < 74)
		step_poll();
	else if (n < 76)
		step_mmap();
	else if (n < 84)
		step_image();
	else if (n < 88)
		close_one(below(NR_KINDS));
	else if (n < 91)
		step_dup();
	else if (n < 93)
		send_one(below(NR_KINDS));
	else if (n < 95)
		receive_one();
	else if (n < 97)
		step_release();
	else if (n < 98)
		step_limit();
	else
		step_fork();
}

/* What is done to a snapshot that has been taken */
static void step_use(int fd)
{
	static const enum op ops[] = { OP_INFO, OP_INFO, OP_HOLD, OP_APPEND,
		OP_TAKE, OP_ADD };
	unsigned int n = below(8);

	while (n--) {
		if (one_in(3))
			step_command(ops[below(6)], fd, 10);
		else if (one_in(2))
			step_image();
		else
			step_any();
	}
}

/* Others may have many of the origins. Is there one, at least? */
static bool step_origins(int fd)
{
	unsigned int want = 1 + below(3), tries = 8, got = 0;

	while (tries-- && got < want)
		got += !step_command(OP_ADD, fd, 3);
	return got;
}

/* The life of a snapshot, if nobody interferes */
static void step_life(void)
{
	unsigned int n;
	int fd;

	if (step_command(OP_CREATE, get(CONTROL), 3))
		return;
	fd = me->snapshot;
	if (step_origins(fd) || one_in(8)) {
		for (n = 1 + one_in(4); n; n--)
			step_command(OP_APPEND, fd, 3);
		if (one_in(6))
			step_command(OP_HOLD, fd, 3);
		if (!step_command(OP_TAKE, fd, 3))
			step_use(fd);
	}
	if (!one_in(6))
		step_command(OP_DESTROY, fd, 3);
	if (one_in(2))
		close_one(SNAPSHOT);
}

#endif /* FUZZ_STEPS_H */
