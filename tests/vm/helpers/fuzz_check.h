/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What fuzz knows of the answers: which errnos the header names for a command,
 * and what has to be true of what a command that succeeded has written.
 */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include "arg.h"
#include "fuzz_base.h"

#define PATTERN 0xa5

/* Those of each command, besides a few that any of them may have. */
static const unsigned char errnos[OP_DESTROY + 1][20] = {
	[OP_ATTACH] = { ENOTBLK, EALREADY, EOPNOTSUPP, ENODEV, EBUSY, EPROTO,
		ETIMEDOUT, EINTR },
	[OP_DETACH] = { ENOTBLK, ENOENT, EBUSY },
	[OP_TINFO] = { ENOTBLK, ENOENT },
	[OP_CREATE] = { EMFILE, ENFILE },
	[OP_OPEN] = { ENOENT, EMFILE, ENFILE },
	[OP_ADD] = { ENOTBLK, EOPNOTSUPP, ENODEV, EBUSY, EPROTO, ETIMEDOUT,
		EEXIST, EISCONN, E2BIG },
	[OP_APPEND] = { ENOTDIR, ENOENT, ENODEV, EOPNOTSUPP, EROFS, ENOSPC,
		EBUSY, EUCLEAN, ETIMEDOUT, EIO, E2BIG },
	[OP_TAKE] = { EISCONN, ENODEV, ENOSTR, ELOOP, EOPNOTSUPP, ENOSPC, EBUSY,
		ETIMEDOUT, E2BIG },
	[OP_DESTROY] = { EBUSY },
};

static bool is_known_errno(enum op op, int err)
{
	switch (err) {
	case 0:
	case EBADF:
	case EFAULT:
	case EINVAL:
	case ENOMEM:
	case ENOTTY:
		return true;
	case EINTR:
	case ESHUTDOWN:
		if (op >= OP_ADD)
			return true;
	}
	return memchr(errnos[op], err, sizeof(errnos[op]));
}

static bool is_all(const void *bytes, unsigned char c, size_t size)
{
	const unsigned char *p = bytes;

	while (size && *p == c) {
		p++;
		size--;
	}
	return !size;
}

static bool is_name(const char *name)
{
	return name[0] && memchr(name, 0, BLKSNAP_NAME_SIZE);
}

static bool is_id(const __u8 *id)
{
	return id[6] >> 4 == 4 && id[8] >> 6 == 2;
}

static void check_tracker(const struct blksnap_tracker_info *t)
{
	bool in = t->flags & BLKSNAP_TRACKER_IN_SNAPSHOT;
	__u32 known = BLKSNAP_TRACKER_IN_SNAPSHOT | BLKSNAP_TRACKER_AUTO;

	if (!t->major || t->flags & ~known || t->pad || !t->sectors ||
	    !is_name(t->name) || !is_all(t->reserved, 0, sizeof(t->reserved)))
		fail("tracker %u:%u: flags %x, %llu sectors, name %.32s",
		     t->major, t->minor, t->flags, t->sectors, t->name);
	if (in ? !is_id(t->snapshot_id) :
	    !is_all(t->snapshot_id, 0, BLKSNAP_ID_SIZE))
		fail("tracker %u:%u: flags %x, and an id that does not fit",
		     t->major, t->minor, t->flags);
}

static void check_member(const struct blksnap_member_info *m, bool taken)
{
	__u32 known = BLKSNAP_MEMBER_FROZEN | BLKSNAP_MEMBER_WHOLE_DISK;

	if (!m->major || m->flags & ~known || m->block_size != PAGE ||
	    !m->sectors || !is_name(m->name) ||
	    !is_all(m->reserved, 0, sizeof(m->reserved)))
		fail("member %u:%u: flags %x, %llu sectors, name %.32s",
		     m->major, m->minor, m->flags, m->sectors, m->name);
	if (taken ? !m->image_major || !is_name(m->image) :
	    m->image_major || m->image[0] || m->copied || m->image_read)
		fail("member %u:%u: image %u:%u, name %.32s, %staken", m->major,
		     m->minor, m->image_major, m->image_minor, m->image,
		     taken ? "" : "not ");
}

static void check_info(const struct blksnap_snapshot_info *i)
{
	bool has_failed = i->state == BLKSNAP_STATE_FAILED;
	bool is_taken = i->state == BLKSNAP_STATE_TAKEN;

	if (i->flags & ~BLKSNAP_INFO_HELD || !is_id(i->id) ||
	    i->count > BLKSNAP_MAX_MEMBERS)
		fail("INFO: flags %x, %u members", i->flags, i->count);
	if (i->state < BLKSNAP_STATE_NEW || i->state > BLKSNAP_STATE_FAILED ||
	    i->error > 0 || i->error <= -ERRNOS || has_failed != !!i->error)
		fail("INFO: state %u, error %d", i->state, i->error);
	if (!has_failed && is_taken != !!i->taken_ns)
		fail("INFO: state %u, taken at %llu", i->state, i->taken_ns);
	if (i->gate_ns > i->pause_ns)
		fail("INFO: pause %llu, gate %llu", i->pause_ns, i->gate_ns);
	if (i->storage_used > i->storage_reserved ||
	    i->storage_reserved > i->storage_limit)
		fail("INFO: storage %llu of %llu of %llu", i->storage_used,
		     i->storage_reserved, i->storage_limit);
}

static void check_event(const struct blksnap_event *e)
{
	if (e->type < BLKSNAP_EVENT_LOW_SPACE || e->type > BLKSNAP_EVENT_HIBERNATION ||
	    e->error > 0 || e->error <= -ERRNOS || !e->time_ns ||
	    !is_all(e->reserved, 0, sizeof(e->reserved)))
		fail("event %u: error %d, at %llu", e->type, e->error,
		     e->time_ns);
}

/* Of an array with some room, beginning at @array: not a byte beyond it */
static void check_room(enum op op, const void *array, size_t entry, size_t room,
		       size_t got, const char *end)
{
	const char *from = (const char *)array + entry * (got < room ? got : room);

	if (from < end && !is_all(from, PATTERN, end - from))
		fail("%s: %zu entries, room for %zu, more is written",
		     op_names[op], got, room);
}

#endif /* FUZZ_CHECK_H */
