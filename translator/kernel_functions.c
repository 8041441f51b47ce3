/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "translator/kernel_functions.h"

#include <stdlib.h>
#include <string.h>

/* In the order of strcmp. */
static const char *const names[] = {
	"MKDEF", "NFS_I", "NFS_PROTO", "NFS_SERVER", "addr_from_rqst", "addr_from_rqst_str",
	"addr_to_node", "atomic_long_read", "atomic_read", "backtrace", "bdevname", "bio_op",
	"bio_rw_num", "bio_rw_str", "caller", "caller_addr", "callers", "clones_from_clnt",
	"container_of_task_rcu", "cpuid", "current_exe_file", "cve_count_metric",
	"cve_record_metric", "cve_tmpdisable", "d_name", "d_path", "describe_data_direction",
	"describe_device_state", "disk_major_from_request", "disk_minor_from_request", "disk_name",
	"dump_stack", "ftrace", "ftype", "fullpath_struct_file", "fullpath_struct_nameidata",
	"fullpath_struct_path", "get_devstate_from_req", "get_ip", "get_ip_from_client",
	"get_loadavg_index", "get_netdev_name", "get_prot", "get_prot_from_client", "get_sa_flags",
	"get_sa_handler", "get_sigaction_mask", "get_sigset", "inet_get_ip_source",
	"inet_get_local_port", "inode_name", "inode_path", "ipmib_filter_key", "ipmib_get_proto",
	"ipmib_local_addr", "ipmib_remote_addr", "ipmib_tcp_local_port", "ipmib_tcp_remote_port",
	"irqflags_str", "is_sig_blocked",
	"kernel_buffer_quoted", "kernel_buffer_quoted_error", "kernel_char",
	"kernel_int", "kernel_long", "kernel_or_user_string_quoted",
	"kernel_or_user_string_quoted_utf16", "kernel_or_user_string_quoted_utf32",
	"kernel_pointer", "kernel_short", "kernel_string", "kernel_string2",
	"kernel_string2_utf16", "kernel_string2_utf32", "kernel_string_n", "kernel_string_quoted",
	"kernel_string_quoted_utf16", "kernel_string_quoted_utf32", "kernel_string_utf16",
	"kernel_string_utf32", "linuxmib_filter_key", "modname", "module_size",
	"msg_flags_num2str", "nfs3_cmode", "nfs4_ctype", "nfsderror", "panic", "pexecname",
	"pid2execname", "pid2task", "port_from_clnt", "port_from_xprt", "print_backtrace",
	"print_backtrace_fileline", "print_stack", "print_syms", "printk", "probemod",
	"proc_from_msg", "proc_mem_data", "proc_mem_data_pid", "proc_mem_rss", "proc_mem_rss_pid",
	"proc_mem_shr", "proc_mem_shr_pid", "proc_mem_size", "proc_mem_size_pid",
	"proc_mem_string", "proc_mem_string_pid", "proc_mem_txt", "proc_mem_txt_pid",
	"prog_from_clnt", "prot_from_clnt", "pstrace", "qs_time", "rcu_dereference", "real_mount",
	"reverse_path_walk", "sa_handler", "scsi_timer_pending", "set_kernel_char",
	"set_kernel_int", "set_kernel_long", "set_kernel_pointer", "set_kernel_short",
	"set_kernel_string", "set_kernel_string_n", "sock_flags_num2str", "sprint_backtrace",
	"sprint_loadavg", "sprint_stack", "sprint_syms", "stack", "stack_size", "stack_unused",
	"stack_used", "stp_print_binary", "symdata", "symfile", "symfileline",
	"symline", "symname", "target_set_report", "task_ancestry", "task_backtrace", "task_cpu",
	"task_current", "task_cwd_path", "task_dentry_path", "task_egid", "task_euid",
	"task_exe_file", "task_execname", "task_fd_lookup", "task_gid", "task_max_file_handles",
	"task_nice", "task_ns_egid", "task_ns_euid", "task_ns_gid", "task_ns_pid", "task_ns_tid",
	"task_ns_uid", "task_open_file_handles", "task_parent", "task_pid", "task_prio",
	"task_rlimit", "task_rlimit_as", "task_rlimit_core", "task_rlimit_cpu", "task_rlimit_data",
	"task_rlimit_fsize", "task_rlimit_locks", "task_rlimit_memlock", "task_rlimit_msgqueue",
	"task_rlimit_nice", "task_rlimit_nofile", "task_rlimit_nproc", "task_rlimit_rss",
	"task_rlimit_rtprio", "task_rlimit_rttime", "task_rlimit_sigpending", "task_rlimit_stack",
	"task_start_time", "task_state", "task_stime", "task_stime_tid", "task_tid",
	"task_time_string", "task_time_string_tid", "task_uid", "task_utime", "task_utime_tid",
	"tasks_from_clnt", "tcp_get_info_rto", "tcp_get_info_snd_cwnd", "tcp_ipv6_sockopt_str",
	"tcp_sockopt_str", "tcp_ts_get_info_rcv_mss", "tcp_ts_get_info_snd_ssthresh",
	"tcp_ts_get_info_state", "tcpmib_filter_key", "tcpmib_get_state", "tcpmib_local_addr",
	"tcpmib_local_port", "tcpmib_remote_addr", "tcpmib_remote_port", "timer_pending",
	"vers_from_clnt", "vers_from_prog", "vm_fault_contains", "xid_from_clnt",
};

static int compare(const void *key, const void *entry)
{
	return strcmp(key, *(const char *const *)entry);
}

bool is_kernel_function(const char *name)
{
	return bsearch(name, names, sizeof(names) / sizeof(*names), sizeof(*names), compare) != NULL;
}

const char *foreign_function(const char *name)
{
	static const char *const python[] = { "Py2Object_", "Py3Object_", "python2_", "python3_", "python_" };

	for (size_t i = 0; i < sizeof(python) / sizeof(*python); i++)
		if (!strncmp(name, python[i], strlen(python[i])))
			return "Python";
	return strcmp(name, "print_java_backtrace") && strcmp(name, "sprint_java_backtrace") ? NULL : "Java";
}
