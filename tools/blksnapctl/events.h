/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happens to a snapshot, as text and as JSON
 */
#ifndef BLKSNAPCTL_EVENTS_H
#define BLKSNAPCTL_EVENTS_H

#include <stdbool.h>

#include "ctl.h"

/** event_name - short name of a type of events, as JSON has it */
const char *event_name(__u32 type);

/** event_is_failure - whether the snapshot fails with it */
bool event_is_failure(__u32 type);

/** event_print - one line for an event */
void event_print(FILE *out, bool json, const struct blksnap_event *event);

#endif
