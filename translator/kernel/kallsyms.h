/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The symbols of a kernel that isn't running, out of its image: the kernel has them
 * inside, for its own use, packed in the form that scripts/kallsyms.c of its source
 * makes.  Names and kinds only, in the order of their addresses.
 */
#ifndef TAPSTER_TRANSLATOR_KERNEL_KALLSYMS_H
#define TAPSTER_TRANSLATOR_KERNEL_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* TYPE: as nm prints it ('T', 't', 'D' ...). */
typedef void kallsyms_fn(void *data, char type, const char *name);

/* Where in the boot image (bzImage) of N bytes the packed kernel lies; its packer's program
 * ("xz"), or NULL: it is no such image, or it was packed in an unknown way. */
const char *kallsyms_find_payload(const uint8_t *image, size_t n, size_t *at, size_t *size);
/* Tells every symbol of the unpacked kernel; false: none were found. */
bool kallsyms_each(const uint8_t *kernel, size_t n, kallsyms_fn *tell, void *data);

#endif
