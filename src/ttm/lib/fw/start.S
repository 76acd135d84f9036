# The first instructions of every firmware: nothing is known of any register.
    .section .start, "ax"
    .global _start
_start:
    .irp r, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
    li x\r, 0
    .endr
    .irp r, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    li x\r, 0
    .endr
    la sp, wt_stack_top
    call firmware_main
hang:
    j hang
