/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fresh PROGRAM...: runs it as from a terminal: not as a background job, which ignores SIGINT. */
#include <signal.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	if (argc > 1)
		execvp(argv[1], argv + 1);
	return 127;
}
