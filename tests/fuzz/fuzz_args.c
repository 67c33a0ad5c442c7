// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checks of arguments, against a list of what has to be zero. A command that
 * is checked too little lets something through that can never get a meaning.
 */
#include "fuzz.h"
#include <errno.h>
#include <linux/types.h>

#include "args.h"
#include "range.h"

/* Bytes that have to be zero, but for the flags that there are */
struct zeros {
	size_t offset;
	size_t size;
	u32 known;
};

struct command {
	size_t size;
	int (*check)(const void *arg);
	struct zeros zeros[4];
};

#define ZERO(type, member)						\
	{ offsetof(struct blksnap_##type, member),			\
	  sizeof(((struct blksnap_##type *)0)->member), 0 }
#define FLAGS(type, known)						\
	{ offsetof(struct blksnap_##type, flags), sizeof(u32), known }
#define COMMAND(type, known, ...)					\
	{ sizeof(struct blksnap_##type), check_##type,			\
	  { FLAGS(type, known), ZERO(type, reserved), __VA_ARGS__ } }
#define CHECK(type)							\
static int check_##type(const void *arg)				\
{									\
	return bs_args_##type(arg);					\
}

CHECK(version)
CHECK(tracker)
CHECK(tracker_list)
CHECK(snapshot_open)
CHECK(snapshot_list)
CHECK(add_device)
CHECK(take)
CHECK(snapshot_info)
CHECK(hold)
CHECK(destroy)

static const struct command commands[] = {
	COMMAND(version, 0),
	COMMAND(tracker, 0),
	COMMAND(tracker_list, 0),
	COMMAND(snapshot_open, 0),
	COMMAND(snapshot_list, 0),
	COMMAND(add_device, 0, ZERO(add_device, pad)),
	COMMAND(take, 0),
	COMMAND(snapshot_info, 0),
	COMMAND(hold, 0),
	COMMAND(destroy, BLKSNAP_DESTROY_FORCE, ZERO(destroy, pad)),
};

static bool is_zero(const uint8_t *arg, const struct zeros *z)
{
	u32 flags;
	size_t i;

	if (z->known) {
		memcpy(&flags, arg + z->offset, sizeof(flags));
		return !(flags & ~z->known);
	}
	for (i = 0; i < z->size; i++)
		if (arg[z->offset + i])
			return false;
	return true;
}

static int expected(const struct command *c, const void *arg)
{
	const struct blksnap_take *take = arg;
	const struct blksnap_hold *hold = arg;
	size_t i;

	for (i = 0; i < ARRAY_LEN(c->zeros); i++)
		if (!is_zero(arg, &c->zeros[i]))
			return -EINVAL;
	if (c->check == check_hold && hold->hold != 0 && hold->hold != 1)
		return -EINVAL;
	if (c->check == check_take && take->fs_count > BLKSNAP_MAX_FS)
		return -E2BIG;
	return 0;
}

static void check_command(struct input *in, const struct command *c)
{
	void *arg = malloc(c->size);

	promise(arg);
	take_bytes(in, arg, c->size);
	promise(c->check(arg) == expected(c, arg));
	free(arg);
}

static bool size_ok(u64 size)
{
	return size % 4096 == 0 && size / 4096 <= BS_PLACE_MAX;
}

static bool storage_ok(const struct blksnap_append_storage *arg, bool is_bdev)
{
	if (arg->flags || arg->reserved[0] || arg->reserved[1] ||
	    !size_ok(arg->limit))
		return false;
	if (is_bdev)
		return true;
	return size_ok(arg->reserve) && arg->reserve >= 1024 * 1024 &&
	       (!arg->limit || arg->limit >= arg->reserve);
}

/* Sizes in blocks mostly: all others are refused, which is soon tried */
static u64 take_size(struct input *in)
{
	u64 number = take_number(in);

	switch (take_byte(in) % 4) {
	case 0:
		return number;
	case 1:
		return number << 20;
	case 2:
		return (BS_PLACE_MAX - 8 + number % 16) * 4096;
	default:
		return number * 4096;
	}
}

static void check_storage(struct input *in)
{
	struct blksnap_append_storage arg = { .fd = take_byte(in) };
	bool is_bdev = take_byte(in) & 1;
	u64 reserve, limit;
	int ret;

	arg.reserve = take_size(in);
	arg.limit = take_size(in);
	arg.flags = take_byte(in);
	take_bytes(in, arg.reserved, sizeof(arg.reserved));
	ret = bs_args_append_storage(&arg, is_bdev, &reserve, &limit);
	promise(ret == (storage_ok(&arg, is_bdev) ? 0 : -EINVAL));
	if (ret)
		return;
	promise(reserve == (is_bdev ? 0 : arg.reserve));
	promise(limit == (arg.limit ? arg.limit : reserve));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	size_t which = take_byte(&in) % (ARRAY_LEN(commands) + 1);

	if (which < ARRAY_LEN(commands))
		check_command(&in, &commands[which]);
	else
		check_storage(&in);
	return 0;
}
