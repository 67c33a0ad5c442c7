/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the judge share.
 */
#ifndef ORACLE_JUDGE_H
#define ORACLE_JUDGE_H

#include "trial.h"

typedef void (*visit_fn)(struct trial *trial, struct image *image,
			 uint32_t write, uint64_t first, uint64_t end);

/*
 * Calls @visit for each write, and each image of which it covers something, with
 * what that is. Writes that were submitted after hi are left out.
 */
void visit_writes(struct trial *trial, visit_fn visit);

/* The instant is not before @write was submitted, or not after its completion */
void raise_lo(struct trial *trial, const struct image *image, uint64_t sector,
	      uint32_t write);
void lower_hi(struct trial *trial, const struct image *image, uint64_t sector,
	      uint32_t write);

/* Sectors that do not tell what they are; lo is that of all the others */
void odds_judge(struct trial *trial);

#endif
