// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A control experiment: the kprobes of the engine (runtime/uprobes/hooks.c), and nothing else of it.
 * Their handlers do nothing.  What still goes wrong when this is loaded and unloaded under
 * fire (run_hooks of guest.sh) is not the engine's.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

static int do_nothing(struct kprobe *unused, struct pt_regs *regs)
{
	return 0;
}

static struct kprobe kprobes[] = {
	{.symbol_name = "uprobe_dup_mmap", .pre_handler = do_nothing},
	{.symbol_name = "uprobe_clear_state", .pre_handler = do_nothing},
	{.symbol_name = "uprobe_munmap", .pre_handler = do_nothing},
	{.symbol_name = "copy_vma", .pre_handler = do_nothing},
	{.symbol_name = "perf_event_mmap", .pre_handler = do_nothing},
};

static int __init hooks_init(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(kprobes); i++) {
		int err = register_kprobe(&kprobes[i]);

		while (err && i-- > 0)
			unregister_kprobe(&kprobes[i]);
		if (err)
			return err;
	}
	return 0;
}

static void __exit hooks_exit(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(kprobes); i++)
		unregister_kprobe(&kprobes[i]);
}

module_init(hooks_init);
module_exit(hooks_exit);
MODULE_LICENSE("GPL");
