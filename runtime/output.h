/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a record of the output is, for the runtimes that write it and the drivers that read it. */
#ifndef TAPSTER_RUNTIME_OUTPUT_H
#define TAPSTER_RUNTIME_OUTPUT_H

enum rt_output {
	RT_OUTPUT_PRINT,
	RT_OUTPUT_WARNING, /* a line without "WARNING: " */
	RT_OUTPUT_ERROR,   /* a line without "ERROR: " */
	RT_OUTPUT_SYSTEM,  /* a command for the shell */
	RT_OUTPUT_SWITCH   /* to the next output file; no text */
};

#endif
