/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all of fuzz stands on: chance, what its processes share (counts, ids of
 * snapshots, whether something was wrong), and the descriptors of a process.
 *
 * The pool has some slots for each kind of descriptor. Threads take numbers out of
 * it to use them, and others may close those meanwhile: then the number is closed,
 * or is another thing by now. Each number is closed by who takes it out of its
 * slot, so that nothing but what was once in the pool is ever closed. Nothing of
 * the pool can be written to but snapshots and pipes.
 */
#ifndef FUZZ_BASE_H
#define FUZZ_BASE_H

#include <blksnap.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096
#define MIB (1024 * 1024ULL)
#define MAX_PATHS 16
#define SLOTS 10
#define MAX_IDS 32
/* An errno from here on is none that a process may ever see */
#define ERRNOS 134
/* What was wrong is told so often of each kind, as far as kinds can be told */
#define MAX_TOLD 3
#define KINDS_TOLD 61

enum op {
	OP_VERSION, OP_ATTACH, OP_DETACH, OP_TLIST, OP_TINFO, OP_CREATE,
	OP_SLIST, OP_OPEN, OP_ADD, OP_APPEND, OP_TAKE, OP_INFO, OP_HOLD,
	OP_DESTROY, OP_UNKNOWN, OP_READ, OP_POLL, OP_MMAP, OP_IMAGE, OP_FORK,
	OP_CLOSE, OP_DUP, OP_SEND, OP_RECEIVE, OP_KILL, NR_OPS
};

static const char *const op_names[] = {
	"VERSION", "ATTACH", "DETACH", "TLIST", "TINFO", "CREATE", "SLIST",
	"OPEN", "ADD", "APPEND", "TAKE", "INFO", "HOLD", "DESTROY", "unknown",
	"read", "poll", "mmap", "image", "fork", "close", "dup", "send",
	"receive", "kill"
};

enum kind {
	CONTROL, SNAPSHOT, DISK, STORE, IMAGE, DIRECTORY, OTHER, NR_KINDS
};

struct pool {
	_Atomic int fd[NR_KINDS][SLOTS];
	/* A process was killed that shared this table: descriptors may be left */
	atomic_bool orphans;
};

/* What all processes share */
static struct shared {
	atomic_bool stop;
	atomic_uint failed;
	atomic_uint told[KINDS_TOLD];
	atomic_uint nr_ids;
	atomic_ulong count[NR_OPS][ERRNOS + 1];
	__u8 ids[MAX_IDS][BLKSNAP_ID_SIZE];
} *shared;

/**
 * struct worker - a thread, or the child of one
 * @chance: state of its generator
 * @arena: memory for arguments, below 4 GiB
 * @snapshot: descriptor of the snapshot that it has made last
 * @child: it was forked, and has no threads besides
 */
struct worker {
	uint64_t chance;
	char *arena;
	int snapshot;
	bool child;
};

static __thread struct worker *me;
static volatile sig_atomic_t leaving;
static struct pool *pool;
static const char *disks[MAX_PATHS], *stores[MAX_PATHS], *dirs[MAX_PATHS];
static size_t nr_disks, nr_stores, nr_dirs;
static int mailbox[2];

static bool goes_on(void)
{
	return !shared->stop && !leaving;
}

/* splitmix64 */
static uint64_t chance(void)
{
	uint64_t x = me->chance += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static unsigned int below(unsigned int n)
{
	return chance() % n;
}

static bool one_in(unsigned int n)
{
	return !below(n);
}

/* No stdio: it may be in the child of a process with threads. */
static void fail(const char *format, ...)
{
	char text[256];
	va_list args;
	const char *at = text;
	int len, done;

	atomic_fetch_add(&shared->failed, 1);
	if (atomic_fetch_add(&shared->told[(uintptr_t)format % KINDS_TOLD], 1) >=
	    MAX_TOLD)
		return;
	va_start(args, format);
	len = vsnprintf(text, sizeof(text) - 1, format, args);
	va_end(args);
	if (len > (int)sizeof(text) - 2)
		len = sizeof(text) - 2;
	text[len++] = '\n';
	/* Signals interrupt it. */
	for (; len > 0; len -= done, at += done) {
		done = write(STDERR_FILENO, at, len);
		if (done < 0 && errno != EINTR)
			return;
		done = done < 0 ? 0 : done;
	}
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static const char *errno_name(int err)
{
	const char *name = err ? strerrorname_np(err) : "0";

	return name ? name : "?";
}

/* Counts it, and gives it back */
static int count(enum op op, int err)
{
	bool known = err >= 0 && err < ERRNOS;

	atomic_fetch_add(&shared->count[op][known ? err : ERRNOS], 1);
	if (!known)
		fail("%s: errno %d", op_names[op], err);
	return err;
}

static void note_id(const __u8 *id)
{
	unsigned int n = atomic_fetch_add(&shared->nr_ids, 1) % MAX_IDS;

	memcpy(shared->ids[n], id, BLKSNAP_ID_SIZE);
}

/* Puts it in place of another one, which is closed. */
static int put(enum kind kind, int fd)
{
	int old;

	if (fd < 0)
		return fd;
	old = atomic_exchange(&pool->fd[kind][below(SLOTS)], fd);
	if (old >= 0)
		close(old);
	return fd;
}

static int open_directory(void)
{
	static const char *const odd[] = { "/", "/proc", "/dev", "/run" };
	const char *path = dirs[below(nr_dirs)];
	char name[64];
	int fd;

	if (one_in(30))
		path = odd[below(4)];
	if (!one_in(30))
		return open(path, O_RDONLY | (one_in(30) ? O_PATH : 0));
	/* One that is removed */
	snprintf(name, sizeof(name), "%s/fuzz%u", path, below(1000));
	if (mkdir(name, 0700))
		return -1;
	fd = open(name, O_RDONLY);
	rmdir(name);
	return fd;
}

static int open_other(void)
{
	static const char *const paths[] = { "/dev/null", "/proc/version",
		"/sys/class/misc/blksnap-control/snapshots" };
	char name[64];
	int fds[2];

	if (one_in(2))
		return open(paths[below(3)], O_RDONLY);
	if (one_in(2)) {
		snprintf(name, sizeof(name), "%s/fuzz", dirs[below(nr_dirs)]);
		return open(name, O_RDONLY | O_CREAT | O_NONBLOCK, 0600);
	}
	if (pipe2(fds, O_NONBLOCK))
		return -1;
	put(OTHER, fds[0]);
	return fds[1];
}

static int open_new(enum kind kind)
{
	int flags = O_RDONLY | O_NONBLOCK | (one_in(30) ? O_PATH : 0);
	char name[32];

	switch (kind) {
	case CONTROL:
		return open("/dev/" BLKSNAP_CONTROL, O_RDWR);
	case DISK:
		return open(disks[below(nr_disks)], flags);
	case STORE:
		return nr_stores ? open(stores[below(nr_stores)], flags) : -1;
	case IMAGE:
		snprintf(name, sizeof(name), "/dev/blksnap%u", below(6));
		return open(name, flags | (one_in(2) ? O_DIRECT : 0));
	case DIRECTORY:
		return open_directory();
	case OTHER:
		return open_other();
	default:
		return -1;
	}
}

/* One of this kind, or -1. Some are replaced now and then. */
static int get(enum kind kind)
{
	int i, fd = -1;

	for (i = 0; i < 4 && fd < 0; i++)
		fd = pool->fd[kind][below(SLOTS)];
	if (fd < 0 || one_in(16)) {
		int new = put(kind, open_new(kind));

		fd = new < 0 ? fd : new;
	}
	return fd;
}

/* Any, or a number that may be closed */
static int get_any(void)
{
	if (one_in(12))
		return (int)below(1100);
	if (one_in(24))
		return (int)chance();
	return get(below(NR_KINDS));
}

static void close_one(enum kind kind)
{
	int fd = atomic_exchange(&pool->fd[kind][below(SLOTS)], -1);

	if (fd >= 0)
		count(OP_CLOSE, close(fd) ? errno : 0);
}

static void close_all(void)
{
	int kind, i, fd;

	for (kind = 0; kind < NR_KINDS; kind++) {
		for (i = 0; i < SLOTS; i++) {
			fd = atomic_exchange(&pool->fd[kind][i], -1);
			if (fd >= 0)
				close(fd);
		}
	}
}

static void *map(size_t size, int flags)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       flags | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

/* Of a new process: it shares its numbers with nobody yet. */
static void make_pool(void)
{
	pool = map(sizeof(*pool), MAP_SHARED);
	memset(pool->fd, 0xff, sizeof(pool->fd));
}

/* A message with a descriptor, on its way between processes */
struct mail {
	struct msghdr msg;
	struct iovec iov;
	unsigned char kind;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
};

static struct cmsghdr *make_mail(struct mail *mail)
{
	memset(mail, 0, sizeof(*mail));
	mail->iov.iov_base = &mail->kind;
	mail->iov.iov_len = 1;
	mail->msg.msg_iov = &mail->iov;
	mail->msg.msg_iovlen = 1;
	mail->msg.msg_control = &mail->control;
	mail->msg.msg_controllen = sizeof(mail->control);
	return CMSG_FIRSTHDR(&mail->msg);
}

static void send_one(enum kind kind)
{
	struct mail mail;
	struct cmsghdr *c = make_mail(&mail);
	int fd = get(kind);

	mail.kind = kind;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	count(OP_SEND, sendmsg(mailbox[0], &mail.msg, MSG_DONTWAIT) < 0 ?
	      errno : 0);
}

static void receive_one(void)
{
	struct cmsghdr *c;
	struct mail mail;
	int fd;

	make_mail(&mail);
	if (recvmsg(mailbox[1], &mail.msg, MSG_DONTWAIT) < 0) {
		count(OP_RECEIVE, errno);
		return;
	}
	count(OP_RECEIVE, 0);
	c = CMSG_FIRSTHDR(&mail.msg);
	/* There is none if this process has too many */
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	put(mail.kind, fd);
}

#endif /* FUZZ_BASE_H */
