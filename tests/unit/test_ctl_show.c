// SPDX-License-Identifier: GPL-2.0-or-later
/* Showing, releasing, attaching and detaching */
#include "test_ctl_fake.h"
#include "snap.h"

static int setup(void **state)
{
	if (fake_setup(state))
		return -1;
	fake_snapshot(0x1);
	fake_snapshot(0x2);
	module.added_count = 2;
	fake_disk("d0", "8:0", 1 << 20);
	fake_disk("d1", "8:1", 1 << 20);
	setenv("TZ", "UTC0", 1);
	return 0;
}

static void snapshots_are_listed(void **state)
{
	unsigned int before = fake_open_count();

	(void)state;
	assert_int_equal(fake_run("list", NULL), 0);
	assert_has(fake.out, "ID                                    STATE  USED      ORIGINS\n");
	assert_has(fake.out, "  taken  12.0 KiB  /dev/d8/1 /dev/d8/0\n");
	assert_int_equal(fake_run("list", "--json", NULL), 0);
	assert_true(json_valid(fake.out));
	assert_has(fake.out, "{\"snapshots\": [{\"id\": \"abab");
	assert_int_equal(fake_open_count(), before);
}

static void none_is_a_list_too(void **state)
{
	(void)state;
	module.id_count = 0;
	assert_int_equal(fake_run("status", "--json", NULL), 0);
	assert_string_equal(fake.out, "{\"snapshots\": []}\n");
	assert_int_equal(fake_run("status", NULL), 0);
	assert_string_equal(fake.out, "");
}

static void what_goes_away_is_not_listed(void **state)
{
	(void)state;
	fake_fail(BLKSNAP_IOC_INFO, ESHUTDOWN);
	module.fail_count = 1;
	assert_int_equal(fake_run("list", "--json", NULL), 0);
	assert_true(json_valid(fake.out));
	assert_int_equal(strlen(module.calls), strlen("loIoI"));
	fake_fail(BLKSNAP_IOC_SNAPSHOT_OPEN, ENOENT);
	assert_int_equal(fake_run("list", "--json", NULL), 0);
	assert_string_equal(fake.out, "{\"snapshots\": []}\n");
	/* But an error is an error */
	fake_fail(BLKSNAP_IOC_INFO, EIO);
	assert_int_equal(fake_run("list", "--json", NULL), EXIT_FAILURE);
	assert_string_equal(fake.out, "");
}

static void trackers_are_listed(void **state)
{
	(void)state;
	assert_int_equal(fake_run("list", "--trackers", NULL), 0);
	assert_has(fake.out, "/dev/sda");
	assert_has(fake.out, "18446744073709551615");
	assert_int_equal(fake_run("list", "--trackers", "--json", NULL), 0);
	assert_true(json_valid(fake.out));
	assert_has(fake.out, "\"device\": \"/dev/sdb\\\"\\\\\"");
	assert_has(fake.out, "\"snapshot\": null");
}

static void status_tells_all(void **state)
{
	(void)state;
	module.state = BLKSNAP_STATE_FAILED;
	module.error = -ENOSPC;
	assert_int_equal(fake_run("status", "1111", NULL), 0);
	assert_has(fake.out, "state     failed\n");
	assert_has(fake.out, "cause     the storage is full\n");
	assert_has(fake.out, "taken     2023-11-14T22:13:20.123+0000\n");
	assert_has(fake.out, "pause     4.500 ms, 1.500 ms of it");
	assert_has(fake.out, "storage   12.0 KiB used, 1.0 MiB reserved");
	assert_has(fake.out, "/dev/d8/1 -> /dev/blksnap1\n");
	assert_int_equal(fake_run("status", "--json", "1111", NULL), 0);
	assert_true(json_valid(fake.out));
	assert_has(fake.out, "\"errno\": 28, \"cause\": \"the storage is full\"");
	assert_int_equal(fake_run("status", "9999", NULL), EXIT_FAILURE);
}

static void release_takes_ids_or_all(void **state)
{
	(void)state;
	assert_int_equal(fake_run("release", "1111", "2222", NULL), 0);
	assert_string_equal(module.calls, "loDloD");
	assert_int_equal(module.destroy_flags, 0);
	assert_int_equal(fake_run("release", "--all", "--force", NULL), 0);
	assert_int_equal(module.destroy_flags, BLKSNAP_DESTROY_FORCE);
	assert_string_equal(module.calls, "loDloDloDoD");
}

static void one_that_fails_does_not_stop_it(void **state)
{
	(void)state;
	assert_int_equal(fake_run("release", "9999", "2222", NULL),
			 EXIT_FAILURE);
	assert_true(module.released);
	/* Gone already is as good as released now */
	fake_fail(BLKSNAP_IOC_DESTROY, ESHUTDOWN);
	assert_int_equal(fake_run("release", "--all", NULL), 0);
}

static void busy_images_are_named(void **state)
{
	(void)state;
	fake_fail(BLKSNAP_IOC_DESTROY, EBUSY);
	assert_int_equal(fake_run("release", "1111", NULL), EXIT_FAILURE);
	assert_has(fake.err,
		   "1111: one of its images is open; umount or close it, or use --force\n");
	/* A partition of the image is mounted */
	fake_disk("blksnap1", "250:1", 1 << 20);
	fake_partition("blksnap1", "blksnap1p1", "250:64", 1 << 19);
	fake_mount(7, "250:64", "/mnt/back\\040up", "ext4", "x", "ro");
	assert_int_equal(fake_run("release", "1111", NULL), EXIT_FAILURE);
	assert_has(fake.err, "image /dev/blksnap1 is mounted on /mnt/back up; umount");
	/* Another device is made of it */
	fake_shell(": > %s/self/mountinfo; ln -s x %s/devices/blksnap1/holders/dm-3",
		   fake.proc, fake.sysfs);
	assert_int_equal(fake_run("release", "1111", NULL), EXIT_FAILURE);
	assert_has(fake.err, "image /dev/blksnap1 is part of dm-3; ");
	fake_shell("cd %s/devices/blksnap1 && rm holders/dm-3 && "
		   "mkdir blksnap1p1/holders && ln -s x blksnap1p1/holders/md5",
		   fake.sysfs);
	assert_int_equal(fake_run("release", "1111", NULL), EXIT_FAILURE);
	assert_has(fake.err, "image /dev/blksnap1 is part of md5; ");
	/* There is only one */
	module.added_count = 1;
	assert_int_equal(fake_run("release", "1111", NULL), EXIT_FAILURE);
	assert_has(fake.err, "image /dev/blksnap0 is open; ");
}

static void devices_are_attached_one_by_one(void **state)
{
	(void)state;
	assert_int_equal(fake_run("attach", fake_dev("d0"), fake_dev("d1"),
				  NULL), 0);
	assert_string_equal(module.calls, "tt");
	fake_fail(BLKSNAP_IOC_TRACKER_ATTACH, EALREADY);
	assert_int_equal(fake_run("attach", fake_dev("d0"), NULL),
			 EXIT_FAILURE);
	assert_has(fake.err, "/dev/d0: it is attached already; ");
	fake_fail(BLKSNAP_IOC_TRACKER_DETACH, EBUSY);
	module.fail_count = 1;
	assert_int_equal(fake_run("detach", fake_dev("d0"), fake_dev("d1"),
				  NULL), EXIT_FAILURE);
	assert_has(fake.err, "/dev/d0: a snapshot uses it; release");
	assert_has_not(fake.err, "/dev/d1");
	assert_string_equal(module.calls, "tttuu");
}

static void names_become_paths(void **state)
{
	char path[SNAP_PATH], name[BLKSNAP_NAME_SIZE];

	(void)state;
	assert_string_equal(snap_path(path, "sda1"), "/dev/sda1");
	assert_string_equal(snap_path(path, "cciss!c0d0"), "/dev/cciss/c0d0");
	/* Nothing is read behind a name without a closing zero */
	memset(name, 'x', sizeof(name));
	assert_int_equal(strlen(snap_path(path, name)),
			 strlen("/dev/") + BLKSNAP_NAME_SIZE - 1);
}

#define show_test(f) cmocka_unit_test_setup_teardown(f, setup, fake_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		show_test(snapshots_are_listed),
		show_test(none_is_a_list_too),
		show_test(what_goes_away_is_not_listed),
		show_test(trackers_are_listed),
		show_test(status_tells_all),
		show_test(release_takes_ids_or_all),
		show_test(one_that_fails_does_not_stop_it),
		show_test(busy_images_are_named),
		show_test(devices_are_attached_one_by_one),
		cmocka_unit_test(names_become_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
