/* Calls pread64(-1, 2, 3, 4) as often as its argument says. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1;

	for (int i = 0; i < n; i++)
		syscall(SYS_pread64, -1L, 2L, 3L, 4L);
	return 0;
}
