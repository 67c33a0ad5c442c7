// SPDX-License-Identifier: GPL-2.0-or-later
/* JSON and tables */
#include "test_ctl_fake.h"
#include "output.h"

static void check_string(const char *value, const char *json)
{
	struct json j = { .more = false };
	char *text;
	size_t size;

	j.out = open_memstream(&text, &size);
	json_string(&j, NULL, value);
	fclose(j.out);
	assert_string_equal(text, json);
	assert_true(json_valid(text));
	free(text);
}

static void strings_are_escaped(void **state)
{
	(void)state;
	check_string("", "\"\"");
	check_string("/dev/sda", "\"/dev/sda\"");
	check_string("a\"b\\c", "\"a\\\"b\\\\c\"");
	check_string("a\nb\tc\x01\x1f\x7f",
		     "\"a\\u000ab\\u0009c\\u0001\\u001f\\u007f\"");
	/* UTF-8 of two, three and four bytes stays what it is */
	check_string("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		     "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

static void invalid_utf8_is_replaced(void **state)
{
	(void)state;
	check_string("\xff", "\"\\ufffd\"");
	check_string("\x80x", "\"\\ufffdx\"");
	/* Cut short, by the end and by another character */
	check_string("\xe2\x82", "\"\\ufffd\\ufffd\"");
	check_string("\xc3x", "\"\\ufffdx\"");
	/* Overlong slash, surrogate, beyond the last code point */
	check_string("\xc0\xaf", "\"\\ufffd\\ufffd\"");
	check_string("\xe0\x80\xaf", "\"\\ufffd\\ufffd\\ufffd\"");
	check_string("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");
	check_string("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

static void values_are_separated(void **state)
{
	struct json j = { .more = false };
	char *text;
	size_t size;

	(void)state;
	j.out = open_memstream(&text, &size);
	json_open(&j, NULL, '{');
	json_number(&j, "n", ~0ULL);
	json_open(&j, "empty", '[');
	json_close(&j, ']');
	json_open(&j, "list", '[');
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_bool(&j, NULL, false);
	json_null(&j, NULL);
	json_close(&j, ']');
	json_bool(&j, "last", true);
	json_close(&j, '}');
	json_end(&j);
	fclose(j.out);
	assert_string_equal(text,
			    "{\"n\": 18446744073709551615, \"empty\": [], "
			    "\"list\": [{}, false, null], \"last\": true}\n");
	assert_true(json_valid(text));
	free(text);
}

/* The checker that other tests rely on says no when it should. */
static void the_checker_checks(void **state)
{
	static const char *const bad[] = {
		"", "{", "{\"a\" 1}", "{\"a\": 1,}", "[1 2]", "[,]", "\"\n\"",
		"\"\\x\"", "\"\\u12\"", "01", "nul", "{} {}", "{a: 1}", "\"",
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(json_valid(bad[i]));
	assert_true(json_valid(" {\"a\": [1, {\"b\": null}], \"c\": \"\\u00ff\"}\n"));
}

static void columns_line_up(void **state)
{
	struct table t;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	table_init(&t, 2);
	table_add(&t, "A");
	table_add(&t, "B");
	table_add(&t, "long");
	table_add(&t, "longer");
	table_print(&t, out);
	fclose(out);
	assert_string_equal(text, "A     B\nlong  longer\n");
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(invalid_utf8_is_replaced),
		cmocka_unit_test(values_are_separated),
		cmocka_unit_test(the_checker_checks),
		cmocka_unit_test(columns_line_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
