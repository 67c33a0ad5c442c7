// SPDX-License-Identifier: GPL-2.0-only
#include "testing.h"

#include "unit.h"

#define US 1000ULL
#define MS (1000 * US)
#define S (1000 * MS)

static struct bs_unit unit;
static u64 now;

static int setup(void **state)
{
	(void)state;
	now = 12 * S;
	bs_unit_init(&unit, 0);
	return 0;
}

/* As many as are needed, if each takes so long */
static unsigned int enough(u64 ns)
{
	return ns * BS_UNIT_SAMPLES < BS_UNIT_SPAN ?
		(BS_UNIT_SPAN + ns - 1) / ns : BS_UNIT_SAMPLES;
}

/* Reads one after the other, so long each; returns the unit after them */
static u32 reads(unsigned int nr, u64 ns)
{
	while (nr--) {
		bs_unit_add(&unit, now, now + ns, 1, false);
		now += ns;
	}
	return bs_unit_get(&unit, now, true);
}

static void least_until_it_is_known(void **state)
{
	(void)state;
	assert_int_equal(bs_unit_get(&unit, now, true), 1);
	assert_int_equal(reads(BS_UNIT_SAMPLES - 1, 50 * MS), 1);
	assert_int_equal(reads(1, 50 * MS), 128);
	setup(state);
	assert_int_equal(reads(enough(500 * US) - 1, 500 * US), 1);
	assert_int_equal(reads(1, 500 * US), 16);
}

/* Now and then even the fastest disk stands still */
static void a_pause(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		assert_int_equal(reads(250, 200 * US), 1);
		assert_int_equal(reads(1, 10 * MS), 1);
	}
}

static void by_the_time_of_a_read(void **state)
{
	static const struct {
		u64 ns;
		u32 blocks;
	} cases[] = {
		{ 20 * US, 1 },
		{ BS_UNIT_SMALL_NS - 1, 1 },
		{ BS_UNIT_SMALL_NS, 16 },
		{ BS_UNIT_LARGE_NS - 1, 16 },
		{ BS_UNIT_LARGE_NS, 32 },
		{ BS_UNIT_MOST_NS - 1, 32 },
		{ BS_UNIT_MOST_NS, 128 },
		{ 500 * MS, 128 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		setup(state);
		bs_unit_get(&unit, now, true);
		assert_int_equal(reads(enough(cases[i].ns), cases[i].ns),
				 cases[i].blocks);
	}
}

/* What is in the queue of the disk at the same time shares its time */
static void reads_side_by_side(void **state)
{
	u64 i, sent;

	(void)state;
	bs_unit_get(&unit, now, true);
	sent = now;
	for (i = 1; i <= enough(100 * US); i++)
		bs_unit_add(&unit, sent, sent + i * 100 * US, 1, false);
	assert_int_equal(bs_unit_get(&unit, now, true), 1);
}

/* Ends are told of by several processors, in no order */
static void ends_out_of_order(void **state)
{
	u64 i;

	(void)state;
	bs_unit_get(&unit, now, true);
	for (i = 1; i <= enough(400 * US); i++) {
		bs_unit_add(&unit, now, now + 2 * i * 200 * US, 1, false);
		bs_unit_add(&unit, now, now + (2 * i - 1) * 200 * US, 1, false);
	}
	/* Those that end before the last one are not counted, nor is their time */
	assert_int_equal(bs_unit_get(&unit, now, true), 16);
}

/* A disk that ends ten at a time, every 10 ms */
static void bursts(void **state)
{
	u64 i;

	(void)state;
	bs_unit_get(&unit, now, true);
	for (i = 0; i < enough(MS); i++)
		bs_unit_add(&unit, now, now + (i / 10 + 1) * 10 * MS + i, 1, false);
	assert_int_equal(bs_unit_get(&unit, now, true), 16);
}

/* 64 KiB at 200 MB/s, and the write of as much: not many requests, but many bytes */
static void large_reads(void **state)
{
	u64 i;

	(void)state;
	for (i = 1; i <= 5000; i++)
		bs_unit_add(&unit, now, now + i * 640 * US, 16, false);
	assert_int_equal(bs_unit_get(&unit, now, true), 1);
	now += 5000 * 640 * US;
	for (i = 1; i <= BS_UNIT_SAMPLES; i++)
		bs_unit_add(&unit, now, now + i * 100 * US, 16, false);
	assert_int_equal(bs_unit_get(&unit, now, true), 1);
	setup(state);
	for (i = 1; i <= BS_UNIT_SAMPLES; i++)
		bs_unit_add(&unit, now, now + i * 10 * MS, 16, false);
	assert_int_equal(bs_unit_get(&unit, now, true), 128);
}

static void measured_anew(void **state)
{
	u64 known;

	(void)state;
	assert_int_equal(reads(enough(MS), MS), 16);
	known = now;
	/* What ends later does not count */
	assert_int_equal(reads(BS_UNIT_SAMPLES, 50 * MS), 16);
	now = known + BS_UNIT_PERIOD - 1;
	assert_int_equal(bs_unit_get(&unit, now, true), 16);
	now++;
	assert_int_equal(bs_unit_get(&unit, now, true), 1);
	assert_int_equal(reads(BS_UNIT_SAMPLES, 50 * MS), 128);
}

/* The least costs nothing to measure */
static void measured_all_the_time(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(reads(enough(100 * US), 100 * US), 1);
	assert_int_equal(reads(enough(MS), MS), 16);
}

static void a_lonely_writer(void **state)
{
	(void)state;
	bs_unit_get(&unit, now, true);
	assert_int_equal(reads(enough(MS), MS), 16);
	assert_int_equal(bs_unit_get(&unit, now, false), 1);
	assert_int_equal(bs_unit_get(&unit, now, true), 16);
	now += BS_UNIT_PERIOD;
	bs_unit_get(&unit, now, true);
	assert_int_equal(reads(enough(20 * MS), 20 * MS), 128);
	assert_int_equal(bs_unit_get(&unit, now, false), 128);
}

/* What it asks for is a part of the time */
static void a_reader_of_the_image(void **state)
{
	static const u64 ns[] = { BS_UNIT_MOST_NS, BS_UNIT_SHARED_NS };
	static const u32 blocks[] = { 32, 128 };
	size_t i, n;

	for (i = 0; i < 2; i++) {
		setup(state);
		for (n = 1; n <= BS_UNIT_SAMPLES; n++)
			bs_unit_add(&unit, now, now + n * ns[i], 1, true);
		assert_int_equal(bs_unit_get(&unit, now, true), blocks[i]);
	}
}

static void fixed(void **state)
{
	u32 blocks;

	(void)state;
	for (blocks = 1; blocks <= BS_UNIT_MOST; blocks *= 2) {
		assert_true(bs_unit_valid(blocks));
		bs_unit_init(&unit, blocks);
		reads(BS_UNIT_SAMPLES, 50 * MS);
		assert_int_equal(bs_unit_get(&unit, now, false), blocks);
		now += 2 * BS_UNIT_PERIOD;
		assert_int_equal(bs_unit_get(&unit, now, false), blocks);
	}
	assert_false(bs_unit_valid(0));
	assert_false(bs_unit_valid(3));
	assert_false(bs_unit_valid(BS_UNIT_MOST * 2));
}

static void narrow_for_ever(void **state)
{
	(void)state;
	bs_unit_get(&unit, now, true);
	reads(BS_UNIT_SAMPLES, 50 * MS);
	bs_unit_narrow(&unit);
	assert_int_equal(bs_unit_get(&unit, now, true), 1);
	now += 2 * BS_UNIT_PERIOD;
	assert_int_equal(bs_unit_get(&unit, now, true), 1);
	assert_int_equal(reads(BS_UNIT_SAMPLES, 50 * MS), 1);
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(least_until_it_is_known),
		TEST(a_pause),
		TEST(by_the_time_of_a_read),
		TEST(reads_side_by_side),
		TEST(ends_out_of_order),
		TEST(bursts),
		TEST(large_reads),
		TEST(measured_anew),
		TEST(measured_all_the_time),
		TEST(a_lonely_writer),
		TEST(a_reader_of_the_image),
		TEST(fixed),
		TEST(narrow_for_ever),
	};

	return cmocka_run_group_tests_name("unit", tests, NULL, NULL);
}
