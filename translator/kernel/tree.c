/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/kernel/tree.h"

#include <string.h>
#include <sys/utsname.h>

#include "base/sys.h"
#include "translator/session.h"

static const char *read_text(struct session *s, const char *path)
{
	const char *text = NULL;
	struct buf data;

	buf_init(&data);
	if (!sys_read_file(path, &data))
		text = arena_strndup(s->arena, data.data, data.len);
	buf_fini(&data);
	return text;
}

const char *kernel_tree_file(struct session *s, const struct kernel_tree *k, const char *name)
{
	return read_text(s, arena_printf(s->arena, "%s/%s", k->headers, name));
}

const char *kernel_tree_config(struct session *s)
{
	struct kernel_tree k;
	const char *text;

	kernel_tree_find(s, &k);
	text = kernel_tree_file(s, &k, ".config");
	if (!text)
		text = read_text(s, arena_printf(s->arena, "/boot/config-%s", k.release));
	return text ? text : "";
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
