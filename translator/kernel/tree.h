/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which kernel a session is about: the running one, or that of -r. */
#ifndef TAPSTER_TRANSLATOR_KERNEL_TREE_H
#define TAPSTER_TRANSLATOR_KERNEL_TREE_H

struct session;

struct kernel_tree {
	const char *release;
	const char *headers; /* the folder that make -C gets; it may not be there */
};

void kernel_tree_find(struct session *s, struct kernel_tree *out);
/* The text of the headers' file NAME, or NULL. */
const char *kernel_tree_file(struct session *s, const struct kernel_tree *k, const char *name);
/* What the kernel was configured with: the text of its .config; "" when nobody knows. */
const char *kernel_tree_config(struct session *s);

#endif
