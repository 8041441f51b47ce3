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
#include "config.h"

static const char usage[] =
	"Usage: taprun [options] NAME.ko     load the script's module, run it, remove it\n"
	"   or: taprun [options] -A NAME     attach to one that was left running\n"
	"   or: taprun -d NAME               remove it\n"
	"\n"
	"  -c CMD       run CMD, end when it ends; target() is its process\n"
	"  -x PID       target() is PID; end when it ends\n"
	"  -o FILE      write the output to FILE\n"
	"  -T SECONDS   end after SECONDS\n"
	"  -s MB        size of each CPU's output buffer\n"
	"  -L           leave it running and go\n"
	"  -w           print no warnings\n"
	"  -v           say more\n"
	"  -h, -V       this help; the version\n";

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
	int option;
	long n;

	while ((option = getopt(argc, argv, "c:x:o:T:s:A:d:LwvhV")) != -1)
		switch (option) {
		case 'c': o.command = optarg; break;
		case 'o': o.output = optarg; break;
		case 'A': o.attach = optarg; break;
		case 'd': remove = optarg; break;
		case 'L': o.detach = true; break;
		case 'w': o.no_warnings = true; break;
		case 'v': o.verbose++; break;
		case 'x':
			if (!parse_number('x', optarg, INT_MAX, &n))
				return EXIT_FAILURE;
			o.target = (pid_t)n;
			break;
		case 'T':
			if (!parse_number('T', optarg, 1000000000, &n))
				return EXIT_FAILURE;
			o.timeout_ms = (uint64_t)n * 1000;
			break;
		case 's':
			if (!parse_number('s', optarg, 1024, &n))
				return EXIT_FAILURE;
			o.buffer_mb = (unsigned)n;
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
	if (remove)
		return remove_module(remove) ? EXIT_SUCCESS : EXIT_FAILURE;
	if (optind < argc)
		o.object = argv[optind++];
	if (optind < argc || !o.object == !o.attach || (o.command && o.target)) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	return kernel_run(&o);
}
