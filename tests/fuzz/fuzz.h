/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every fuzz target has: the input as a row of numbers, and an end with a
 * message where a promise is not kept.
 *
 * Each file fuzz_*.c is a program by itself, whose main() is libFuzzer's.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* assert() could be compiled out */
#define promise(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: not kept: %s\n",		\
			__FILE__, __LINE__, #cond);			\
		abort();						\
	}								\
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t left;
};

/* The next byte. Behind the end there are zeros, so any input will do. */
static inline uint8_t take_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->data++;
}

static inline void take_bytes(struct input *in, void *to, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		((uint8_t *)to)[i] = take_byte(in);
}

/*
 * A number near to where arithmetic could go wrong: 0 and the ends of 32 and
 * of 64 bits; that is one byte of input. Or any number, which is nine.
 */
static inline uint64_t take_number(struct input *in)
{
	static const uint64_t bases[] = { 0, (1ULL << 32) - 32, UINT64_MAX - 63 };
	uint8_t byte = take_byte(in);
	uint64_t number;

	if (byte >> 6 < 3)
		return bases[byte >> 6] + (byte & 63);
	take_bytes(in, &number, sizeof(number));
	return number;
}

/* What is left as a string, to be freed: of this very size, for the sanitizer */
static inline char *take_text(struct input *in)
{
	char *text = malloc(in->left + 1);

	promise(text);
	text[in->left] = '\0';
	take_bytes(in, text, in->left);
	return text;
}

#endif
