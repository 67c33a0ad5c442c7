// SPDX-License-Identifier: GPL-2.0-or-later
/* Making a snapshot, and where its storage may lie */
#include "test_ctl_fake.h"
#include "storage.h"

#define MIB (1024 * 1024ULL)
#define GIB (1024 * MIB)

static char store[60];

/*
 * d0 and d1 are disks, d1 has a partition, dm lies on d1's partition; the
 * storage's directory is on the file system of whatever lay_store_on() says
 */
static int setup(void **state)
{
	if (fake_setup(state))
		return -1;
	fake_disk("d0", "8:0", 100 * GIB);
	fake_disk("d1", "8:1", 100 * GIB);
	fake_partition("d1", "d1p1", "8:17", 50 * GIB);
	fake_disk("dm", "253:0", 10 * GIB);
	fake_stack("dm", "d1p1");
	fake_disk("other", "8:64", 10 * GIB);
	snprintf(store, sizeof(store), "%s/store", fake.dir);
	return 0;
}

static void lay_store_on(const char *dev, const char *type)
{
	fake_shell(": > %s/self/mountinfo", fake.proc);
	fake_mount(fake_mount_id(store), dev, "/somewhere", type, "src", "rw");
}

static int create(const char *device)
{
	memset(module.calls, 0, sizeof(module.calls));
	return fake_run("create", "--storage", store, fake_dev(device), NULL);
}

static void all_steps_are_made_in_order(void **state)
{
	unsigned int before = fake_open_count();

	(void)state;
	lay_store_on("8:64", "ext4");
	assert_int_equal(fake_run("create", "--storage", store, "--reserve=5000000",
				  "--limit", "1G", "--timeout=2.5",
				  fake_dev("d0"), fake_dev("d1"), NULL), 0);
	assert_string_equal(module.calls, "CAASTIH");
	assert_int_equal(module.storage[0].reserve, 5001216);
	assert_int_equal(module.storage[0].limit, GIB);
	assert_int_equal(module.take.timeout_ns, 2500000000ULL);
	assert_int_equal(module.take.fs_count, 0);
	assert_int_equal(module.held, 1);
	/* Members are told in the order of the command line */
	assert_string_equal(fake.out,
			    "abababab-abab-abab-abab-abababababab\n"
			    "/dev/d8/0 /dev/blksnap0\n"
			    "/dev/d8/1 /dev/blksnap1\n");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake_open_count(), before);
}

static void json_is_one_object(void **state)
{
	(void)state;
	lay_store_on("8:64", "ext4");
	assert_int_equal(fake_run("create", "--json", "--storage", store,
				  fake_dev("d0"), NULL), 0);
	assert_true(json_valid(fake.out));
	assert_has(fake.out, "\"held\": true");
	assert_has(fake.out, "\"image\": \"/dev/blksnap0\"");
	assert_has(fake.out, "\"storage_limit\": 18446744073709551615");
}

static void every_failure_undoes_all(void **state)
{
	static const struct {
		unsigned long cmd;
		int err;
		const char *calls;
		const char *says;
	} step[] = {
		{ BLKSNAP_IOC_SNAPSHOT_CREATE, ENOMEM, "C", "no memory" },
		{ BLKSNAP_IOC_ADD_DEVICE, EBUSY, "CA",
		  "/dev/d0: another snapshot has it" },
		{ BLKSNAP_IOC_ADD_DEVICE, EOPNOTSUPP, "CA", "zoned" },
		{ BLKSNAP_IOC_APPEND_STORAGE, ENOSPC, "CAS",
		  "cannot be reserved" },
		{ BLKSNAP_IOC_TAKE, ETIMEDOUT, "CAST", "longer --timeout" },
		{ BLKSNAP_IOC_TAKE, EINTR, "CAST", "interrupted" },
		{ BLKSNAP_IOC_INFO, EIO, "CASTI", "new snapshot: " },
		{ BLKSNAP_IOC_HOLD, ENOTTY, "CASTIH", "does not know" },
	};
	unsigned int before = fake_open_count();
	size_t i;

	(void)state;
	lay_store_on("8:64", "ext4");
	for (i = 0; i < ARRAY_SIZE(step); i++) {
		module.added_count = 0;
		module.storage_count = 0;
		fake_fail(step[i].cmd, step[i].err);
		assert_int_equal(create("d0"), EXIT_FAILURE);
		assert_string_equal(module.calls, step[i].calls);
		assert_has(fake.err, step[i].says);
		/* That comes last */
		if (step[i].cmd != BLKSNAP_IOC_HOLD)
			assert_string_equal(fake.out, "");
		assert_int_equal(fake_open_count(), before);
		assert_int_equal(module.held, -1);
	}
}

static void an_id_that_nobody_sees_is_not_held(void **state)
{
	FILE *out = fake.host.out;

	(void)state;
	lay_store_on("8:64", "ext4");
	fake.host.out = fopen("/dev/full", "we");
	assert_int_equal(create("d0"), EXIT_FAILURE);
	fclose(fake.host.out);
	fake.host.out = out;
	assert_string_equal(module.calls, "CASTI");
	assert_int_equal(module.held, -1);
}

static void devices_are_checked_first(void **state)
{
	(void)state;
	assert_int_equal(create("missing"), EXIT_FAILURE);
	assert_has(fake.err, "/dev/missing: No such file or directory; check");
	fake_shell(": > %s/dev/file", fake.dir);
	assert_int_equal(create("file"), EXIT_FAILURE);
	assert_has(fake.err, "/dev/file: it is not a block device; ");
	assert_string_equal(module.calls, "");
}

static void levels_are_passed(void **state)
{
	(void)state;
	lay_store_on("8:64", "ext4");
	assert_int_equal(fake_run("create", "--storage", store, fake_dev("dm"),
				  fake_dev("d1"), NULL), 0);
	assert_int_equal(module.added[0].level, 1);
	assert_int_equal(module.added[1].level, 0);
}

static void hidden_file_systems_are_passed(void **state)
{
	int id = fake_mount_id(store);

	(void)state;
	fake_btrfs("0-1", "other");
	fake_btrfs("0-1", "d0");
	fake_mount(id, "0:44", store, "btrfs", "/dev/other", "rw");
	module.inode_flags = FS_NOCOW_FL;
	assert_int_equal(create("d0"), 0);
	assert_int_equal(module.take.fs_count, 1);
	assert_has(module.frozen[0], "/store");
	assert_int_equal(module.frozen_level[0], 0);
	/* The storage lies on the origin, as one of two devices */
	assert_true(module.storage[0].limit <= 5 * GIB);
}

static void what_is_mounted_above_is_stopped_above(void **state)
{
	(void)state;
	fake_mount(fake_mount_id(store), "253:0", store, "ext4", "/dev/dm", "rw");
	assert_int_equal(fake_run("create", "--storage", fake_dev("other"),
				  fake_dev("d1"), NULL), 0);
	assert_int_equal(module.take.fs_count, 1);
	assert_has(module.frozen[0], "/store");
	assert_int_equal(module.frozen_level[0], 1);
}

static void storage_above_an_origin_is_refused(void **state)
{
	(void)state;
	lay_store_on("253:0", "ext4");
	assert_int_equal(create("d1"), EXIT_FAILURE);
	assert_has(fake.err, "/store: it lies on a device above ");
	assert_has(fake.err, "/dev/d1, so that");
	assert_string_equal(module.calls, "CA");
	assert_int_equal(create("d1p1"), EXIT_FAILURE);
	/* On the origin itself, on a partition of it, or beside it */
	module.added_count = 0;
	assert_int_equal(create("dm"), 0);
	assert_int_equal(create("d0"), 0);
	lay_store_on("8:17", "ext4");
	assert_int_equal(create("d1"), 0);
	assert_int_equal(create("d1p1"), 0);
}

static int create_on_device(const char *storage, const char *device)
{
	module.added_count = 0;
	module.storage_count = 0;
	return fake_run("create", "--storage", fake_dev(storage),
			fake_dev(device), NULL);
}

static void storage_devices_are_checked(void **state)
{
	(void)state;
	assert_int_equal(create_on_device("other", "d0"), 0);
	assert_int_equal(module.storage[0].reserve, 0);
	assert_int_equal(module.storage[0].limit, 0);
	assert_int_equal(create_on_device("d0", "d0"), EXIT_FAILURE);
	assert_has(fake.err, "/dev/d0: it would be overwritten");
	assert_int_equal(create_on_device("d1", "d1p1"), EXIT_FAILURE);
	assert_has(fake.err, "/dev/d1: it would be overwritten");
	assert_int_equal(create_on_device("dm", "d1"), EXIT_FAILURE);
	assert_has(fake.err, "/dev/dm: it lies on a device above");
	assert_int_equal(create_on_device("d1p1", "d1"), 0);
	fake_fail(BLKSNAP_IOC_APPEND_STORAGE, EBUSY);
	assert_int_equal(create_on_device("other", "d0"), EXIT_FAILURE);
	assert_has(fake.err, "the device is in use");
}

static void the_storage_is_diagnosed(void **state)
{
	static const struct {
		const char *type;
		unsigned int flags;
		int err;
		const char *says;
	} bad[] = {
		{ "vfat", 0, EOPNOTSUPP,
		  "/store: file system is vfat: it cannot make unnamed files; "
		  "choose a directory on ext4, xfs or btrfs (NOCOW), or a block device" },
		{ "btrfs", 0, EOPNOTSUPP, "copy-on-write; make an empty" },
		{ "btrfs", FS_NOCOW_FL, EOPNOTSUPP, "file system is btrfs" },
		{ "ext4", FS_ENCRYPT_FL, EOPNOTSUPP, "encrypted" },
		{ "xfs", FS_DAX_FL, EOPNOTSUPP, "DAX" },
		{ "tmpfs", 0, EOPNOTSUPP, "file system is tmpfs: it cannot tell" },
		{ "ext4", 0, EROFS, "mounted read-only" },
		{ "ext4", 0, EBUSY, "a snapshot is held, or its file system is frozen; "
		  "choose storage on" },
		{ "ext4", 0, E2BIG, "more than 16 TiB" },
		{ "ext4", 0, EUCLEAN, "did not stand the test" },
		{ "ext4", 0, ETIMEDOUT, "lies on hangs" },
		{ "ext4", 0, EINVAL, "refused the sizes" },
		{ "ext4", 0, EPERM, "run it as root" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		lay_store_on("8:64", bad[i].type);
		module.inode_flags = bad[i].flags;
		fake_fail(BLKSNAP_IOC_APPEND_STORAGE, bad[i].err);
		assert_int_equal(create("d0"), EXIT_FAILURE);
		assert_has(fake.err, bad[i].says);
	}
	assert_int_equal(fake_run("create", "--storage", "/nowhere",
				  fake_dev("d0"), NULL), EXIT_FAILURE);
	assert_has(fake.err, "/nowhere: it does not exist; choose");
	assert_int_equal(fake_run("create", "--storage", fake.control,
				  fake_dev("d0"), NULL), EXIT_FAILURE);
	assert_has(fake.err, "neither a directory nor a block device; choose");
}

static __u64 origins = 100 * GIB;

static void expect_sizes(__u64 reserve, __u64 limit, bool on_origin,
			 __u64 free_bytes, __u64 want_reserve, __u64 want_limit)
{
	struct storage_size size = { reserve, limit };

	storage_choose(&size, on_origin, free_bytes, origins);
	assert_int_equal(size.reserve, want_reserve);
	assert_int_equal(size.limit, want_limit);
	assert_true(size.limit >= size.reserve);
	assert_int_equal(size.reserve % 4096, 0);
	assert_int_equal(size.limit % 4096, 0);
}

static void sizes_have_defaults(void **state)
{
	(void)state;
	/* Elsewhere: a tenth of the origins */
	expect_sizes(0, 0, false, 50 * GIB, 256 * MIB, 10 * GIB);
	/* On an origin: a twentieth, and half of what is free at most */
	expect_sizes(0, 0, true, 50 * GIB, 256 * MIB, 5 * GIB);
	expect_sizes(0, 0, true, 2 * GIB, 256 * MIB, GIB);
	/* Little room: a quarter of it to begin with, but never nothing */
	expect_sizes(0, 0, true, 100 * MIB, 25 * MIB, 50 * MIB);
	expect_sizes(0, 0, true, 0, MIB, MIB);
	expect_sizes(0, 0, true, 8 * MIB + 4095, 2 * MIB, 4 * MIB);
	/* What was said stays */
	expect_sizes(20 * GIB, 0, false, 50 * GIB, 20 * GIB, 20 * GIB);
	expect_sizes(0, 64 * MIB, false, 50 * GIB, 64 * MIB, 64 * MIB);
	expect_sizes(MIB, 2 * MIB, true, 50 * GIB, MIB, 2 * MIB);
	/* A snapshot cannot have more than 16 TiB in all */
	origins = 1000 * 1024 * GIB;
	expect_sizes(0, 0, false, 50 * GIB, 256 * MIB, 4096 * GIB);
	origins = 100 * GIB;
}

#define create_test(f) cmocka_unit_test_setup_teardown(f, setup, fake_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		create_test(all_steps_are_made_in_order),
		create_test(json_is_one_object),
		create_test(every_failure_undoes_all),
		create_test(an_id_that_nobody_sees_is_not_held),
		create_test(devices_are_checked_first),
		create_test(levels_are_passed),
		create_test(hidden_file_systems_are_passed),
		create_test(what_is_mounted_above_is_stopped_above),
		create_test(storage_above_an_origin_is_refused),
		create_test(storage_devices_are_checked),
		create_test(the_storage_is_diagnosed),
		cmocka_unit_test(sizes_have_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
