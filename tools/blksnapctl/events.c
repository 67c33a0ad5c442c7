// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens to a snapshot, as text and as JSON
 */
#include <string.h>

#include "events.h"
#include "output.h"
#include "size.h"
#include "util.h"

/**
 * struct event_type - a type of events
 * @name: its name in JSON
 * @text: what it means
 * @failure: the snapshot fails with it
 */
struct event_type {
	const char *name;
	const char *text;
	bool failure;
};

static const struct event_type types[] = {
	[0] = { "unknown", "an event that this program does not know", false },
	[BLKSNAP_EVENT_LOW_SPACE] = {
		"low-space", "the storage runs low", false },
	[BLKSNAP_EVENT_OVERFLOW] = {
		"overflow", "the storage is full: the snapshot failed", true },
	[BLKSNAP_EVENT_READ_ERROR] = {
		"read-error",
		"old data could not be read: the snapshot failed", true },
	[BLKSNAP_EVENT_STORE_ERROR] = {
		"store-error",
		"old data could not be stored: the snapshot failed", true },
	[BLKSNAP_EVENT_DEVICE_GONE] = {
		"device-gone",
		"a device went away or changed its size: the snapshot failed",
		true },
	[BLKSNAP_EVENT_NO_MEMORY] = {
		"no-memory",
		"no memory for the bookkeeping: the snapshot failed", true },
	[BLKSNAP_EVENT_STORAGE_WRITTEN] = {
		"storage-written",
		"somebody wrote into the storage: the snapshot failed", true },
	[BLKSNAP_EVENT_HIBERNATION] = {
		"hibernation",
		"the machine was hibernated: the snapshot failed", true },
	[BLKSNAP_EVENT_LOST] = { "lost", "events were lost", false },
};

static const struct event_type *type_of(__u32 type)
{
	return &types[type < ARRAY_SIZE(types) ? type : 0];
}

const char *event_name(__u32 type)
{
	return type_of(type)->name;
}

bool event_is_failure(__u32 type)
{
	return type_of(type)->failure;
}

static void print_text(FILE *out, const struct blksnap_event *event)
{
	char when[SIZE_TEXT], left[SIZE_TEXT];

	fprintf(out, "%s %s", time_format(when, event->time_ns),
		type_of(event->type)->text);
	if (event->type == BLKSNAP_EVENT_LOW_SPACE && event->error)
		fprintf(out, ", and could not grow");
	if (event->type == BLKSNAP_EVENT_LOW_SPACE)
		fprintf(out, ", %s are left", size_format(left, event->value));
	if (event->type == BLKSNAP_EVENT_LOST)
		fprintf(out, ", %llu of them", event->value);
	if (event->major || event->minor)
		fprintf(out, ", device %u:%u", event->major, event->minor);
	if (event->error)
		fprintf(out, " (%s)", strerror(-event->error));
	fputc('\n', out);
}

static void print_json(FILE *out, const struct blksnap_event *event)
{
	struct json j = { .out = out };

	json_open(&j, NULL, '{');
	json_string(&j, "event", event_name(event->type));
	json_number(&j, "type", event->type);
	json_number(&j, "errno", (__u64)-(__s64)event->error);
	json_number(&j, "major", event->major);
	json_number(&j, "minor", event->minor);
	json_number(&j, "time_ns", event->time_ns);
	json_number(&j, "value", event->value);
	json_close(&j, '}');
	json_end(&j);
}

void event_print(FILE *out, bool json, const struct blksnap_event *event)
{
	if (json)
		print_json(out, event);
	else
		print_text(out, event);
}
