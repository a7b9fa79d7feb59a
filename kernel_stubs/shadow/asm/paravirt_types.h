/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A paravirtualised operation is an indirect call that is patched at run time, written in
 * assembler. Its meaning is the call through the table of operations, so that is what the
 * evaluator sees: pv_ops.OP(arguments), resolved by the table's initialiser.
 *
 * Newer trees name the table before the operation, older ones do not: PTC_PV() appends the number
 * of arguments to the name of a macro, and there is one for each form.
 */
#include_next <asm/paravirt_types.h>
#if defined(PVOP_CALL0) && !defined(PTC_SHADOW_PARAVIRT)
#define PTC_SHADOW_PARAVIRT

#define PTC_PV_NUMBER(_1, _2, _3, _4, _5, _6, _7, _8, _9, number, ...) number
#define PTC_PV_COUNT(...)	PTC_PV_NUMBER(__VA_ARGS__, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define PTC_PV_JOIN_(a, b)	a##b
#define PTC_PV_JOIN(a, b)	PTC_PV_JOIN_(a, b)
#define PTC_PV(form, ...)	PTC_PV_JOIN(form, PTC_PV_COUNT(__VA_ARGS__))(__VA_ARGS__)

#undef PVOP_CALL0
#undef PVOP_CALL1
#undef PVOP_CALL2
#undef PVOP_CALL3
#undef PVOP_CALL4
#define PVOP_CALL0(...)				PTC_PV(PTC_PV_CALL0_, __VA_ARGS__)
#define PTC_PV_CALL0_2(rettype, op)		((rettype)pv_ops.op())
#define PTC_PV_CALL0_3(rettype, table, op)	((rettype)table.op())
#define PVOP_CALL1(...)				PTC_PV(PTC_PV_CALL1_, __VA_ARGS__)
#define PTC_PV_CALL1_3(rettype, op, a)		((rettype)pv_ops.op(a))
#define PTC_PV_CALL1_4(rettype, table, op, a)	((rettype)table.op(a))
#define PVOP_CALL2(...)				PTC_PV(PTC_PV_CALL2_, __VA_ARGS__)
#define PTC_PV_CALL2_4(rettype, op, a, b)	((rettype)pv_ops.op(a, b))
#define PTC_PV_CALL2_5(rettype, table, op, a, b)	((rettype)table.op(a, b))
#define PVOP_CALL3(...)				PTC_PV(PTC_PV_CALL3_, __VA_ARGS__)
#define PTC_PV_CALL3_5(rettype, op, a, b, c)	((rettype)pv_ops.op(a, b, c))
#define PTC_PV_CALL3_6(rettype, table, op, a, b, c)	((rettype)table.op(a, b, c))
#define PVOP_CALL4(...)				PTC_PV(PTC_PV_CALL4_, __VA_ARGS__)
#define PTC_PV_CALL4_6(rettype, op, a, b, c, d)	((rettype)pv_ops.op(a, b, c, d))
#define PTC_PV_CALL4_7(rettype, table, op, a, b, c, d)	((rettype)table.op(a, b, c, d))

#undef PVOP_VCALL0
#undef PVOP_VCALL1
#undef PVOP_VCALL2
#undef PVOP_VCALL3
#undef PVOP_VCALL4
#define PVOP_VCALL0(...)			PTC_PV(PTC_PV_VCALL0_, __VA_ARGS__)
#define PTC_PV_VCALL0_1(op)			((void)pv_ops.op())
#define PTC_PV_VCALL0_2(table, op)		((void)table.op())
#define PVOP_VCALL1(...)			PTC_PV(PTC_PV_VCALL1_, __VA_ARGS__)
#define PTC_PV_VCALL1_2(op, a)			((void)pv_ops.op(a))
#define PTC_PV_VCALL1_3(table, op, a)		((void)table.op(a))
#define PVOP_VCALL2(...)			PTC_PV(PTC_PV_VCALL2_, __VA_ARGS__)
#define PTC_PV_VCALL2_3(op, a, b)		((void)pv_ops.op(a, b))
#define PTC_PV_VCALL2_4(table, op, a, b)	((void)table.op(a, b))
#define PVOP_VCALL3(...)			PTC_PV(PTC_PV_VCALL3_, __VA_ARGS__)
#define PTC_PV_VCALL3_4(op, a, b, c)		((void)pv_ops.op(a, b, c))
#define PTC_PV_VCALL3_5(table, op, a, b, c)	((void)table.op(a, b, c))
#define PVOP_VCALL4(...)			PTC_PV(PTC_PV_VCALL4_, __VA_ARGS__)
#define PTC_PV_VCALL4_5(op, a, b, c, d)		((void)pv_ops.op(a, b, c, d))
#define PTC_PV_VCALL4_6(table, op, a, b, c, d)	((void)table.op(a, b, c, d))

#undef PVOP_CALLEE0
#undef PVOP_CALLEE1
#undef PVOP_CALLEE2
#define PVOP_CALLEE0(...)			PTC_PV(PTC_PV_CALLEE0_, __VA_ARGS__)
#define PTC_PV_CALLEE0_2(rettype, op)		((rettype)pv_ops.op.func())
#define PTC_PV_CALLEE0_3(rettype, table, op)	((rettype)table.op.func())
#define PVOP_CALLEE1(...)			PTC_PV(PTC_PV_CALLEE1_, __VA_ARGS__)
#define PTC_PV_CALLEE1_3(rettype, op, a)	((rettype)pv_ops.op.func(a))
#define PTC_PV_CALLEE1_4(rettype, table, op, a)	((rettype)table.op.func(a))
#define PVOP_CALLEE2(...)			PTC_PV(PTC_PV_CALLEE2_, __VA_ARGS__)
#define PTC_PV_CALLEE2_4(rettype, op, a, b)	((rettype)pv_ops.op.func(a, b))
#define PTC_PV_CALLEE2_5(rettype, table, op, a, b)	((rettype)table.op.func(a, b))

#undef PVOP_VCALLEE0
#undef PVOP_VCALLEE1
#undef PVOP_VCALLEE2
#define PVOP_VCALLEE0(...)			PTC_PV(PTC_PV_VCALLEE0_, __VA_ARGS__)
#define PTC_PV_VCALLEE0_1(op)			((void)pv_ops.op.func())
#define PTC_PV_VCALLEE0_2(table, op)		((void)table.op.func())
#define PVOP_VCALLEE1(...)			PTC_PV(PTC_PV_VCALLEE1_, __VA_ARGS__)
#define PTC_PV_VCALLEE1_2(op, a)		((void)pv_ops.op.func(a))
#define PTC_PV_VCALLEE1_3(table, op, a)		((void)table.op.func(a))
#define PVOP_VCALLEE2(...)			PTC_PV(PTC_PV_VCALLEE2_, __VA_ARGS__)
#define PTC_PV_VCALLEE2_3(op, a, b)		((void)pv_ops.op.func(a, b))
#define PTC_PV_VCALLEE2_4(table, op, a, b)	((void)table.op.func(a, b))

#undef PVOP_ALT_CALL0
#undef PVOP_ALT_CALL1
#define PVOP_ALT_CALL0(...)			PTC_PV(PTC_PV_ALT_CALL0_, __VA_ARGS__)
#define PTC_PV_ALT_CALL0_4(rettype, op, alt, cond)	PTC_PV_CALL0_2(rettype, op)
#define PTC_PV_ALT_CALL0_5(rettype, table, op, alt, cond)	PTC_PV_CALL0_3(rettype, table, op)
#define PVOP_ALT_CALL1(...)			PTC_PV(PTC_PV_ALT_CALL1_, __VA_ARGS__)
#define PTC_PV_ALT_CALL1_5(rettype, op, a, alt, cond)	PTC_PV_CALL1_3(rettype, op, a)
#define PTC_PV_ALT_CALL1_6(rettype, table, op, a, alt, cond)	PTC_PV_CALL1_4(rettype, table, op, a)

#undef PVOP_ALT_VCALL0
#undef PVOP_ALT_VCALL1
#define PVOP_ALT_VCALL0(...)			PTC_PV(PTC_PV_ALT_VCALL0_, __VA_ARGS__)
#define PTC_PV_ALT_VCALL0_3(op, alt, cond)	PTC_PV_VCALL0_1(op)
#define PTC_PV_ALT_VCALL0_4(table, op, alt, cond)	PTC_PV_VCALL0_2(table, op)
#define PVOP_ALT_VCALL1(...)			PTC_PV(PTC_PV_ALT_VCALL1_, __VA_ARGS__)
#define PTC_PV_ALT_VCALL1_4(op, a, alt, cond)	PTC_PV_VCALL1_2(op, a)
#define PTC_PV_ALT_VCALL1_5(table, op, a, alt, cond)	PTC_PV_VCALL1_3(table, op, a)

#undef PVOP_ALT_CALLEE0
#undef PVOP_ALT_CALLEE1
#define PVOP_ALT_CALLEE0(...)			PTC_PV(PTC_PV_ALT_CALLEE0_, __VA_ARGS__)
#define PTC_PV_ALT_CALLEE0_4(rettype, op, alt, cond)	PTC_PV_CALLEE0_2(rettype, op)
#define PTC_PV_ALT_CALLEE0_5(rettype, table, op, alt, cond)	PTC_PV_CALLEE0_3(rettype, table, op)
#define PVOP_ALT_CALLEE1(...)			PTC_PV(PTC_PV_ALT_CALLEE1_, __VA_ARGS__)
#define PTC_PV_ALT_CALLEE1_5(rettype, op, a, alt, cond)	PTC_PV_CALLEE1_3(rettype, op, a)
#define PTC_PV_ALT_CALLEE1_6(rettype, table, op, a, alt, cond)	PTC_PV_CALLEE1_4(rettype, table, op, a)

#undef PVOP_ALT_VCALLEE0
#undef PVOP_ALT_VCALLEE1
#define PVOP_ALT_VCALLEE0(...)			PTC_PV(PTC_PV_ALT_VCALLEE0_, __VA_ARGS__)
#define PTC_PV_ALT_VCALLEE0_3(op, alt, cond)	PTC_PV_VCALLEE0_1(op)
#define PTC_PV_ALT_VCALLEE0_4(table, op, alt, cond)	PTC_PV_VCALLEE0_2(table, op)
#define PVOP_ALT_VCALLEE1(...)			PTC_PV(PTC_PV_ALT_VCALLEE1_, __VA_ARGS__)
#define PTC_PV_ALT_VCALLEE1_4(op, a, alt, cond)	PTC_PV_VCALLEE1_2(op, a)
#define PTC_PV_ALT_VCALLEE1_5(table, op, a, alt, cond)	PTC_PV_VCALLEE1_3(table, op, a)
#endif
