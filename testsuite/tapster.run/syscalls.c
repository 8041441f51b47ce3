/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System calls of four threads, of a child, and of a program that a child becomes. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *ask(void *unused)
{
	for (int i = 0; i < 1000; i++)
		syscall(SYS_getppid);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[4];
	char text[5];
	int fd = open("/dev/zero", O_RDONLY);

	if (read(fd, text, sizeof(text)) != sizeof(text) || close(77) == 0)
		return 1;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, ask, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	if (!fork()) {
		ask(NULL);
		_exit(0);
	}
	wait(NULL);
	if (argc > 1)
		execv(argv[1], argv + 1);
	return 0;
}
