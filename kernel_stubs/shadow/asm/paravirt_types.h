/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A paravirtualised operation is an indirect call that is patched at run time, written in
 * assembler. Its meaning is the call through the table of operations, so that is what the
 * evaluator sees: pv_ops.OP(arguments), resolved by the table's initialiser.
 */
#include_next <asm/paravirt_types.h>
#if defined(PVOP_CALL0) && !defined(PTC_SHADOW_PARAVIRT)
#define PTC_SHADOW_PARAVIRT

#undef PVOP_CALL0
#undef PVOP_CALL1
#undef PVOP_CALL2
#undef PVOP_CALL3
#undef PVOP_CALL4
#define PVOP_CALL0(rettype, op)			((rettype)pv_ops.op())
#define PVOP_CALL1(rettype, op, a)		((rettype)pv_ops.op(a))
#define PVOP_CALL2(rettype, op, a, b)		((rettype)pv_ops.op(a, b))
#define PVOP_CALL3(rettype, op, a, b, c)	((rettype)pv_ops.op(a, b, c))
#define PVOP_CALL4(rettype, op, a, b, c, d)	((rettype)pv_ops.op(a, b, c, d))

#undef PVOP_VCALL0
#undef PVOP_VCALL1
#undef PVOP_VCALL2
#undef PVOP_VCALL3
#undef PVOP_VCALL4
#define PVOP_VCALL0(op)				((void)pv_ops.op())
#define PVOP_VCALL1(op, a)			((void)pv_ops.op(a))
#define PVOP_VCALL2(op, a, b)			((void)pv_ops.op(a, b))
#define PVOP_VCALL3(op, a, b, c)		((void)pv_ops.op(a, b, c))
#define PVOP_VCALL4(op, a, b, c, d)		((void)pv_ops.op(a, b, c, d))

#undef PVOP_CALLEE0
#undef PVOP_CALLEE1
#undef PVOP_CALLEE2
#undef PVOP_VCALLEE0
#undef PVOP_VCALLEE1
#undef PVOP_VCALLEE2
#define PVOP_CALLEE0(rettype, op)		((rettype)pv_ops.op.func())
#define PVOP_CALLEE1(rettype, op, a)		((rettype)pv_ops.op.func(a))
#define PVOP_CALLEE2(rettype, op, a, b)		((rettype)pv_ops.op.func(a, b))
#define PVOP_VCALLEE0(op)			((void)pv_ops.op.func())
#define PVOP_VCALLEE1(op, a)			((void)pv_ops.op.func(a))
#define PVOP_VCALLEE2(op, a, b)			((void)pv_ops.op.func(a, b))

#undef PVOP_ALT_CALL0
#undef PVOP_ALT_CALL1
#undef PVOP_ALT_VCALL0
#undef PVOP_ALT_VCALL1
#undef PVOP_ALT_CALLEE0
#undef PVOP_ALT_CALLEE1
#undef PVOP_ALT_VCALLEE0
#undef PVOP_ALT_VCALLEE1
#define PVOP_ALT_CALL0(rettype, op, alt...)		PVOP_CALL0(rettype, op)
#define PVOP_ALT_CALL1(rettype, op, a, alt...)		PVOP_CALL1(rettype, op, a)
#define PVOP_ALT_VCALL0(op, alt...)			PVOP_VCALL0(op)
#define PVOP_ALT_VCALL1(op, a, alt...)			PVOP_VCALL1(op, a)
#define PVOP_ALT_CALLEE0(rettype, op, alt...)		PVOP_CALLEE0(rettype, op)
#define PVOP_ALT_CALLEE1(rettype, op, a, alt...)	PVOP_CALLEE1(rettype, op, a)
#define PVOP_ALT_VCALLEE0(op, alt...)			PVOP_VCALLEE0(op)
#define PVOP_ALT_VCALLEE1(op, a, alt...)		PVOP_VCALLEE1(op, a)
#endif
