/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands to the test module: written to /proc/tapster_engine, one at a time. */
#ifndef TAPSTER_ENGINE_TEST_H
#define TAPSTER_ENGINE_TEST_H

#include "runtime/site.h"

#define TEST_CLIENTS 2
#define TEST_TAGS 1024

enum test_op { TEST_ADD = 1, TEST_ARM, TEST_DISARM };

struct test_command {
	uint32_t op;      /* enum test_op */
	uint32_t client;
	uint32_t tag;
	uint32_t is_return;
	char path[128];
	struct site_recipe recipe;
};

#endif
