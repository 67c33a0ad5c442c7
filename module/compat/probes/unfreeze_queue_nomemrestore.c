// SPDX-License-Identifier: GPL-2.0-only
/* blk_mq_unfreeze_queue_nomemrestore(), 6.14 */
#include <linux/blk-mq.h>

void (*probe)(struct request_queue *q) = blk_mq_unfreeze_queue_nomemrestore;
