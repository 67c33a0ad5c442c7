// SPDX-License-Identifier: GPL-2.0-or-later
/* Sizes and times, as people write and read them */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "size.h"
#include "util.h"

static void sizes_are_parsed(void **state)
{
	static const struct {
		const char *text;
		__u64 bytes;
	} good[] = {
		{ "0", 0 }, { "1", 1 }, { "512", 512 }, { "007", 7 },
		{ "1K", 1ULL << 10 }, { "1k", 1ULL << 10 },
		{ "3M", 3ULL << 20 }, { "1G", 1ULL << 30 },
		{ "2TiB", 2ULL << 40 }, { "2tib", 2ULL << 40 },
		{ "18446744073709551615", ~0ULL },
		{ "16777215T", 16777215ULL << 40 },
	};
	__u64 bytes;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		bytes = 12345;
		assert_int_equal(size_parse(good[i].text, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
}

static void what_is_no_size_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "K", "-1", "+1", " 1", "1 ", "1 K", "1KB", "1Ki", "1KiBs",
		"1.5G", "0x10", "1P", "1KK", "1\n", "1:",
	};
	__u64 bytes;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(size_parse(bad[i], &bytes), -EINVAL);
}

static void overflows_are_refused(void **state)
{
	static const char *const large[] = {
		"18446744073709551616", "99999999999999999999999",
		"16777216T", "17179869184G", "18014398509481984K",
	};
	__u64 bytes;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(large); i++)
		assert_int_equal(size_parse(large[i], &bytes), -ERANGE);
}

static void sizes_are_written(void **state)
{
	char buf[SIZE_TEXT];

	(void)state;
	assert_string_equal(size_format(buf, 0), "0 B");
	assert_string_equal(size_format(buf, 1023), "1023 B");
	assert_string_equal(size_format(buf, 1024), "1.0 KiB");
	assert_string_equal(size_format(buf, 1536), "1.5 KiB");
	assert_string_equal(size_format(buf, (1 << 20) - 1), "1023.9 KiB");
	assert_string_equal(size_format(buf, 1 << 20), "1.0 MiB");
	assert_string_equal(size_format(buf, 1288490188), "1.1 GiB");
	assert_string_equal(size_format(buf, 1288490189), "1.2 GiB");
	assert_string_equal(size_format(buf, 5ULL << 40), "5.0 TiB");
	assert_string_equal(size_format(buf, ~0ULL), "15.9 EiB");
}

static void seconds_are_parsed(void **state)
{
	__u64 ns;

	(void)state;
	assert_int_equal(seconds_parse("10", &ns), 0);
	assert_int_equal(ns, 10000000000ULL);
	assert_int_equal(seconds_parse("0.25", &ns), 0);
	assert_int_equal(ns, 250000000);
	assert_int_equal(seconds_parse("0.000000001", &ns), 0);
	assert_int_equal(ns, 1);
	assert_int_equal(seconds_parse("18446744073.709551615", &ns), 0);
	assert_int_equal(ns, ~0ULL);
	assert_int_equal(seconds_parse("18446744073.709551616", &ns), -ERANGE);
	assert_int_equal(seconds_parse("18446744074", &ns), -ERANGE);
	assert_int_equal(seconds_parse("0.0000000001", &ns), -EINVAL);
	assert_int_equal(seconds_parse("1.", &ns), -EINVAL);
	assert_int_equal(seconds_parse(".5", &ns), -EINVAL);
	assert_int_equal(seconds_parse("-1", &ns), -EINVAL);
	assert_int_equal(seconds_parse("1s", &ns), -EINVAL);
	assert_int_equal(seconds_parse("", &ns), -EINVAL);
}

static void times_are_written(void **state)
{
	char buf[SIZE_TEXT];

	(void)state;
	setenv("TZ", "UTC0", 1);
	assert_string_equal(duration_format(buf, 0), "0.000 ms");
	assert_string_equal(duration_format(buf, 3250999), "3.250 ms");
	assert_string_equal(duration_format(buf, 2005000000), "2.005 s");
	assert_string_equal(time_format(buf, 1700000000123456789ULL),
			    "2023-11-14T22:13:20.123+0000");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_parsed),
		cmocka_unit_test(what_is_no_size_is_refused),
		cmocka_unit_test(overflows_are_refused),
		cmocka_unit_test(sizes_are_written),
		cmocka_unit_test(seconds_are_parsed),
		cmocka_unit_test(times_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
