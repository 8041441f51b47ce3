// SPDX-License-Identifier: GPL-2.0-or-later
/* In place of sites.c in modules that probe no program: they don't need the engine. */
#include "runtime/kernel/kernel.h"

uint64_t sites_refused(void)
{
	return 0;
}

uint64_t sites_real_return(uint64_t slot, uint64_t address)
{
	return address;
}

bool sites_bias(struct rt_context *c, uint32_t file, int64_t *bias)
{
	return false;
}

uint64_t sites_return_address(uint64_t slot, uint64_t value)
{
	return value;
}

uint64_t sites_real_ip(uint64_t ip)
{
	return ip;
}
