// SPDX-License-Identifier: GPL-2.0-or-later
/* Waiting for what happens to a snapshot; a pipe stands for its descriptor */
#include "test_ctl_fake.h"
#include "events.h"

static int feed;

static int setup(void **state)
{
	int ends[2];

	if (fake_setup(state) || pipe2(ends, O_CLOEXEC))
		return -1;
	fake_snapshot(0x1);
	module.snapshot_fd = ends[0];
	feed = ends[1];
	return 0;
}

static void happen(__u32 type, int error, __u64 value)
{
	struct blksnap_event event = {
		.type = type, .error = error, .value = value, .major = 8,
		.time_ns = 1700000000000000000ULL,
	};

	assert_int_equal(write(feed, &event, sizeof(event)), sizeof(event));
}

static void release_ends_it(void **state)
{
	unsigned int before = fake_open_count();

	(void)state;
	happen(BLKSNAP_EVENT_LOW_SPACE, 0, 1536);
	close(feed);
	assert_int_equal(fake_run("wait", "1111", NULL), 0);
	assert_has(fake.out, "the storage runs low, 1.5 KiB are left, device 8:0\n");
	assert_string_equal(fake.err, "");
	assert_int_equal(fake_open_count(), before - 2);
}

static void failure_is_an_error(void **state)
{
	(void)state;
	happen(BLKSNAP_EVENT_LOW_SPACE, 0, 0);
	happen(BLKSNAP_EVENT_OVERFLOW, -ENOSPC, 0);
	close(feed);
	module.state = BLKSNAP_STATE_FAILED;
	module.error = -ENOSPC;
	assert_int_equal(fake_run("wait", "1111", NULL), EXIT_FAILURE);
	assert_has(fake.out, "the storage is full: the snapshot failed");
	assert_has(fake.err, "1111: the snapshot failed: the storage is full; ");
}

static void failure_is_known_from_its_event_too(void **state)
{
	(void)state;
	happen(BLKSNAP_EVENT_DEVICE_GONE, -ENODEV, 0);
	close(feed);
	fake_fail(BLKSNAP_IOC_INFO, ESHUTDOWN);
	assert_int_equal(fake_run("wait", "1111", NULL), EXIT_FAILURE);
	assert_has(fake.err, "the snapshot failed: device-gone");
}

static void json_has_a_line_for_each(void **state)
{
	char *second;

	(void)state;
	happen(BLKSNAP_EVENT_LOW_SPACE, -EIO, ~0ULL);
	happen(77, 0, 0);
	close(feed);
	assert_int_equal(fake_run("wait", "--json", "1111", NULL), 0);
	second = strchr(fake.out, '\n');
	assert_non_null(second);
	assert_true(json_valid(second + 1));
	assert_has(second, "\"event\": \"unknown\", \"type\": 77");
	second[1] = '\0';
	assert_true(json_valid(fake.out));
	assert_has(fake.out, "\"event\": \"low-space\"");
	assert_has(fake.out, "\"errno\": 5");
	assert_has(fake.out, "\"value\": 18446744073709551615");
}

static void time_runs_out(void **state)
{
	(void)state;
	happen(BLKSNAP_EVENT_LOST, 0, 0);
	assert_int_equal(fake_run("wait", "--timeout=0.05", "1111", NULL),
			 EXIT_FAILURE);
	assert_has(fake.out, "events were lost");
	assert_has(fake.err, "1111: it is still there; ");
	close(feed);
}

static void all_types_have_names(void **state)
{
	__u32 type;

	(void)state;
	for (type = 1; type <= BLKSNAP_EVENT_HIBERNATION; type++)
		assert_string_not_equal(event_name(type), "unknown");
	assert_string_equal(event_name(type), "unknown");
	assert_string_equal(event_name(~0U), "unknown");
	assert_false(event_is_failure(BLKSNAP_EVENT_LOW_SPACE));
	assert_false(event_is_failure(BLKSNAP_EVENT_LOST));
	assert_true(event_is_failure(BLKSNAP_EVENT_STORAGE_WRITTEN));
	assert_true(event_is_failure(BLKSNAP_EVENT_HIBERNATION));
}

#define wait_test(f) cmocka_unit_test_setup_teardown(f, setup, fake_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		wait_test(release_ends_it),
		wait_test(failure_is_an_error),
		wait_test(failure_is_known_from_its_event_too),
		wait_test(json_has_a_line_for_each),
		wait_test(time_runs_out),
		cmocka_unit_test(all_types_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
