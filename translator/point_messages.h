/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The catalogue of what expand, the probe families, resolve and plan say: identifier and format. */
#ifndef TAPSTER_TRANSLATOR_POINT_MESSAGES_H
#define TAPSTER_TRANSLATOR_POINT_MESSAGES_H

/* expand */
#define E_POINT_MISMATCH "E_POINT_MISMATCH", "probe point mismatch%s"
#define E_POINT_TRUNCATED "E_POINT_TRUNCATED", "probe point truncated (follow: %s)"
#define E_POINT_SUFFIX "E_POINT_SUFFIX", "invalid suffix for probe%s"
#define E_POINT_WILDCARD "E_POINT_WILDCARD", \
	"probe point mismatch: didn't find any wildcard matches%s"
#define E_ALIAS_LOOP "E_ALIAS_LOOP", "recursive loop in alias expansion of %s"
#define E_ALIAS_WILDCARD "E_ALIAS_WILDCARD", "a part of the name of an alias can't be a wildcard"
#define E_ALIAS_ARGUMENT "E_ALIAS_ARGUMENT", "alias component %s contains illegal parameter"
#define E_NO_PROBES_FOUND "E_NO_PROBES", "no probes found"
#define N_ALIAS_USE "from this use of alias %s"

/* begin, end, timers */
#define E_TIMER_INTERVAL "E_TIMER_INTERVAL", "interval value out of range (%lld, %lld)"
#define E_TIMER_JIFFIES "E_TIMER_INTERVAL", "invalid interval for jiffies timer"
#define E_TIMER_RANDOMIZE "E_TIMER_RANDOMIZE", "randomization value out of range"
#define E_TIMER_JIFFIES_RANDOMIZE "E_TIMER_RANDOMIZE", "invalid randomize for jiffies timer"
#define E_TIMER_FREQUENCY "E_TIMER_FREQUENCY", "frequency must be greater than 0"
#define E_TIMER_FREQUENCY_HIGH "E_TIMER_FREQUENCY", "frequency must not be greater than %lld"

/* families that need the kernel, or that nobody has written yet */
#define E_NEEDS_KERNEL "E_NEEDS_KERNEL", \
	"the user runtime can't probe the kernel: %s needs --runtime=kernel"
#define E_EMBEDDED_KERNEL "E_EMBEDDED_KERNEL", \
	"embedded C that includes the kernel's headers needs --runtime=kernel"
#define E_PRIVILEGE_POINT "E_PRIVILEGE_POINT", "probe point is not allowed for --privilege=%s"
#define E_NO_KERNEL_SYMBOLS "E_NO_KERNEL_SYMBOLS", \
	"'%s': there is no list of the functions of kernel %s, neither a System.map nor its image in /boot; name them one by one"
#define E_KERNEL_REFUSES "E_KERNEL_REFUSES", "the kernel allows no probes on its function '%s'"
#define E_KERNEL_AMBIGUOUS "E_KERNEL_AMBIGUOUS", "several functions of the kernel are called '%s'"
#define E_KERNEL_SOURCE "E_KERNEL_SOURCE", \
	"'%s': the kernel's source lines are not known, as its debug information is not read yet; name the function alone"
#define E_KERNEL_VARIABLE "E_KERNEL_VARIABLE", "'%s': variables of the kernel are not supported yet"
#define E_MAXACTIVE "E_MAXACTIVE", "maxactive is from 1 to %d"
#define E_POINT_MISSING "E_POINT_MISSING", "probe point %s is not supported yet"

/* perf */
#define E_PERF_TWICE "E_PERF_TWICE", "duplicate counter name '%s'"
#define E_PERF_COUNTER "E_PERF_COUNTER", "perf counter '%s' not defined: it needs a probe perf.type(N).config(N).counter(\"%s\")"
#define E_PERF_PLACE "E_PERF_PLACE", "@perf is for the handlers of places in programs only"
#define E_PERF_COUNTS "E_PERF_COUNTS", \
	"the user runtime counts a thread's processor time, page faults and context switches only: %s needs --runtime=kernel"
#define E_PERF_PROCESS "E_PERF_PROCESS", \
	"%s: samples of one program alone are not supported yet; leave .process out, and ask pid() or execname()"
#define E_PERF_PERIOD "E_PERF_PERIOD", "invalid perf sample period %lld"
#define E_PERF_FREQUENCY "E_PERF_PERIOD", "invalid perf sample frequency %lld"

/* files of /proc */
#define E_PROCFS_PATH "E_PROCFS_PATH", "procfs path %s"
#define E_PROCFS_UMASK "E_PROCFS_UMASK", "umask must be an octal number from 0 to 0777"
#define E_PROCFS_SIZE "E_PROCFS_SIZE", "maxsize must be greater than 0, and at most %d"
#define E_PROCFS_TAKEN "E_PROCFS_TAKEN", "only one %s procfs probe can exist for procfs path \"%s\""
#define E_PROCFS_VARIABLE "E_PROCFS_VARIABLE", "invalid target symbol '%s' for procfs probe, $value expected"
#define E_PROCFS_VALUE_PART "E_PROCFS_VALUE", "procfs variable '$value' is a string: it has no members, no address, and is printed as it is"
#define E_PROCFS_READ "E_PROCFS_VALUE", "procfs $value variable cannot be read in a procfs read probe; assign to it, or append by .="
#define E_PROCFS_WRITE "E_PROCFS_VALUE", "procfs $value variable is read-only in a procfs write probe"

/* programs */
#define E_NO_PROCESS "E_NO_PROCESS", \
	"unspecified process probe is invalid without a -c COMMAND or -x PID"
#define E_COMMAND_SHELL "E_COMMAND_SHELL", \
	"the program of -c '%s' can't be told: it is a shell command; name it: process(\"PATH\")"
#define E_NO_EXECUTABLE "E_NO_EXECUTABLE", "cannot find executable '%s'%s"
#define E_NO_LIBRARY "E_NO_LIBRARY", "cannot find library '%s'%s"
#define E_NO_PATH_MATCH "E_NO_EXECUTABLE", "no program matches '%s'"
#define E_NO_PID "E_NO_PID", "cannot probe pid %lld: %s"
#define E_OPEN_PROGRAM "E_OPEN_PROGRAM", "cannot read '%s': %s"
#define E_NOT_ELF "E_NOT_ELF", "'%s' is not an ELF program: %s"
#define E_WRONG_MACHINE "E_WRONG_MACHINE", "'%s' is for another architecture: %s"
#define E_NOT_EXECUTABLE "E_NOT_EXECUTABLE", "'%s' is not an executable file: %s"
#define E_PROGRAM_32BIT "E_PROGRAM_32BIT", \
	"'%s' is a 32-bit program, which needs --runtime=kernel"

#define E_NO_TARGET_PROCESS "E_NO_TARGET_PROCESS", \
	"this would trace every process there is: say which with -c COMMAND, -x PID or process(\"PATH\")"

/* functions and statements */
#define E_NO_FUNCTION "E_NO_FUNCTION", "no match%s"
#define E_NO_MARK "E_NO_MARK", "no match%s"
#define E_NO_LABEL "E_NO_LABEL", "no match%s"
#define E_NO_CALLEE "E_NO_CALLEE", "no match%s"
#define E_CALLEES_DEPTH "E_CALLEES_DEPTH", ".callees(N) only acceptable for N from 1 to %d"
#define W_NO_CALLER "W_NO_CALLER", "%s is left out: %s"
#define E_NO_STUB "E_NO_STUB", "no match%s"
#define E_PLT_VARIABLE "E_NO_VARIABLE", "unable to find plt variable '%s' (alternatives: $$name)"
#define E_NO_MAPPING "E_NO_ADDRESS", "no match: 0x%llx is in no code that process %lld has mapped"
#define E_NO_STEPPING "E_NO_STEPPING", \
	"%s would stop the program at each of its instructions: probe statements or functions of it"
#define E_NO_STATEMENT "E_NO_STATEMENT", "no match: no code for %s in %s"
#define E_NO_ADDRESS "E_NO_ADDRESS", "no match: 0x%llx is not in the code of %s"
#define E_BAD_SITE "E_BAD_SITE", "cannot probe %s at 0x%llx: %s"

/* resolve: names */
#define E_UNRESOLVED_FUNCTION "E_UNRESOLVED_FUNCTION", "unresolved function %s%s"
#define E_FUNCTION_NEEDS_KERNEL "E_NEEDS_KERNEL", "function %s needs --runtime=kernel"
#define E_KERNEL_FUNCTION "E_KERNEL_FUNCTION", \
	"function %s is about the kernel, which is not supported yet"
#define E_FOREIGN_FUNCTION "E_FOREIGN_FUNCTION", \
	"function %s is about programs in %s, which are not supported"
#define E_FUNCTION_ARITY "E_FUNCTION_ARITY", "arity mismatch found (function '%s' takes %zu args)"
#define E_UNRESOLVED_ARRAY "E_UNRESOLVED_ARRAY", \
	"unresolved arity-%zu global array %s, missing global declaration?"
#define E_UNRESOLVED_DELETE "E_UNRESOLVED_ARRAY", "unresolved array in delete statement"
#define E_STAT_LOCAL "E_STAT_LOCAL", "stat locals not supported, missing global declaration?"
#define E_CONDITION_GLOBAL "E_CONDITION_GLOBAL", \
	"probe condition must not reference undeclared global"
#define E_CONDITION_CALL "E_CONDITION_CALL", "probe condition must not reference function"
#define E_CONDITION_TARGET "E_CONDITION_TARGET", "probe condition must not reference target variables"
#define E_CONDITION_EMBEDDED "E_CONDITION_EMBEDDED", "probe condition must not include impure embedded-C"
#define E_CONDITION_PRINT "E_CONDITION_PRINT", "probe condition must not print"
#define E_CONDITION_DEFINED "E_CONDITION_DEFINED", "probe condition must not ask @defined"
#define E_SLICE "E_SLICE", "wildcard not allowed in array index: '*' stands for any key only in delete, foreach and before 'in'"
#define E_PRAGMA_STABLE "E_PRAGMA_STABLE", "a stable function must also be /* pure */"
#define E_PRAGMA_GLOBAL "E_PRAGMA_GLOBAL", "unresolved %s global %s"
#define E_CONDITION_WRITE "E_CONDITION_WRITE", "probe condition must not modify any variables"
#define E_GLOBAL_OPTION "E_GLOBAL_OPTION", "-G %s: no such global%s"
#define E_GLOBAL_OPTION_ARRAY "E_GLOBAL_OPTION", "-G %s: it is an array"

/* resolve: target variables */
#define E_NO_TARGETS "E_NO_TARGETS", "unresolved target-symbol expression"
#define E_TARGET_IN_FUNCTION "E_TARGET_IN_FUNCTION", \
	"'%s' means nothing here: no probe calls this function"
#define E_RETURN_FUNCTION "E_TARGET_IN_FUNCTION", \
	"in a function, a .return probe has no '%s' any more: pass it as an argument"
#define E_NO_VARIABLE "E_NO_VARIABLE", "unable to find local '%s'%s%s"
#define E_NO_GLOBAL_VARIABLE "E_NO_VARIABLE", "unable to find global '%s'%s%s"
#define E_VARIABLE "E_VARIABLE", "'%s' is not available here: %s"
#define E_NO_RETURN_VALUE "E_NO_RETURN_VALUE", "%s"
#define E_SYSCALL_ARGUMENT "E_SYSCALL_ARGUMENT", "a system call's arguments are $arg1 to $arg%d"
#define E_SYSCALL_NUMBER_ONLY "E_SYSCALL_NUMBER_ONLY", \
	"'%s' is a plain number here: it has no members and no address"
#define E_RETURN_ELSEWHERE "E_NO_VARIABLE", "'%s' is only available in .return probes"
#define E_MEMBER "E_MEMBER", "%s%s"
#define E_NO_TYPE "E_NO_TYPE", "type definition '%s' not found%s%s"
#define E_CAST_MODULE "E_CAST_MODULE", \
	"@cast here needs to be told where the type is defined: @cast(value, \"%s\", \"PROGRAM\")"
#define E_MODULE "E_MODULE", "types and variables of '%s' are not supported yet"
#define E_HEADER "E_HEADER", "cannot compile a file that includes %s"
#define E_ENTRY_ELSEWHERE "E_ENTRY_ELSEWHERE", "@entry is only valid in .return probes"
#define E_ENTRY_LOCAL "E_ENTRY_LOCAL", \
	"@entry is evaluated at the function's entry, where local '%s' has no value"
#define E_TARGET_ASSIGN "E_TARGET_ASSIGN", "'%s' can't be written to: it is no variable or member with a place of its own here"
#define E_TARGET_WRITE_GURU "E_TARGET_WRITE", "write to target variable not permitted; need stap -g"
#define E_UNTYPED_MEMBER "E_UNTYPED_MEMBER", \
	"the type of this value is not known: write @cast(value, \"TYPE\", \"PROGRAM\")->..."
#define E_AT_UNSUPPORTED "E_AT_UNSUPPORTED", "%s is not supported yet"
#define W_BAD_VARIABLE "W_BAD_VARIABLE", "Bad $context variable being substituted with literal 0"
#define W_ENTRY_VALUE "W_ENTRY_VALUE", \
	"confusing usage, value is captured as @entry(%s) in .return probe"

#endif
