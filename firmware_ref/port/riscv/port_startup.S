/* From reset to main, for one hart in machine mode. A trap ends the emulator with status 70. */
    .section .start, "ax"
    .globl reset_handler
reset_handler:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    la      sp, __stack_top
    la      t0, trap
    csrw    mtvec, t0
    csrwi   mcountinhibit, 0
    la      t0, __bss_start
    la      t1, __bss_end
1:  bgeu    t0, t1, 2f
    sw      zero, 0(t0)
    addi    t0, t0, 4
    j       1b
2:  call    main
    call    board_exit
    .balign 4
trap:
    li      a0, 70
    call    board_exit
