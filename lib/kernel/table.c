/* The table of one instruction set. */
#include "kernel/isa.h"

extern const jn_kernels JN_K(table);

#define JN_K_ROW(name) .name = JN_K(name),
const jn_kernels JN_K(table) = { .isa = JN_K_TEXT(JN_ISA), JN_KERNEL_NAMES(JN_K_ROW) };
#undef JN_K_ROW
