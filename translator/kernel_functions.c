/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/kernel_functions.h"

#include <stdlib.h>
#include <string.h>

/* In the order of strcmp. */
static const char *const names[] = {
	"addr_to_node", "atomic_long_read", "atomic_read", "backtrace", "cpuid",
	"current_exe_file", "d_name", "d_path", "dump_stack", "ftrace", "fullpath_struct_file",
	"fullpath_struct_nameidata", "fullpath_struct_path", "get_loadavg_index",
	"get_sa_handler", "inet_get_ip_source", "inet_get_local_port", "inode_name", "inode_path",
	"ipmib_filter_key", "ipmib_get_proto", "ipmib_local_addr", "ipmib_remote_addr",
	"ipmib_tcp_local_port", "ipmib_tcp_remote_port", "is_sig_blocked", "kernel_buffer_quoted",
	"kernel_buffer_quoted_error", "kernel_char", "kernel_int", "kernel_long",
	"kernel_or_user_string_quoted", "kernel_or_user_string_quoted_utf16",
	"kernel_or_user_string_quoted_utf32", "kernel_pointer", "kernel_short", "kernel_string",
	"kernel_string_n", "kernel_string_quoted", "kernel_string_quoted_utf16",
	"kernel_string_quoted_utf32", "kernel_string_utf16", "kernel_string_utf32",
	"linuxmib_filter_key", "modname", "module_name", "module_size", "panic", "pexecname",
	"pid2execname", "pid2task", "print_backtrace", "print_backtrace_fileline", "print_stack",
	"print_syms", "printk", "probemod", "proc_mem_data", "proc_mem_rss", "proc_mem_shr",
	"proc_mem_size", "proc_mem_string", "proc_mem_txt", "pstrace", "real_mount",
	"reverse_path_walk", "sa_handler", "set_kernel_char", "set_kernel_int", "set_kernel_long",
	"set_kernel_pointer", "set_kernel_short", "set_kernel_string", "set_kernel_string_n",
	"sprint_backtrace", "sprint_loadavg", "sprint_stack", "sprint_syms", "stack",
	"stack_size", "stack_unused", "stack_used", "symdata", "symfile", "symfileline",
	"symline", "symname", "target_set_report", "task_ancestry", "task_backtrace", "task_cpu",
	"task_current", "task_cwd_path", "task_dentry_path", "task_egid", "task_euid",
	"task_exe_file", "task_execname", "task_fd_lookup", "task_gid", "task_max_file_handles",
	"task_nice", "task_ns_egid", "task_ns_euid", "task_ns_gid", "task_ns_pid", "task_ns_tid",
	"task_ns_uid", "task_open_file_handles", "task_parent", "task_pid", "task_prio",
	"task_start_time", "task_state", "task_stime", "task_tid", "task_time_string",
	"task_time_string_tid", "task_uid", "task_utime", "tcpmib_filter_key", "tcpmib_get_state",
	"tcpmib_local_addr", "tcpmib_local_port", "tcpmib_remote_addr", "tcpmib_remote_port",
	"vm_fault_contains",
};

static int compare(const void *key, const void *entry)
{
	return strcmp(key, *(const char *const *)entry);
}

bool is_kernel_function(const char *name)
{
	return bsearch(name, names, sizeof(names) / sizeof(*names), sizeof(*names), compare) != NULL;
}
