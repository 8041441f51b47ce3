/* 2,000 threads that live for 100 calls each, 20 at a time. */
#include <pthread.h>

volatile long sink;

__attribute__((noinline)) long hit(long i)
{
	sink = i;
	return i * 2;
}

static void *run(void *unused)
{
	for (long i = 0; i < 100; i++)
		hit(i);
	return unused;
}

int main(void)
{
	for (int round = 0; round < 100; round++) {
		pthread_t t[20];

		for (int i = 0; i < 20; i++)
			pthread_create(&t[i], 0, run, 0);
		for (int i = 0; i < 20; i++)
			pthread_join(t[i], 0);
	}
	return 0;
}
