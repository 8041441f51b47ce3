/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/kernel/tree.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/sys.h"
#include "translator/session.h"

const char *kernel_tree_file(struct session *s, const struct kernel_tree *k, const char *name)
{
	const char *text = NULL;
	struct buf data;

	buf_init(&data);
	if (!sys_read_file(arena_printf(s->arena, "%s/%s", k->headers, name), &data))
		text = arena_strndup(s->arena, data.data, data.len);
	buf_fini(&data);
	return text;
}

void kernel_tree_find(struct session *s, struct kernel_tree *out)
{
	const char *asked = s->opt.kernel_release;
	struct utsname here;

	uname(&here);
	out->release = asked ? asked : arena_strdup(s->arena, here.release);
	if (*out->release != '/') {
		out->headers = arena_printf(s->arena, "/lib/modules/%s/build", out->release);
		return;
	}
	out->headers = asked;
	out->release = kernel_tree_file(s, out, "include/config/kernel.release");
	out->release = out->release ? arena_strndup(s->arena, out->release, strcspn(out->release, "\n")) : asked;
}
