/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls a function that begins with a jump, before and after libraries come and go. */
#include <dlfcn.h>
#include <stddef.h>

__asm__(".globl first\n\t.type first, @function\n"
	"first:\n\t.byte 0xe9\n\t.long second - . - 4\n\t.size first, . - first");
void first(void);

__attribute__((used)) void second(void)
{
}

int main(void)
{
	for (int i = 0; i < 3; i++) {
		void *library = dlopen(i ? "libm.so.6" : "libz.so.1", RTLD_NOW);

		const char *(*version)(void) = library ? dlsym(library, "zlibVersion") : NULL;

		first();
		if (version)
			version();
		if (library)
			dlclose(library);
		first();
	}
	return 0;
}
