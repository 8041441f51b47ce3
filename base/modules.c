/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/modules.h"

#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct line {
	bool is_there;
	char text[256]; /* without the newline */
};

/* The first line of PATH. */
static struct line first_line(const char *path)
{
	const char *root = getenv("TAPSTER_SYSROOT");
	struct line line = { 0 };
	char full[4096];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root ? root : "", path);
	f = fopen(full, "re");
	if (!f)
		return line;
	line.is_there = true;
	if (fgets(line.text, sizeof(line.text), f))
		line.text[strcspn(line.text, "\n")] = '\0';
	fclose(f);
	return line;
}

static bool has_capability(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return geteuid() == 0;
	return data[0].effective & (1u << CAP_SYS_MODULE);
}

const char *modules_refusal(void)
{
	struct line lockdown = first_line("/sys/kernel/security/lockdown");

	if (!first_line("/proc/modules").is_there)
		return "this kernel can't load modules (it was built without CONFIG_MODULES, or "
		       "/proc is not mounted)";
	if (!has_capability())
		return "loading its module needs root (CAP_SYS_MODULE)";
	if (first_line("/proc/sys/kernel/modules_disabled").text[0] == '1')
		return "loading modules is switched off until the next boot "
		       "(/proc/sys/kernel/modules_disabled)";
	if (*lockdown.text && !strstr(lockdown.text, "[none]"))
		return "the kernel is locked down and takes no module without a trusted signature: "
		       "switch off Secure Boot or lockdown=";
	if (first_line("/sys/module/module/parameters/sig_enforce").text[0] == 'Y')
		return "the kernel takes no module without a trusted signature: "
		       "boot without module.sig_enforce";
	return NULL;
}
