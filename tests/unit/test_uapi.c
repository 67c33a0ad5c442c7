// SPDX-License-Identifier: GPL-2.0-only
/*
 * The layout is checked by the compiler: see uapi_layout.h. What is left to be
 * checked here is that commands can be told apart.
 */
#include "testing.h"
#include <string.h>

#include "uapi_layout.h"

static const unsigned long commands[] = {
	BLKSNAP_IOC_VERSION, BLKSNAP_IOC_TRACKER_ATTACH, BLKSNAP_IOC_TRACKER_DETACH,
	BLKSNAP_IOC_TRACKER_LIST, BLKSNAP_IOC_TRACKER_INFO, BLKSNAP_IOC_SNAPSHOT_CREATE,
	BLKSNAP_IOC_SNAPSHOT_LIST, BLKSNAP_IOC_SNAPSHOT_OPEN, BLKSNAP_IOC_ADD_DEVICE,
	BLKSNAP_IOC_APPEND_STORAGE, BLKSNAP_IOC_TAKE, BLKSNAP_IOC_INFO, BLKSNAP_IOC_HOLD,
	BLKSNAP_IOC_DESTROY,
};

static void numbers_are_unique(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		for (j = 0; j < i; j++)
			assert_int_not_equal(_IOC_NR(commands[i]), _IOC_NR(commands[j]));
}

static void control_node(void **state)
{
	(void)state;
	assert_string_equal(BLKSNAP_CONTROL, "blksnap-control");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_unique),
		cmocka_unit_test(control_node),
	};

	return cmocka_run_group_tests_name("uapi", tests, NULL, NULL);
}
