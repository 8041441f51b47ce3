/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader LIBRARY N: loads and unloads the library N times, calling it 10 times each. */
#include <dlfcn.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	for (int n = argc > 2 ? atoi(argv[2]) : 0; n > 0; n--) {
		void *library = dlopen(argv[1], RTLD_NOW);
		int (*hit)(int) = library ? (int (*)(int))dlsym(library, "library_hit") : NULL;
		if (!hit)
			return 1;
		for (int i = 0; i < 10; i++)
			if (hit(i) != i)
				return 1;
		dlclose(library);
	}
	return 0;
}
