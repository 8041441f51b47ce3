/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program without a library, for any word size. */
void _start(void)
{
	for (;;)
		;
}
