// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes, times, ids and JSON strings: what is read is what was meant, and what
 * is written can be read back.
 */
#include "fuzz.h"
#include <errno.h>
#include <strings.h>

#include "id.h"
#include "output.h"
#include "size.h"

#define NS_PER_SEC 1000000000

typedef unsigned __int128 u128;

/* The number that digits stand for, or more than fits into 64 bits */
static u128 number_of(const char *text, size_t digits)
{
	u128 value = 0;
	size_t i;

	for (i = 0; i < digits && !(value >> 64); i++)
		value = value * 10 + (unsigned int)(text[i] - '0');
	return value;
}

static size_t digits_of(const char *text)
{
	return strspn(text, "0123456789");
}

/* How often 1024 is in a unit, or -1 */
static int unit_of(const char *text)
{
	static const char *const units[] = {
		"", "K", "M", "G", "T", "KiB", "MiB", "GiB", "TiB",
	};
	int i;

	for (i = 0; i < (int)ARRAY_LEN(units); i++)
		if (!strcasecmp(text, units[i]))
			return i > 4 ? i - 4 : i;
	return -1;
}

static void check_value(int err, __u64 value, u128 meant)
{
	promise(err == (meant >> 64 ? -ERANGE : 0));
	promise(err || value == meant);
}

/* Of what is wrong twice, either may be told */
static void check_size(const char *text)
{
	size_t digits = digits_of(text);
	int unit = unit_of(text + digits), err;
	__u64 bytes = 0;

	err = size_parse(text, &bytes);
	if (digits && unit >= 0)
		check_value(err, bytes, number_of(text, digits) << 10 * unit);
	else
		promise(err == -EINVAL || (digits && err == -ERANGE));
}

static void check_seconds(const char *text)
{
	size_t digits = digits_of(text), decimals = 0, i;
	const char *rest = text + digits;
	u128 ns = number_of(text, digits) * NS_PER_SEC, fraction;
	__u64 value = 0;
	int err = seconds_parse(text, &value);

	if (*rest == '.') {
		decimals = digits_of(rest + 1);
		fraction = number_of(rest + 1, decimals);
		for (i = decimals; i < 9; i++)
			fraction *= 10;
		ns += fraction;
		rest += decimals + 1;
	}
	if (digits && !*rest && decimals <= 9 && (decimals || rest[-1] != '.'))
		check_value(err, value, ns);
	else
		promise(err == -EINVAL || (digits && err == -ERANGE));
}

/* The text must be for the largest number of tenths that is not too large */
static void check_size_format(__u64 bytes)
{
	static const char units[] = "KMGTPE";
	char buf[SIZE_TEXT], unit, end[4];
	unsigned long long whole, tenth;
	u128 one = 1024;
	const char *p;

	size_format(buf, bytes);
	if (bytes < 1024) {
		promise(sscanf(buf, "%llu %3s", &whole, end) == 2);
		promise(whole == bytes && !strcmp(end, "B"));
		return;
	}
	promise(sscanf(buf, "%llu.%1llu %c%3s", &whole, &tenth, &unit, end) == 4);
	promise(whole && whole < 1024 && !strcmp(end, "iB"));
	for (p = units; *p != unit; p++, one <<= 10)
		promise(*p);
	promise((whole * 10 + tenth) * one <= (u128)bytes * 10);
	promise((whole * 10 + tenth + 1) * one > (u128)bytes * 10);
}

static void check_duration_format(__u64 ns)
{
	__u64 unit = ns < NS_PER_SEC ? 1000000 : NS_PER_SEC;
	unsigned long long whole, thousandths;
	char buf[SIZE_TEXT], end[4];

	duration_format(buf, ns);
	promise(sscanf(buf, "%llu.%3llu %3s", &whole, &thousandths, end) == 3);
	promise(!strcmp(end, unit == NS_PER_SEC ? "s" : "ms"));
	promise(whole == ns / unit);
	promise(thousandths == ns % unit / (unit / 1000));
	time_format(buf, ns);
	promise(strlen(buf) < SIZE_TEXT - 1);
}

/* Digits only and in lower case, in @to, as far as there is room for them */
static size_t plain_digits(const char *text, char to[34])
{
	size_t count = 0;

	for (; *text; text++) {
		if (*text == '-')
			continue;
		if (!strchr("0123456789abcdefABCDEF", *text))
			return 0;
		if (count < 33)
			to[count++] = *text < 'A' ? *text : *text | 0x20;
	}
	to[count] = '\0';
	return count;
}

static void check_id(const char *text, const __u8 *id)
{
	char of_text[34], of_id[34], buf[ID_TEXT];
	size_t digits = plain_digits(text, of_text);
	struct id_prefix prefix;
	bool valid = digits >= ID_MIN_DIGITS && digits <= 32;

	promise(strlen(id_format(buf, id)) == ID_TEXT - 1);
	promise(plain_digits(buf, of_id) == 32);
	promise(id_parse(text, &prefix) == (valid ? 0 : -EINVAL));
	if (valid)
		promise(id_matches(&prefix, id) ==
			!strncmp(of_text, of_id, digits));
	/* Each beginning of an id is one of this id, with dashes or without */
	buf[ID_MIN_DIGITS + id[0] % (ID_TEXT - ID_MIN_DIGITS)] = '\0';
	promise(!id_parse(buf, &prefix) && id_matches(&prefix, id));
	of_id[ID_MIN_DIGITS + id[0] % 29] = '\0';
	promise(!id_parse(of_id, &prefix) && id_matches(&prefix, id));
}

/* The length of the character that a text begins with (RFC 3629), or 0 */
static size_t character(const char *text)
{
	static const unsigned int least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t length = 1, i;
	unsigned int code;

	if (*s < 0x80)
		return 1;
	while (length < 4 && *s << length & 0x80)
		length++;
	if (length < 2 || *s >= 0xf8)
		return 0;
	code = *s & (0x7f >> length);
	for (i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < least[length] || code > 0x10ffff || code >> 11 == 0x1b)
		return 0;
	return length;
}

/* What one ASCII character, or a byte that is none, is in a JSON string */
static size_t json_of(const char *text, char json[8])
{
	if (*text == '"' || *text == '\\')
		sprintf(json, "\\%c", *text);
	else if (*text & 0x80)
		sprintf(json, "%s", "\\ufffd");
	else if (*text < 0x20 || *text == 0x7f)
		sprintf(json, "\\u%04x", *text);
	else
		sprintf(json, "%c", *text);
	return strlen(json);
}

/* How long a JSON string is that has to begin with what the text begins with */
static size_t check_first(const char *json, const char *text, size_t length)
{
	char expected[8];
	size_t bytes = length;

	if (length > 1) {
		promise(!strncmp(json, text, length));
	} else {
		bytes = json_of(text, expected);
		promise(!strncmp(json, expected, bytes));
	}
	return bytes;
}

static void check_json(const char *text)
{
	struct json j = { .more = false };
	size_t size, length;
	const char *p;
	char *out;

	j.out = open_memstream(&out, &size);
	promise(j.out);
	json_string(&j, NULL, text);
	fclose(j.out);
	promise(out[0] == '"' && out[size - 1] == '"');
	for (p = out + 1; *text; text += length ? length : 1) {
		length = character(text);
		p += check_first(p, text, length);
	}
	promise(p == out + size - 1);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	__u8 id[BLKSNAP_ID_SIZE];
	char *text = take_text(&in);

	check_size(text);
	check_seconds(text);
	check_json(text);
	in = (struct input) { data, size };
	take_bytes(&in, id, sizeof(id));
	check_id(text, id);
	in = (struct input) { data, size };
	check_size_format(take_number(&in));
	check_size_format(1ULL << (take_byte(&in) & 63));
	check_duration_format(take_number(&in));
	free(text);
	return 0;
}
