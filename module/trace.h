/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: what happens to writes and to snapshots.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM blksnap

#if !defined(BS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define BS_TRACE_H

#include <linux/fs.h>
#include <linux/tracepoint.h>
#include <linux/types.h>

DECLARE_EVENT_CLASS(blksnap_range,
	TP_PROTO(dev_t dev, u64 start, u64 len),
	TP_ARGS(dev, start, len),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, start)
		__field(u64, len)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->start = start;
		__entry->len = len;
	),
	TP_printk("%u,%u %llu + %llu", MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->start, __entry->len)
);

/* A write was held: device, first sector on its disk, sectors. */
DEFINE_EVENT(blksnap_range, blksnap_hold,
	TP_PROTO(dev_t dev, u64 start, u64 len), TP_ARGS(dev, start, len));

/* Old data was read: origin, first block, blocks. */
DEFINE_EVENT(blksnap_range, blksnap_copy,
	TP_PROTO(dev_t dev, u64 start, u64 len), TP_ARGS(dev, start, len));

/* Old data was stored: device of the storage, first place, blocks. */
DEFINE_EVENT(blksnap_range, blksnap_store,
	TP_PROTO(dev_t dev, u64 start, u64 len), TP_ARGS(dev, start, len));

/* A cut ended: nanoseconds of pause, and with gates closed; result. */
TRACE_EVENT(blksnap_cut,
	TP_PROTO(u64 pause_ns, u64 gate_ns, int result),
	TP_ARGS(pause_ns, gate_ns, result),
	TP_STRUCT__entry(
		__field(u64, pause_ns)
		__field(u64, gate_ns)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->pause_ns = pause_ns;
		__entry->gate_ns = gate_ns;
		__entry->result = result;
	),
	TP_printk("pause %llu ns, gate %llu ns, result %d",
		  __entry->pause_ns, __entry->gate_ns, __entry->result)
);

/* A snapshot failed: device, enum blksnap_event_type, errno. */
TRACE_EVENT(blksnap_fail,
	TP_PROTO(dev_t dev, u32 type, int error),
	TP_ARGS(dev, type, error),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u32, type)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->dev = dev;
		__entry->type = type;
		__entry->error = error;
	),
	TP_printk("%u,%u event %u error %d", MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->type, __entry->error)
);

#endif /* BS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
