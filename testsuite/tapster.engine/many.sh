#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# many.sh N: writes a C program with the functions many0 ... and threads that call them all.
#	many ROUNDS   two threads call each function ROUNDS times; 0: until SIGTERM
cat <<'EOS'
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
static long n;
static volatile long wrong, stop;
EOS
awk -v n="$1" 'BEGIN {
	for (i = 0; i < n; i++)
		printf "__attribute__((noinline, noclone)) long many%d(long x) { return x + %d; }\n", i, i
	print "static long (*const all[])(long) = {"
	for (i = 0; i < n; i++)
		printf "many%d,\n", i
	print "};"
}'
cat <<'EOS'
static void *call_all(void *unused)
{
	for (long i = 0; (i < n || n == 0) && !stop; i++)
		for (long k = 0; k < (long)(sizeof(all) / sizeof(all[0])); k++)
			if (all[k](i) != i + k)
				wrong++;
	return unused;
}
static void on_term(int unused)
{
	(void)unused;
	stop = 1;
}
int main(int argc, char **argv)
{
	pthread_t t;
	n = argc > 1 ? atol(argv[1]) : 1;
	signal(SIGTERM, on_term);
	pthread_create(&t, NULL, call_all, NULL);
	call_all(NULL);
	pthread_join(t, NULL);
	printf("wrong %ld\n", wrong);
	return wrong != 0;
}
EOS
