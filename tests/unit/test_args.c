// SPDX-License-Identifier: GPL-2.0-only
#include "testing.h"
#include <errno.h>
#include <linux/limits.h>
#include <string.h>

#include "args.h"
#include "range.h"

/*
 * Every argument is described by its fields that may hold anything; all other
 * bits of the structure must be zero, or are listed as known flags.
 */
struct field {
	size_t offset;
	size_t size;
};

#define FIELD(type, member) \
	{ offsetof(struct type, member), sizeof(((struct type *)0)->member) }

struct arg {
	const char *name;
	size_t size;
	int (*check)(const void *arg);
	const struct field *free;	/* ends with an empty one */
	uint32_t known_flags;
	size_t flags;
};

#define CHECK(name)						\
static int check_##name(const void *arg)			\
{								\
	return bs_args_##name(arg);				\
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

static const struct field version_free[] = {
	FIELD(blksnap_version, major), FIELD(blksnap_version, minor),
	FIELD(blksnap_version, patch), FIELD(blksnap_version, features), { 0, 0 },
};

static const struct field tracker_free[] = {
	FIELD(blksnap_tracker, bdev_fd), FIELD(blksnap_tracker, info), { 0, 0 },
};

static const struct field tracker_list_free[] = {
	FIELD(blksnap_tracker_list, count), FIELD(blksnap_tracker_list, trackers_ptr), { 0, 0 },
};

static const struct field snapshot_open_free[] = {
	FIELD(blksnap_snapshot_open, fd), FIELD(blksnap_snapshot_open, id), { 0, 0 },
};

static const struct field snapshot_list_free[] = {
	FIELD(blksnap_snapshot_list, count), FIELD(blksnap_snapshot_list, ids_ptr), { 0, 0 },
};

static const struct field add_device_free[] = {
	FIELD(blksnap_add_device, bdev_fd), FIELD(blksnap_add_device, level), { 0, 0 },
};

/* The count has a limit and tests of its own */
static const struct field take_free[] = {
	FIELD(blksnap_take, fs_count), FIELD(blksnap_take, fs_ptr),
	FIELD(blksnap_take, timeout_ns), { 0, 0 },
};

static const struct field snapshot_info_free[] = {
	FIELD(blksnap_snapshot_info, state), FIELD(blksnap_snapshot_info, error),
	FIELD(blksnap_snapshot_info, count), FIELD(blksnap_snapshot_info, members_ptr),
	FIELD(blksnap_snapshot_info, id), FIELD(blksnap_snapshot_info, taken_ns),
	FIELD(blksnap_snapshot_info, pause_ns), FIELD(blksnap_snapshot_info, gate_ns),
	FIELD(blksnap_snapshot_info, storage_used),
	FIELD(blksnap_snapshot_info, storage_reserved),
	FIELD(blksnap_snapshot_info, storage_limit), { 0, 0 },
};

/* So has this one */
static const struct field hold_free[] = {
	FIELD(blksnap_hold, hold), { 0, 0 },
};

static const struct field nothing_free[] = { { 0, 0 } };

#define ARG(name, known)					\
	{ #name, sizeof(struct blksnap_##name), check_##name,	\
	  name##_free, known, offsetof(struct blksnap_##name, flags) }
#define destroy_free nothing_free

static const struct arg args[] = {
	ARG(version, 0), ARG(tracker, 0), ARG(tracker_list, 0),
	ARG(snapshot_open, 0), ARG(snapshot_list, 0), ARG(add_device, 0),
	ARG(take, 0), ARG(snapshot_info, 0), ARG(hold, 0),
	ARG(destroy, BLKSNAP_DESTROY_FORCE),
};

static bool is_free(const struct field *f, size_t byte)
{
	for (; f->size; f++)
		if (byte >= f->offset && byte < f->offset + f->size)
			return true;
	return false;
}

static bool is_known_flag(const struct arg *arg, size_t byte, int bit)
{
	uint32_t flags = 0;

	if (byte < arg->flags || byte >= arg->flags + sizeof(flags))
		return false;
	((uint8_t *)&flags)[byte - arg->flags] = 1 << bit;
	return flags & arg->known_flags;
}

static void zeros_are_valid(void **state)
{
	uint8_t buf[512] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(args); i++) {
		assert_true(args[i].size <= sizeof(buf));
		assert_int_equal(args[i].check(buf), 0);
	}
}

static void check_bit(const struct arg *arg, size_t byte, int bit)
{
	uint8_t buf[512] = { 0 };
	int ret, expected = is_known_flag(arg, byte, bit) ? 0 : -EINVAL;

	buf[byte] = 1 << bit;
	ret = arg->check(buf);
	if (ret != expected)
		fail_msg("%s: bit %d of byte %zu: %d", arg->name, bit, byte, ret);
}

static void each_bit_that_has_no_meaning_is_refused(void **state)
{
	size_t i, byte;
	int bit;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(args); i++)
		for (byte = 0; byte < args[i].size; byte++)
			for (bit = 0; bit < 8; bit++)
				if (!is_free(args[i].free, byte))
					check_bit(&args[i], byte, bit);
}

static bool has_limits(const char *name, size_t byte)
{
	const struct field count = FIELD(blksnap_take, fs_count);
	const struct field hold = FIELD(blksnap_hold, hold);
	const struct field *f = NULL;

	if (!strcmp(name, "take"))
		f = &count;
	else if (!strcmp(name, "hold"))
		f = &hold;
	return f && byte >= f->offset && byte < f->offset + f->size;
}

static void other_fields_may_hold_anything(void **state)
{
	size_t i, byte;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(args); i++) {
		uint8_t buf[512] = { 0 };

		for (byte = 0; byte < args[i].size; byte++)
			if (is_free(args[i].free, byte) && !has_limits(args[i].name, byte))
				buf[byte] = 0xff;
		if (args[i].check(buf))
			fail_msg("%s is refused", args[i].name);
	}
}

static void hold_is_0_or_1(void **state)
{
	struct blksnap_hold arg = { .hold = 1 };

	(void)state;
	assert_int_equal(bs_args_hold(&arg), 0);
	arg.hold = 2;
	assert_int_equal(bs_args_hold(&arg), -EINVAL);
	arg.hold = U32_MAX;
	assert_int_equal(bs_args_hold(&arg), -EINVAL);
}

static void take_limits_the_descriptors(void **state)
{
	struct blksnap_take arg = { .fs_count = BLKSNAP_MAX_FS };

	(void)state;
	assert_int_equal(bs_args_take(&arg), 0);
	arg.fs_count++;
	assert_int_equal(bs_args_take(&arg), -E2BIG);
	arg.fs_count = U32_MAX;
	assert_int_equal(bs_args_take(&arg), -E2BIG);
	arg.flags = 1;
	assert_int_equal(bs_args_take(&arg), -EINVAL);
}

#define MIB (1ULL << 20)
#define PLACES ((uint64_t)BS_PLACE_MAX * 4096)
#define REFUSED (-EINVAL)

static const struct {
	bool is_bdev;
	uint64_t reserve, limit;
	int ret;
	uint64_t eff_reserve, eff_limit;
} storages[] = {
	{ false, MIB, 0, 0, MIB, MIB },
	{ false, MIB, MIB, 0, MIB, MIB },
	{ false, MIB + 4096, 3 * MIB, 0, MIB + 4096, 3 * MIB },
	{ false, MIB, PLACES, 0, MIB, PLACES },
	{ false, PLACES, 0, 0, PLACES, PLACES },
	/* reserve: least, multiple, most */
	{ false, 0, 0, REFUSED, 0, 0 },
	{ false, 0, MIB, REFUSED, 0, 0 },
	{ false, MIB - 4096, 2 * MIB, REFUSED, 0, 0 },
	{ false, MIB + 512, 2 * MIB, REFUSED, 0, 0 },
	{ false, PLACES + 4096, 0, REFUSED, 0, 0 },
	{ false, U64_MAX - 4095, 0, REFUSED, 0, 0 },
	/* limit: not below reserve, multiple, most */
	{ false, 2 * MIB, 2 * MIB - 4096, REFUSED, 0, 0 },
	{ false, MIB, 2 * MIB + 1, REFUSED, 0, 0 },
	{ false, MIB, PLACES + 4096, REFUSED, 0, 0 },
	{ false, MIB, U64_MAX - 4095, REFUSED, 0, 0 },
	/* a block device: reserve has no effect */
	{ true, 0, 0, 0, 0, 0 },
	{ true, MIB, 0, 0, 0, 0 },
	{ true, 12345, 4096, 0, 0, 4096 },
	{ true, 0, PLACES, 0, 0, PLACES },
	{ true, 0, 4097, REFUSED, 0, 0 },
	{ true, 0, PLACES + 4096, REFUSED, 0, 0 },
};

static void storage_sizes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(storages); i++) {
		struct blksnap_append_storage arg = {
			.fd = -1,
			.reserve = storages[i].reserve,
			.limit = storages[i].limit,
		};
		u64 reserve = 1, limit = 1;
		int ret = bs_args_append_storage(&arg, storages[i].is_bdev, &reserve, &limit);

		if (ret != storages[i].ret)
			fail_msg("line %zu: %d", i, ret);
		if (!ret && (reserve != storages[i].eff_reserve || limit != storages[i].eff_limit))
			fail_msg("line %zu: reserve %llu, limit %llu", i, reserve, limit);
	}
}

static void storage_reserved_bits(void **state)
{
	struct blksnap_append_storage good = { .reserve = MIB }, arg;
	size_t byte = offsetof(struct blksnap_append_storage, reserved);
	u64 reserve, limit;
	uint32_t bit;

	(void)state;
	for (bit = 0; bit < 32; bit++) {
		arg = good;
		arg.flags = 1U << bit;
		assert_int_equal(bs_args_append_storage(&arg, false, &reserve, &limit), -EINVAL);
		assert_int_equal(bs_args_append_storage(&arg, true, &reserve, &limit), -EINVAL);
	}
	for (; byte < sizeof(arg); byte++) {
		arg = good;
		((uint8_t *)&arg)[byte] = 1;
		assert_int_equal(bs_args_append_storage(&arg, false, &reserve, &limit), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeros_are_valid),
		cmocka_unit_test(each_bit_that_has_no_meaning_is_refused),
		cmocka_unit_test(other_fields_may_hold_anything),
		cmocka_unit_test(hold_is_0_or_1),
		cmocka_unit_test(take_limits_the_descriptors),
		cmocka_unit_test(storage_sizes),
		cmocka_unit_test(storage_reserved_bits),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
