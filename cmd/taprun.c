/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader of the kernel runtime as a program: options, no more. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/kernel_run.h"
#include "cmd/load.h"
#include "cmd/merge.h"
#include "config.h"

static const char usage[] =
	"Usage: taprun [options] NAME.ko [GLOBAL=VALUE...]   load the script's module, run it, remove it\n"
	"   or: taprun [options] -A NAME                     attach to one that was left running\n"
	"   or: taprun -d NAME                               remove it; '*': all that nobody uses\n"
	"   or: taprun -M [-v] [-o FILE] FILE...             merge the files of -b\n"
	"\n"
	"  -c CMD         run CMD, end when it ends; target() is its process\n"
	"  -x PID         target() is PID\n"
	"  -o FILE        write the output to FILE, whose name may have strftime's conversions\n"
	"  -S SIZE[,COUNT]  begin a new file after SIZE MB; keep the last COUNT\n"
	"  -b             bulk mode: a file for each CPU\n"
	"  -s MB          size of each CPU's output buffer\n"
	"  -T SECONDS     end after SECONDS\n"
	"  -L             leave it running and go\n"
	"  -D             go on in the background, print the process id\n"
	"  -w             print no warnings\n"
	"  -v             say more\n"
	"  -h, -V         this help; the version\n"
	"\n"
	"Signals: INT, TERM, HUP end the script; QUIT leaves it running; USR2 begins a new file.\n";

/* A decimal number from 1 to HIGH; else it has said what is wrong with the option. */
static bool parse_number(char option, const char *text, long high, long *n)
{
	char *end;

	*n = strtol(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && *n >= 1 && *n <= high)
		return true;
	fprintf(stderr, "taprun: invalid -%c '%s' (should be 1 to %ld)\n", option, text, high);
	return false;
}

int main(int argc, char **argv)
{
	struct kernel_run_options o = { 0 };
	const char *remove = NULL;
	bool merges = false;
	int option;
	long n;

	while ((option = getopt(argc, argv, "c:x:o:S:bT:s:A:d:LDMwvhV")) != -1)
		switch (option) {
		case 'c': o.run.command = optarg; break;
		case 'o': o.run.output.file = optarg; break;
		case 'A': o.attach = optarg; break;
		case 'd': remove = optarg; break;
		case 'L': o.detach = true; break;
		case 'D': o.run.daemon = true; break;
		case 'M': merges = true; break;
		case 'b': o.run.output.bulk = true; break;
		case 'w': o.run.output.no_warnings = true; break;
		case 'v': o.run.verbose++; break;
		case 'x':
			if (!parse_number('x', optarg, INT_MAX, &n))
				return EXIT_FAILURE;
			o.run.target = (pid_t)n;
			break;
		case 'T':
			if (!parse_number('T', optarg, 1000000000, &n))
				return EXIT_FAILURE;
			o.run.timeout_ms = (uint64_t)n * 1000;
			break;
		case 'S':
			if (!sink_parse_rotation(optarg, &o.run.output.max_bytes, &o.run.output.max_files)) {
				fprintf(stderr, "taprun: invalid -S '%s' (should be SIZE or SIZE,COUNT; SIZE in MB)\n",
					optarg);
				return EXIT_FAILURE;
			}
			break;
		case 's':
			if (!parse_number('s', optarg, 4095, &n))
				return EXIT_FAILURE;
			o.run.buffer_mb = (unsigned)n;
			break;
		case 'V':
			puts("taprun (version " PACKAGE_VERSION ")");
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			return EXIT_FAILURE;
		}
	if (merges)
		return merge_bulk(o.run.output.file, argv + optind, o.run.verbose) ? EXIT_SUCCESS : EXIT_FAILURE;
	if (remove && !strcmp(remove, "*")) {
		remove_unused();
		return EXIT_SUCCESS;
	}
	if (remove) {
		n = remove_module(remove) ? EXIT_SUCCESS : EXIT_FAILURE;
		remove_engine();
		return (int)n;
	}
	if (!o.attach && optind < argc)
		o.run.object = argv[optind++];
	o.globals = (const char *const *)argv + optind;
	for (; optind < argc; optind++)
		if (o.attach || !strchr(argv[optind], '='))
			o.run.object = NULL, o.attach = NULL;
	if (!o.run.object == !o.attach || (o.run.command && (o.run.target || o.detach || o.run.daemon || o.attach)) ||
	    (o.detach && o.run.daemon)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	if (o.run.output.max_bytes && !o.run.output.file && !o.run.output.bulk) {
		fputs("taprun: -S needs -o FILE\n", stderr);
		return EXIT_FAILURE;
	}
	if (o.run.daemon && !o.run.output.file) {
		fputs("taprun: -D needs -o FILE\n", stderr);
		return EXIT_FAILURE;
	}
	o.run.output.cpu_names = o.run.daemon;
	return kernel_run(&o);
}
