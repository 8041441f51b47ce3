// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * procfs.read and .write: files in /proc/systemtap/MODULE/, of the user who runs the
 * script.  A reader who is at the file's beginning gets what the handler says then, and
 * keeps that for as long as the file is open; each write runs the handler with what it
 * brings, at most a string's bytes of it, which is what a write then says it has taken.
 *
 * All modules share the folder /proc/systemtap: the first makes it, the last takes it away.  Two
 * that do so in the same microsecond cost a warning in the kernel's log, and nothing else.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/proc_fs.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>

#include "runtime/kernel/kernel.h"

#define TOP "systemtap"
#define NO_PROBE U32_MAX

/* A file: its probes, or NO_PROBE. */
struct proc_file {
	const char *name;
	uint32_t reads, writes;
	umode_t mode;
};

/* One that is open. */
struct opened {
	const struct proc_file *file;
	struct mutex lock; /* of the answer */
	struct kernel_text answer;
};

static struct proc_file *files;
static unsigned int n_files;
static char folder[sizeof(TOP) + 1 + MODULE_NAME_LEN];
static bool has_folder;

/* ---- a file's operations ---- */

static void run(uint32_t probe, struct kernel_text *text)
{
	struct kernel_hit hit = { .text = text };

	kernel_run_probe(probe, NULL, &hit, false);
}

static int open(struct inode *inode, struct file *file)
{
	struct opened *o = kzalloc(sizeof(*o), GFP_KERNEL);

	if (!o)
		return -ENOMEM;
	o->file = pde_data(inode);
	mutex_init(&o->lock);
	if (o->file->reads != NO_PROBE && file->f_mode & FMODE_READ) {
		o->answer.size = script_probes[o->file->reads].arg2;
		o->answer.at = kvmalloc(o->answer.size, GFP_KERNEL);
		if (!o->answer.at) {
			kfree(o);
			return -ENOMEM;
		}
	}
	file->private_data = o;
	return 0;
}

static int release(struct inode *inode, struct file *file)
{
	struct opened *o = file->private_data;

	kvfree(o->answer.at);
	kfree(o);
	return 0;
}

static ssize_t read(struct file *file, char __user *to, size_t size, loff_t *at)
{
	struct opened *o = file->private_data;
	ssize_t n;

	if (o->file->reads == NO_PROBE)
		return -EIO;
	mutex_lock(&o->lock);
	if (!*at) {
		o->answer.len = 0;
		run(o->file->reads, &o->answer);
	}
	n = simple_read_from_buffer(to, size, at, o->answer.at, o->answer.len);
	mutex_unlock(&o->lock);
	return n;
}

static ssize_t write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	const struct opened *o = file->private_data;
	struct kernel_text text = { .len = min_t(size_t, size, script_info.max_string - 1) };

	if (o->file->writes == NO_PROBE)
		return -EIO;
	text.at = memdup_user_nul(from, text.len);
	if (IS_ERR(text.at))
		return PTR_ERR(text.at);
	run(o->file->writes, &text);
	kfree(text.at);
	return text.len;
}

static const struct proc_ops ops = {
	.proc_open = open,
	.proc_release = release,
	.proc_read = read,
	.proc_write = write,
	.proc_lseek = default_llseek,
};

/* ---- $value ---- */

static struct kernel_text *text_of(const struct rt_context *c)
{
	const struct kernel_hit *hit = c->port;

	return hit ? hit->text : NULL;
}

void rt_procfs_written(struct rt_context *c, char *dst, size_t size)
{
	const struct kernel_text *text = text_of(c);

	rt_str_copy(dst, size, text ? text->at : "");
}

void rt_procfs_answer(struct rt_context *c, const char *value, bool is_added)
{
	struct kernel_text *text = text_of(c);
	size_t n = rt_str_len(value);

	if (!text)
		return;
	if (!is_added)
		text->len = 0;
	n = min(n, text->size - text->len);
	memcpy(text->at + text->len, value, n);
	text->len += n;
}

/* ---- the folder ---- */

static bool is_procfs(uint32_t kind)
{
	return kind == PROBE_PROCFS_READ || kind == PROBE_PROCFS_WRITE;
}

static void note(uint32_t probe)
{
	const struct script_probe *p = &script_probes[probe];
	const char *name = script_strings + p->symbol;
	unsigned int i = 0;

	while (i < n_files && strcmp(files[i].name, name))
		i++;
	if (i == n_files)
		files[n_files++] = (struct proc_file){ name, NO_PROBE, NO_PROBE, 0 };
	files[i].mode |= p->arg;
	if (p->kind == PROBE_PROCFS_READ)
		files[i].reads = probe;
	else
		files[i].writes = probe;
}

/* How many folders /proc/systemtap holds; -ENOENT: it isn't there. */
static int modules_in_top(void)
{
	struct path path;
	struct kstat stat;
	int err = kern_path("/proc/" TOP, LOOKUP_FOLLOW, &path);

	if (err)
		return err;
	err = vfs_getattr(&path, &stat, STATX_NLINK, AT_STATX_SYNC_AS_STAT);
	path_put(&path);
	return err ? err : (int)stat.nlink - 2;
}

static int make_folder(void)
{
	if (modules_in_top() == -ENOENT)
		proc_mkdir(TOP, NULL);
	snprintf(folder, sizeof(folder), TOP "/%s", THIS_MODULE->name);
	has_folder = proc_mkdir(folder, NULL);
	return has_folder ? 0 : -ENOMEM;
}

static int make_files(void)
{
	kuid_t uid = make_kuid(&init_user_ns, rt_session.tool_uid);

	for (unsigned int i = 0; i < n_files; i++) {
		char path[sizeof(folder) + NAME_MAX + 1];
		struct proc_dir_entry *entry;

		snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
		entry = proc_create_data(path, files[i].mode, NULL, &ops, &files[i]);
		if (!entry) {
			uint32_t probe = files[i].reads != NO_PROBE ? files[i].reads : files[i].writes;

			kernel_tell_unarmed(probe, "its file can't be made", -ENOMEM);
			return -ENOMEM;
		}
		if (uid_valid(uid))
			proc_set_user(entry, uid, GLOBAL_ROOT_GID);
	}
	return 0;
}

/* Taking files away waits for those who read and write them. */
static void procfs_stop(void)
{
	if (has_folder) {
		remove_proc_subtree(folder, NULL);
		if (!modules_in_top())
			remove_proc_entry(TOP, NULL);
	}
	has_folder = false;
	kfree(files);
	files = NULL;
	n_files = 0;
}

static int procfs_start(void)
{
	unsigned int n = 0;
	int err;

	for (uint32_t i = 0; i < script_info.n_probes; i++)
		n += is_procfs(script_probes[i].kind);
	files = kcalloc(n, sizeof(*files), GFP_KERNEL);
	if (!files)
		return -ENOMEM;
	for (uint32_t i = 0; i < script_info.n_probes; i++)
		if (is_procfs(script_probes[i].kind))
			note(i);
	err = make_folder();
	if (!err)
		err = make_files();
	if (err)
		procfs_stop();
	return err;
}

const struct script_family script_family_procfs = { procfs_start, procfs_stop };
