// SPDX-License-Identifier: GPL-2.0-or-later
/* Ids of snapshots */
#include "test_ctl_fake.h"
#include "id.h"

static const __u8 some_id[BLKSNAP_ID_SIZE] = {
	0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	0x80, 0x91, 0xa2, 0xb3, 0xc4, 0xd5, 0xe6, 0xf7,
};

static void ids_are_written(void **state)
{
	char buf[ID_TEXT];

	(void)state;
	assert_string_equal(id_format(buf, some_id),
			    "01234567-89ab-cdef-8091-a2b3c4d5e6f7");
}

static void whole_ids_are_parsed(void **state)
{
	struct id_prefix prefix;

	(void)state;
	assert_int_equal(id_parse("01234567-89AB-cdef-8091-a2b3c4d5e6f7",
				  &prefix), 0);
	assert_int_equal(prefix.digits, 32);
	assert_memory_equal(prefix.bytes, some_id, sizeof(some_id));
	assert_true(id_matches(&prefix, some_id));
	/* A digit too many */
	assert_int_equal(id_parse("01234567-89ab-cdef-8091-a2b3c4d5e6f70",
				  &prefix), -EINVAL);
}

static void prefixes_are_parsed(void **state)
{
	struct id_prefix prefix;

	(void)state;
	assert_int_equal(id_parse("0123", &prefix), 0);
	assert_int_equal(prefix.digits, 4);
	assert_true(id_matches(&prefix, some_id));
	assert_int_equal(id_parse("01234567-8", &prefix), 0);
	assert_int_equal(prefix.digits, 9);
	assert_true(id_matches(&prefix, some_id));
	assert_int_equal(id_parse("01234", &prefix), 0);
	assert_true(id_matches(&prefix, some_id));
	assert_int_equal(id_parse("01235", &prefix), 0);
	assert_false(id_matches(&prefix, some_id));
	assert_int_equal(id_parse("0124", &prefix), 0);
	assert_false(id_matches(&prefix, some_id));
}

static void what_is_no_id_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "012", "----", "0-1-2", "012g", "0x12", "0123 ", "/dev/sda",
	};
	struct id_prefix prefix;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(id_parse(bad[i], &prefix), -EINVAL);
}

static int open_id(const char *text)
{
	__u8 id[BLKSNAP_ID_SIZE];
	int fd = id_open(&fake.host, STDIN_FILENO, text, id);

	fflush(fake.host.err);
	if (fd < 0)
		return -1;
	close(fd);
	return id[0];
}

static void prefixes_are_resolved(void **state)
{
	(void)state;
	fake_snapshot(0x1);
	fake_snapshot(0x2);
	assert_int_equal(open_id("2222"), 0x22);
	assert_int_equal(open_id("11111111-11111111-11111111-11111111"), 0x11);
	assert_int_equal(open_id("3333"), -1);
	assert_has(fake.err, "3333: no snapshot has this id; ");
	assert_int_equal(open_id("33333333333333333333333333333333"), -1);
	assert_int_equal(open_id("xyz"), -1);
	assert_has(fake.err, "xyz: this is not the id of a snapshot; ");
}

static void ambiguous_prefixes_are_refused(void **state)
{
	(void)state;
	fake_snapshot(0x1);
	fake_snapshot(0x1);
	module.ids[1][15] = 0x12;
	assert_int_equal(open_id("1111"), -1);
	assert_has(fake.err, "the ids of 2 snapshots begin so; write more");
	assert_int_equal(open_id("11111111111111111111111111111112"), 0x11);
}

static void long_lists_are_read_whole(void **state)
{
	__u8 *ids;
	int i;

	(void)state;
	for (i = 0; i < 39; i++)
		fake_snapshot(0x1);
	fake_snapshot(0x2);
	assert_int_equal(ctl_snapshot_ids(&fake.host, STDIN_FILENO, &ids), 40);
	assert_int_equal(ids[39 * BLKSNAP_ID_SIZE], 0x22);
	free(ids);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_written),
		cmocka_unit_test(whole_ids_are_parsed),
		cmocka_unit_test(prefixes_are_parsed),
		cmocka_unit_test(what_is_no_id_is_refused),
		fake_test(prefixes_are_resolved),
		fake_test(ambiguous_prefixes_are_refused),
		fake_test(long_lists_are_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
