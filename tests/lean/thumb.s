@ SPDX-License-Identifier: Apache-2.0
@ tests: what board/lean_as.in does to assembly of 32-bit ARM, told by tests/lean/compare: `second` is `first` and has no probe,
@ `large` keeps its own, and so does what is not a probe.
	.thumb
	.text
	.align	1
	.thumb_func
	.type	first, %function
first:
	push	{r3, lr}
	mov	ip, #4096
	sub	ip, sp, ip
	str	r0, [ip, #4088]
	bl	other
	pop	{r3, pc}
	.size	first, .-first
	.align	1
	.thumb_func
	.type	second, %function
second:
	push	{r3, lr}
	mov	ip, #4096
	sub	ip, sp, ip
	str	r0, [ip, #4088]
	bl	other
	pop	{r3, pc}
	.size	second, .-second
	.align	1
	.thumb_func
	.type	large, %function
large:
	push	{lr}
	mov	ip, #4096
	sub	ip, sp, ip
	str	r0, [ip, #584]
	subw	sp, sp, #3508
	bl	first
	bl	second
	addw	sp, sp, #3508
	ldr	pc, [sp], #4
	.size	large, .-large
