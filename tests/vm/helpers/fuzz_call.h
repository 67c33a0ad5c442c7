/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fuzz makes a call: the argument is filled with what could do, in a wild call
 * some of its fields are changed, or its place is one where it cannot be. It is
 * called as a process of 64 or of 32 bits does it, and the answer is checked.
 *
 * Each thread has an arena of four pages: one with arguments, one that is not
 * there, one with arrays, one that is not there.
 */
#ifndef FUZZ_CALL_H
#define FUZZ_CALL_H

#include <sys/ioctl.h>

#include "fuzz_check.h"

#define ARENA (4 * PAGE)
#define KERNEL_ADDRESS 0xffff888000001000UL
#define NON_CANONICAL 0x0123456789abcdefUL

/**
 * struct call - a call in the making
 * @place: where the argument is
 * @before: the argument as it was before the call
 * @array: what it was told to point to, if it has a pointer
 * @room: entries there
 * @must_fail: why it cannot succeed, or NULL
 * @unsure: others may change the argument meanwhile, or it cannot be read
 */
struct call {
	const struct command *c;
	int fd;
	char *place;
	union arg before;
	char *array;
	size_t room;
	const char *must_fail;
	bool unsure;
};

/**
 * struct command - a command, its argument and what is checked of it
 * @snapshot: it is one of a snapshot's descriptor
 * @writes: it writes to its argument
 * @makes_fd: a descriptor; it would be lost if the argument were
 * @flags: those that there are
 * @flags_at: place of the flags
 * @zero_at: places of a field of 4 bytes and of one of 16 that have to be 0
 * @pointer_at: place of a pointer to an array, or 0
 * @entry: size of an entry of it
 */
struct command {
	const char *name;
	unsigned int cmd;
	bool snapshot, writes, makes_fd;
	__u32 flags;
	size_t flags_at, zero_at[2], pointer_at, entry;
	void (*fill)(union arg *arg);
	void (*check)(const struct call *call, const union arg *arg);
};

static char *common_page;
static bool has_compat;

static size_t room_of(size_t entry)
{
	size_t most = PAGE / entry;

	return one_in(3) ? below(most + 1) : below(most < 5 ? most : 5);
}

/* At the very end of the page: what is written beyond it is seen. */
static void make_array(struct call *call, union arg *arg, __u32 *room)
{
	char *page = me->arena + 2 * PAGE;
	__u64 at;

	if (!call->c->pointer_at)
		return;
	call->room = room_of(call->c->entry);
	call->array = page + PAGE - call->room * call->c->entry;
	if (one_in(8))
		call->array = page;
	memset(page, PATTERN, PAGE);
	at = (uintptr_t)call->array;
	memcpy(arg->bytes + call->c->pointer_at, &at, sizeof(at));
	*room = call->room;
}

static uint64_t odd_value(void)
{
	static const uint64_t values[] = { 0, 1, 2, 3, 4096, MIB, 1ULL << 31,
		0xffffffff, 1ULL << 32, 1ULL << 63, -1ULL, -4096ULL,
		KERNEL_ADDRESS, NON_CANONICAL, 0x7fffffff, 257, 0xfffff000 };

	if (one_in(4))
		return chance();
	if (one_in(3))
		return 1ULL << below(64);
	return values[below(sizeof(values) / sizeof(values[0]))];
}

/* Fields have 4 or 8 bytes. */
static void mutate(const struct command *c, union arg *arg)
{
	unsigned int n = 1 + below(2), size = _IOC_SIZE(c->cmd);
	uint64_t old, new;

	while (n--) {
		size_t at = below(size / 4) * 4;
		size_t width = at + 8 <= size && one_in(2) ? 8 : 4;

		memcpy(&old, arg->bytes + at, width);
		new = one_in(3) ? old ^ 1ULL << below(8 * width) : odd_value();
		memcpy(arg->bytes + at, &new, width);
	}
}

/* A bit of what has to be 0 */
static void mutate_zeros(const struct command *c, union arg *arg)
{
	size_t at = c->zero_at[1] + below(16);

	if (one_in(4))
		at = c->flags_at + below(4);
	else if (c->zero_at[0] && one_in(4))
		at = c->zero_at[0] + below(4);
	arg->bytes[at] |= 1U << below(8);
}

/* Not what another thread has, nor something that takes very long */
static void tame(struct call *call, union arg *arg)
{
	size_t pointer_at = call->c->pointer_at;
	__u64 at, most = 2000000000;

	if (call->c->cmd == BLKSNAP_IOC_TAKE &&
	    (arg->take.timeout_ns > most || (!arg->take.timeout_ns && below(8))))
		arg->take.timeout_ns = most;
	if (!pointer_at)
		return;
	memcpy(&at, arg->bytes + pointer_at, sizeof(at));
	if (at - (uintptr_t)me->arena < ARENA || at >> 31 || at < PAGE)
		return;
	at = KERNEL_ADDRESS;
	memcpy(arg->bytes + pointer_at, &at, sizeof(at));
}

static const char *why_refused(const struct command *c, const union arg *arg)
{
	__u32 flags;

	memcpy(&flags, arg->bytes + c->flags_at, sizeof(flags));
	if (flags & ~c->flags)
		return "unknown flags";
	if (c->zero_at[0] && !is_all(arg->bytes + c->zero_at[0], 0, 4))
		return "padding";
	if (!is_all(arg->bytes + c->zero_at[1], 0, 16))
		return "reserved fields";
	return NULL;
}

/* Where nothing can be read: the call cannot succeed. */
static char *bad_place(struct call *call, size_t size)
{
	char *end = me->arena + PAGE;

	call->must_fail = "bad address";
	call->unsure = true;
	switch (below(6)) {
	case 0:
		return NULL;
	case 1:
		return (char *)KERNEL_ADDRESS;
	case 2:
		return (char *)NON_CANONICAL;
	case 3:
		return end + below(PAGE - size);
	case 4:
		return (char *)-size;
	default:
		return end - size + 1 + below(size - 1);
	}
}

static void place(struct call *call, const union arg *arg, bool wild)
{
	size_t size = _IOC_SIZE(call->c->cmd);
	char *end = me->arena + PAGE;

	call->place = end - size;
	if (wild && one_in(4)) {
		call->place = bad_place(call, size);
	} else if (wild && one_in(4)) {
		call->place = me->arena + below(PAGE - size);
	} else if (wild && !call->c->makes_fd && one_in(12)) {
		/* All threads change it at the same time. */
		call->place = common_page + below(2) * 4;
		call->unsure = true;
		call->must_fail = NULL;
	}
	if (call->place > end - size && call->place < end)
		memcpy(call->place, arg, end - call->place);
	else if (!call->unsure || !call->must_fail)
		memcpy(call->place, arg, size);
}

/* As a 32 bit process does it, whose entry is there for 64 bit ones as well */
static int compat_ioctl(int fd, unsigned int cmd, const void *arg)
{
	long ret;

	asm volatile("int $0x80" : "=a" (ret)
		     : "a" (54), "b" (fd), "c" (cmd), "d" (arg)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)ret < 0 ? -(int)ret : 0;
}

static int raw_call(int fd, unsigned int cmd, const void *arg)
{
	if (has_compat && one_in(5))
		return compat_ioctl(fd, cmd, arg);
	return ioctl(fd, cmd, arg) ? errno : 0;
}

static void check_answer(enum op op, const struct call *call, int err)
{
	size_t size = _IOC_SIZE(call->c->cmd);
	union arg after;

	if (!err && call->must_fail)
		fail("%s: success with %s", call->c->name, call->must_fail);
	if (!is_known_errno(op, err))
		fail("%s: %s is not in the header", call->c->name,
		     errno_name(err));
	if (call->unsure || err == EFAULT)
		return;
	memcpy(&after, call->place, size);
	if ((err || !call->c->writes) && memcmp(&after, &call->before, size))
		fail("%s: %s, but the argument is changed", call->c->name,
		     errno_name(err));
	if (err && call->array && call->c->writes &&
	    !is_all(me->arena + 2 * PAGE, PATTERN, PAGE))
		fail("%s: %s, but the array is changed", call->c->name,
		     errno_name(err));
	if (!err && call->c->check)
		call->c->check(call, &after);
}

/* With memory that can only be read, now and then */
static int call_in_place(struct call *call, bool wild)
{
	bool fixed = wild && !call->must_fail && !call->unsure && one_in(4);
	int err;

	if (fixed) {
		mprotect(me->arena, PAGE, PROT_READ);
		if (call->c->writes)
			call->must_fail = "memory that can only be read";
	}
	err = raw_call(call->fd, call->c->cmd, call->place);
	if (fixed)
		mprotect(me->arena, PAGE, PROT_READ | PROT_WRITE);
	return err;
}

static int call_command(enum op op, const struct command *c, int fd, bool wild)
{
	struct call call = { .c = c, .fd = fd };
	__u32 room = 0;
	union arg arg;
	int err;

	memset(&arg, 0, sizeof(arg));
	make_array(&call, &arg, &room);
	if (c->cmd == BLKSNAP_IOC_INFO)
		arg.info.count = room;
	else if (c->cmd != BLKSNAP_IOC_TAKE && c->pointer_at)
		arg.trackers.count = room;
	if (c->fill)
		c->fill(&arg);
	if (wild && one_in(3))
		mutate_zeros(c, &arg);
	else if (wild && one_in(2))
		mutate(c, &arg);
	tame(&call, &arg);
	call.must_fail = why_refused(c, &arg);
	call.before = arg;
	place(&call, &arg, wild);
	err = count(op, call_in_place(&call, wild));
	check_answer(op, &call, err);
	return err;
}

/* The pointer is the one that was made, and so are the bytes behind it. */
static bool has_array(const struct call *call)
{
	__u64 at;

	memcpy(&at, call->before.bytes + call->c->pointer_at, sizeof(at));
	return at == (uintptr_t)call->array;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * How many entries are there; checks that there are no more. A wild call may have
 * told more room than there is: then what fits is there.
 */
static size_t entries(enum op op, const struct call *call, size_t told,
		      size_t got)
{
	const char *end = me->arena + 3 * PAGE;
	size_t fits = (end - call->array) / call->c->entry;

	if (!has_array(call))
		return 0;
	check_room(op, call->array, call->c->entry, told, got, end);
	return least(least(told, got), fits);
}

static void check_version(const struct call *call, const union arg *arg)
{
	(void)call;
	if (arg->version.features)
		fail("VERSION: features %llx", arg->version.features);
}

static void check_tracker_info(const struct call *call, const union arg *arg)
{
	if (arg->tracker.bdev_fd != call->before.tracker.bdev_fd)
		fail("%s: the descriptor is changed", call->c->name);
	check_tracker(&arg->tracker.info);
}

static void check_tracker_list(const struct call *call, const union arg *arg)
{
	const struct blksnap_tracker_info *t = (const void *)call->array;
	size_t n = entries(OP_TLIST, call, call->before.trackers.count,
			   arg->trackers.count);

	while (n--)
		check_tracker(t++);
}

static void check_snapshot_list(const struct call *call, const union arg *arg)
{
	const __u8 *id = (const void *)call->array;
	size_t n = entries(OP_SLIST, call, call->before.snapshots.count,
			   arg->snapshots.count);

	for (; n--; id += BLKSNAP_ID_SIZE) {
		if (!is_id(id))
			fail("SNAPSHOT_LIST: not an id");
		note_id(id);
	}
}

static void check_opened(const struct call *call, const union arg *arg)
{
	int fd = arg->open.fd;

	if (fcntl(fd, F_GETFD) != FD_CLOEXEC)
		fail("%s: descriptor %d", call->c->name, fd);
	if (!is_id(arg->open.id))
		fail("%s: not an id", call->c->name);
	if (call->c->cmd == BLKSNAP_IOC_SNAPSHOT_OPEN &&
	    memcmp(arg->open.id, call->before.open.id, BLKSNAP_ID_SIZE))
		fail("SNAPSHOT_OPEN: another id");
	note_id(arg->open.id);
	if (!one_in(8))
		fcntl(fd, F_SETFL, O_NONBLOCK);
	me->snapshot = put(SNAPSHOT, fd);
}

static void check_snapshot_info(const struct call *call, const union arg *arg)
{
	const struct blksnap_member_info *m = (const void *)call->array;
	size_t n = entries(OP_INFO, call, call->before.info.count,
			   arg->info.count);

	check_info(&arg->info);
	while (n--)
		check_member(m++, arg->info.taken_ns);
}

#endif /* FUZZ_CALL_H */
