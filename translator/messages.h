/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The catalogue of what the passes and their runner say: identifier and format. */
#ifndef TAPSTER_TRANSLATOR_MESSAGES_H
#define TAPSTER_TRANSLATOR_MESSAGES_H

/* the session and its runner */
#define E_TEMP_DIR "E_TEMP_DIR", "cannot make a temporary directory: %s"
#define E_NO_SUCH_PASS "E_NO_SUCH_PASS", "--dump: there is no pass '%s' (there are: %s)"

/* parse */
#define E_SCRIPT_READ "E_SCRIPT_READ", "cannot read script '%s': %s"
#define E_SCRIPT_NUL "E_SCRIPT_NUL", "script '%s' has a zero byte at offset %zu"
#define E_SCRIPT_EMPTY "E_SCRIPT_EMPTY", "Input file '%s' is empty"
#define W_UNUSED_ARGUMENT "W_UNUSED_ARGUMENT", "unused command line option $%zu/@%zu"

/* infer */
#define E_TYPE_FOUND "E_TYPE_FOUND", "type mismatch: expected %s but found %s"
#define E_TYPE_MISMATCH "E_TYPE_MISMATCH", "type mismatch (%s)"
#define N_TYPE_FIRST "type was first inferred here (%s)"
#define E_EMBEDDED_NUMBER "E_EMBEDDED_NUMBER", "embedded C is a number here: with /* string */ in it it is a string"
#define E_RETURN_NOTHING "E_RETURN_NOTHING", "type mismatch (unknown): a 'return' without a value in function '%s', whose type is %s"
#define E_INDEX_MISMATCH "E_INDEX_MISMATCH", "index %d type mismatch (%s)"
#define N_INDEX_FIRST "type of index %d was first inferred here (%s)"
#define E_ARITY "E_ARITY", "inconsistent arity (%d vs %d)"
#define N_ARITY_FIRST "arity %d first inferred here"
#define E_UNRESOLVED_TYPE "E_UNRESOLVED_TYPE", "unresolved type of '%s'"
#define E_UNRESOLVED_EXPR "E_UNRESOLVED_TYPE", "unresolved type"
#define E_PRINT_ARGS "E_PRINT_ARGS", "Wrong number of args to formatted print operator: the format takes %u, %u given"
#define E_PRINT_MANY "E_PRINT_MANY", "too many arguments to print (%zu), max %d"
#define E_STAT_VALUE "E_STAT_VALUE", "a statistic has no value of its own; use @count, @sum, @min, @max, @avg or @variance"
#define E_HIST_KINDS "E_HIST_KINDS", "multiple histogram types declared on '%s'"
#define E_STAT_SHIFT "E_STAT_SHIFT", "multiple @variance bit shifts declared on '%s'"

/* check */
#define E_NOT_LVALUE "E_NOT_LVALUE", "Expecting lvalue for %s"
#define E_USHR "E_USHR", "unsupported binary operator >>> of two numbers"
#define E_DELETE_OPERAND "E_DELETE_OPERAND", "invalid operand of delete expression"
#define E_STATOP_OPERAND "E_STATOP_OPERAND", "%s takes a statistic variable or an element of an array of statistics"
#define E_FOREACH_WRITE "E_FOREACH_WRITE", "variable '%s' modified during 'foreach' iteration"
#define E_TARGET_WRITE "E_TARGET_WRITE", "write to target variable not permitted; need stap -g"
#define E_NEEDS_GURU "E_NEEDS_GURU", "function may not be used unless -g is specified"
#define E_PRIVILEGE_FUNCTION "E_PRIVILEGE_FUNCTION", \
	"function '%s' may not be used when --privilege=%s is specified"
#define E_PRIVILEGE_CODE "E_PRIVILEGE_CODE", "embedded expression may not be used when --privilege=%s is specified"
#define E_OUTSIDE_LOOP "E_OUTSIDE_LOOP", "'%s' outside of a loop"
#define E_WRAP_SCALAR "E_WRAP_SCALAR", "wrapping not supported for scalars"
#define W_HIST_RANGE "W_HIST_RANGE", \
	"bad range of @hist_linear: the interval must be positive, and the upper end not below the lower"
#define E_TOO_BIG "E_TOO_BIG", \
	"global '%s' would take %.0f MB, and all of them may take %.0f; see global %s[SIZE], MAXMAPENTRIES"
#define E_SCALAR_SIZE "E_SCALAR_SIZE", "'%s' is not an array, so it can have no size"
#define E_REGEX "E_REGEX", "regular expression: %s (at byte %zu of it)"

/* prune */
#define W_ELIDED_ASSIGN "W_ELIDED_ASSIGN", "Eliding assignment to '%s'"
#define W_ELIDED_EXPR "W_ELIDED_EXPR", "Eliding side-effect-free expression "
#define W_ELIDED_PROBE "W_ELIDED_PROBE", "Probe '%s' has been elided"
#define W_ELIDED_FUNCTION "W_ELIDED_FUNCTION", "side-effect-free function '%s'"
#define W_NEVER_ASSIGNED_LOCAL "W_NEVER_ASSIGNED", "never-assigned local variable '%s'%s"
#define W_NEVER_ASSIGNED_GLOBAL "W_NEVER_ASSIGNED", "never-assigned global variable '%s'%s"
#define E_NO_PROBES "E_NO_PROBES", "no probes found"

/* build */
#define E_TOOL_MISSING "E_TOOL_MISSING", "cannot run '%s': %s"
#define E_TOOL_FAILED "E_TOOL_FAILED", "'%s' failed; -v shows what it said, -k keeps what it was given"
#define E_RUNTIME_SOURCES "E_RUNTIME_SOURCES", "-D MAXSTRINGLEN=%u needs the runtime's sources; cannot read '%s': %s"
#define E_COMPILER "E_COMPILER", "%s"
#define E_NO_HEADERS "E_NO_HEADERS", \
	"the kernel runtime needs the headers of kernel %s, which are not at %s; on Debian: apt-get install %s"
#define E_NO_MODULES "E_NO_MODULES", \
	"kernel %s was built without CONFIG_MODULES, so it can't load what the kernel runtime makes"
#define E_CANNOT_LOAD "E_CANNOT_LOAD", "the kernel runtime can't be used here: %s"
#define E_CANNOT_LOAD_FOR "E_CANNOT_LOAD", "the kernel runtime can't be used here: %s; %s"
#define E_WRITE "E_WRITE", "cannot write '%s': %s"

#endif
