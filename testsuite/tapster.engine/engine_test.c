// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client of the engine for its tests: sites come by write to /proc/tapster_engine, and
 * are counted per tag.  Reading gives "CLIENT TAG HITS RETURNS WRONG" a line, where WRONG
 * counts returns whose data isn't what the entry left, and a line "missed N refused N"
 * for each client.
 */
#include "engine_test.h"

#include <linux/cpu.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "runtime/uprobes/uprobes.h"

#define COOKIE 0x7461707374657200ULL

struct tally {
	atomic_long_t hits, returns, wrong;
	struct test_client *client;
	uint32_t tag;
	bool is_return;
};

static struct test_client {
	struct uprobes_client engine;
	bool is_on;
	struct tally tallies[TEST_TAGS];
} clients[TEST_CLIENTS];

static DEFINE_MUTEX(lock);

static void on_entry(void *site, struct pt_regs *regs, const struct layout *where)
{
	struct tally *t = site;

	atomic_long_inc(&t->hits);
	if (t->is_return) {
		uint64_t *kept = uprobes_return(&t->client->engine, t, regs, where);

		if (kept)
			*kept = COOKIE + t->tag;
	}
}

static void on_return(void *site, struct pt_regs *regs, void *kept)
{
	struct tally *t = site;

	atomic_long_inc(&t->returns);
	if (*(uint64_t *)kept != COOKIE + t->tag)
		atomic_long_inc(&t->wrong);
}

static const struct uprobes_ops ops = {.entry = on_entry, .returned = on_return};

static int client_start(struct test_client *c)
{
	int err;

	if (c->is_on)
		return 0;
	memset(c, 0, sizeof(*c));
	c->engine.ops = &ops;
	c->engine.return_size = 8;
	c->engine.return_max = 20000;
	err = uprobes_client_init(&c->engine);
	c->is_on = !err;
	return err;
}

static int add(struct test_client *c, const struct test_command *cmd)
{
	struct tally *t = &c->tallies[cmd->tag];
	struct path path;
	int err;

	if (cmd->tag >= TEST_TAGS || c->engine.armed)
		return -EINVAL;
	err = client_start(c);
	if (!err)
		err = kern_path(cmd->path, LOOKUP_FOLLOW, &path);
	if (err)
		return err;
	t->client = c;
	t->tag = cmd->tag;
	t->is_return = cmd->is_return;
	err = uprobes_site_add(&c->engine, d_real_inode(path.dentry), &cmd->recipe, NULL, t);
	path_put(&path);
	return err;
}

static void client_stop(struct test_client *c)
{
	if (c->is_on)
		uprobes_client_disarm(&c->engine);
	c->is_on = false;
}

static int execute(const struct test_command *cmd)
{
	struct test_client *c;

	if (cmd->client >= TEST_CLIENTS)
		return -EINVAL;
	c = &clients[cmd->client];
	switch (cmd->op) {
	case TEST_ADD:
		return add(c, cmd);
	case TEST_ARM:
		return c->is_on ? uprobes_client_arm(&c->engine) : -EINVAL;
	case TEST_DISARM:
		client_stop(c);
		return 0;
	}
	return -EINVAL;
}

static ssize_t on_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	struct test_command *cmd;
	int err;

	if (size != sizeof(*cmd))
		return -EINVAL;
	cmd = memdup_user(buf, size);
	if (IS_ERR(cmd))
		return PTR_ERR(cmd);
	cmd->path[sizeof(cmd->path) - 1] = 0;
	mutex_lock(&lock);
	err = execute(cmd);
	mutex_unlock(&lock);
	kfree(cmd);
	return err ? err : (ssize_t)size;
}

static int show(struct seq_file *m, void *unused)
{
	for (unsigned int i = 0; i < TEST_CLIENTS; i++) {
		struct test_client *c = &clients[i];

		for (unsigned int t = 0; t < TEST_TAGS; t++) {
			long hits = atomic_long_read(&c->tallies[t].hits);

			if (hits)
				seq_printf(m, "%u %u %ld %ld %ld\n", i, t, hits,
					   atomic_long_read(&c->tallies[t].returns),
					   atomic_long_read(&c->tallies[t].wrong));
		}
		seq_printf(m, "%u missed %ld refused %ld\n", i,
			   atomic_long_read(&c->engine.missed_returns),
			   atomic_long_read(&c->engine.refused));
	}
	return 0;
}

static int on_open(struct inode *inode, struct file *file)
{
	return single_open(file, show, NULL);
}

static const struct proc_ops proc = {
	.proc_open = on_open,
	.proc_read = seq_read,
	.proc_write = on_write,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

static int __init test_init(void)
{
	return proc_create("tapster_engine", 0600, NULL, &proc) ? 0 : -ENOMEM;
}

static void __exit test_exit(void)
{
	remove_proc_entry("tapster_engine", NULL);
	for (unsigned int i = 0; i < TEST_CLIENTS; i++)
		client_stop(&clients[i]);
}

module_init(test_init);
module_exit(test_exit);
MODULE_LICENSE("GPL");
