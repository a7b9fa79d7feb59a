/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A function that is put into a table of operations by a thunk of assembler, which keeps the
 * registers and calls it. It means what the function means.
 */
#include_next <asm/paravirt.h>
#if defined(PV_CALLEE_SAVE) && defined(__PV_IS_CALLEE_SAVE)
#undef PV_CALLEE_SAVE
#define PV_CALLEE_SAVE(func) __PV_IS_CALLEE_SAVE(func)
#endif
