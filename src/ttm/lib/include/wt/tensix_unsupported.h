// The calls of the compute API that need the Tensix engine, which is not supported yet.
//
// Each is declared so that a kernel which uses one gets an error that names it, at the line of the
// call, instead of "not declared".
#pragma once

#define WT_TENSIX_CALLS(_)                                                                         \
    _(abs_tile) _(abs_tile_init) _(abs_tile_int32) _(acos_tile) _(acos_tile_init) _(acosh_tile)    \
    _(acosh_tile_init) _(acquire_dst) _(add_bcast_cols_init_short) _(add_bcast_rows_init_short)    \
    _(add_bcast_scalar_init_short) _(add_binary_tile) _(add_binary_tile_init) _(add_int_tile)      \
    _(add_int_tile_init) _(add_tiles) _(add_tiles_bcast) _(add_tiles_bcast_cols)                   \
    _(add_tiles_bcast_rows) _(add_tiles_bcast_scalar) _(add_tiles_init) _(add_unary_tile)          \
    _(add_unary_tile_int32) _(addcmul_tile) _(addcmul_tile_init) _(alt_complex_rotate90_tile)      \
    _(alt_complex_rotate90_tile_init) _(any_tiles_bcast) _(asin_tile) _(asin_tile_init)            \
    _(asinh_tile) _(asinh_tile_init) _(atan_tile) _(atan_tile_init) _(atanh_tile)                  \
    _(atanh_tile_init) _(binary_bitwise_tile_init) _(binary_dest_reuse_tiles)                      \
    _(binary_dest_reuse_tiles_init) _(binary_left_shift_tile) _(binary_logical_right_shift_tile)   \
    _(binary_max_int32_tile) _(binary_max_tile) _(binary_max_tile_init) _(binary_min_int32_tile)   \
    _(binary_min_tile) _(binary_min_tile_init) _(binary_op_init_common)                            \
    _(binary_right_shift_tile) _(binary_shift_tile_init) _(binary_tiles_init)                      \
    _(binop_with_scalar_tile_init) _(bitwise_and_binary_tile) _(bitwise_and_tile)                  \
    _(bitwise_and_tile_init) _(bitwise_not_tile) _(bitwise_not_tile_init)                          \
    _(bitwise_or_binary_tile) _(bitwise_or_tile) _(bitwise_or_tile_init)                           \
    _(bitwise_xor_binary_tile) _(bitwise_xor_tile) _(bitwise_xor_tile_init) _(cbrt_tile)           \
    _(cbrt_tile_init) _(ceil_tile) _(celu_tile) _(celu_tile_init) _(clamp_tile)                    \
    _(clamp_tile_init) _(clamp_tile_int32) _(clear_compute_special_value_flags)                    \
    _(compute_kernel_hw_startup) _(copy_block_matmul_partials) _(copy_dest_values)                 \
    _(copy_dest_values_init) _(copy_tile) _(copy_tile_init) _(copy_tile_to_dst_init_short)         \
    _(copy_tile_to_dst_init_short_with_dt) _(cos_tile) _(cos_tile_init) _(cosh_tile)               \
    _(cosh_tile_init) _(cumsum_tile) _(cumsum_tile_init) _(dbg_halt) _(dbg_read_dest_acc_row)      \
    _(dbg_unhalt) _(dequant_tile) _(dequant_tile_init) _(div_binary_tile)                          \
    _(div_binary_tile_init) _(div_int32_floor_tile) _(div_int32_floor_tile_init)                   \
    _(div_int32_tile) _(div_int32_tile_init) _(div_int32_trunc_tile)                               \
    _(div_int32_trunc_tile_init) _(div_unary_tile) _(dropout_kernel_init) _(dropout_tile)          \
    _(elu_tile) _(elu_tile_init) _(ema_clear_previous_output) _(ema_init) _(ema_tile)              \
    _(eqz_tile) _(eqz_tile_init) _(eqz_tile_int32) _(eqz_tile_uint16) _(eqz_tile_uint32)           \
    _(erf_tile) _(erf_tile_init) _(erfc_tile) _(erfc_tile_init) _(erfinv_tile)                     \
    _(erfinv_tile_init) _(exp2_tile) _(exp2_tile_init) _(exp_tile) _(exp_tile_init)                \
    _(expm1_tile) _(expm1_tile_init) _(fast_tilize_block) _(fast_tilize_init)                      \
    _(fast_tilize_init_with_dt) _(fast_tilize_uninit) _(fill_tile) _(fill_tile_bitcast)            \
    _(fill_tile_init) _(fill_tile_int) _(floor_tile) _(fmod_int32_tile) _(fmod_int32_tile_init)    \
    _(fmod_tile) _(fmod_tile_init) _(frac_tile) _(gcd_tile) _(gcd_tile_init) _(ge_int32_tile)      \
    _(ge_int32_tile_init) _(gelu_tile) _(gelu_tile_init) _(get_compute_special_value_flags)        \
    _(get_compute_special_value_flags_fpu) _(get_compute_special_value_flags_sfpu)                 \
    _(gez_tile) _(gez_tile_init) _(gez_tile_int32) _(gt_int32_tile)                                \
    _(gt_int32_tile_init) _(gtz_tile) _(gtz_tile_init) _(gtz_tile_int32) _(hardmish_tile)          \
    _(hardmish_tile_init) _(hardsigmoid_tile) _(hardsigmoid_tile_init) _(hardtanh_tile)            \
    _(hardtanh_tile_init) _(heaviside_tile) _(heaviside_tile_init) _(i0_tile) _(i0_tile_init)      \
    _(i1_tile) _(i1_tile_init) _(identity_tile) _(identity_tile_init) _(identity_tile_uint32)      \
    _(init_sfpu) _(isfinite_tile) _(isfinite_tile_init) _(isinf_tile) _(isinf_tile_init)           \
    _(isnan_tile) _(isnan_tile_init) _(isneginf_tile) _(isneginf_tile_init) _(isposinf_tile)       \
    _(isposinf_tile_init) _(lcm_tile) _(lcm_tile_init) _(le_int32_tile) _(le_int32_tile_init)      \
    _(leaky_relu_tile) _(leaky_relu_tile_init) _(left_shift_tile) _(left_shift_tile_init)          \
    _(lez_tile) _(lez_tile_init) _(lez_tile_int32) _(log1p_tile) _(log1p_tile_init) _(log_tile)    \
    _(log_tile_init) _(log_with_base_tile) _(log_with_base_tile_init) _(logical_not_unary_tile)    \
    _(logical_not_unary_tile_init) _(logical_not_unary_tile_int32)                                 \
    _(logical_not_unary_tile_uint16) _(logical_not_unary_tile_uint32) _(logsigmoid_tile)           \
    _(logsigmoid_tile_init) _(lt_int32_tile) _(lt_int32_tile_init) _(ltz_tile) _(ltz_tile_init)    \
    _(ltz_tile_int32) _(mask_posinf_tile) _(mask_tile) _(mask_tile_init) _(matmul_block)           \
    _(matmul_block_math_dynamic_throttle) _(matmul_tiles) _(matmul_tiles_math)                     \
    _(max_reduce_with_indices) _(max_reduce_with_indices_init) _(mm_block_init)                    \
    _(mm_block_init_short) _(mm_block_init_short_with_both_dt) _(mm_block_init_short_with_dt)      \
    _(mm_init) _(mm_init_short) _(mm_init_short_with_dt) _(mul_bcast_cols_init_short)              \
    _(mul_bcast_rows_init_short) _(mul_binary_tile) _(mul_binary_tile_init) _(mul_int_tile)        \
    _(mul_int_tile_init) _(mul_tiles) _(mul_tiles_bcast) _(mul_tiles_bcast_cols)                   \
    _(mul_tiles_bcast_rows) _(mul_tiles_bcast_scalar) _(mul_tiles_bcast_scalar_init_short)         \
    _(mul_tiles_init) _(mul_unary_tile) _(negative_tile) _(negative_tile_init)                     \
    _(negative_tile_int32) _(nez_tile) _(nez_tile_init) _(nez_tile_int32) _(nez_tile_uint16)       \
    _(nez_tile_uint32) _(pack_reconfig_data_format) _(pack_reconfig_l1_acc) _(pack_rows)           \
    _(pack_rows_init) _(pack_rows_uninit) _(pack_tile) _(pack_tile_block) _(pack_untilize_block)   \
    _(pack_untilize_dest) _(pack_untilize_dest_init) _(pack_untilize_init)                         \
    _(pack_untilize_uninit) _(power_binary_tile) _(power_binary_tile_init)                         \
    _(power_iterative_tile) _(power_iterative_tile_init) _(power_tile) _(power_tile_init)          \
    _(prelu_tile) _(prelu_tile_init) _(quant_tile) _(quant_tile_init) _(rand_tile)                 \
    _(rand_tile_init) _(rdiv_tile) _(rdiv_tile_init) _(recip_tile)                                 \
    _(recip_tile_init) _(reconfig_data_format) _(reconfig_data_format_srca)                        \
    _(reconfig_data_format_srcb) _(reduce_block_max_row) _(reduce_block_max_row_init)              \
    _(reduce_block_max_row_uninit) _(reduce_init) _(reduce_tile) _(reduce_tile_math)               \
    _(reduce_uninit) _(release_dst) _(relu_max_tile) _(relu_max_tile_init)                         \
    _(relu_max_tile_int32) _(relu_min_tile) _(relu_min_tile_init) _(relu_min_tile_int32)           \
    _(relu_tile) _(relu_tile_init) _(relu_tile_int32) _(remainder_int32_tile)                      \
    _(remainder_int32_tile_init) _(remainder_tile) _(remainder_tile_init) _(requant_tile)          \
    _(requant_tile_init) _(reshuffle_rows_tile) _(reshuffle_rows_tile_init) _(right_shift_tile)    \
    _(right_shift_tile_init) _(round_tile) _(rounding_op_tile_init) _(rpow_tile)                   \
    _(rpow_tile_init) _(rsqrt_tile) _(rsqrt_tile_init) _(rsub_binary_tile)                         \
    _(rsub_binary_tile_init) _(rsub_int_tile) _(rsub_int_tile_init) _(rsub_tile)                   \
    _(rsub_tile_init) _(rsub_unary_int32_tile) _(rsub_unary_int32_tile_init) _(rsub_unary_tile)    \
    _(selu_tile) _(selu_tile_init) _(sfpu_add_int) _(sfpu_add_top_row) _(sfpu_add_top_row_init)    \
    _(sfpu_reduce) _(sfpu_reduce_init) _(sfpu_sum_int_col) _(sfpu_sum_int_init)                    \
    _(sfpu_sum_int_row) _(sigmoid_tile) _(sigmoid_tile_init) _(sign_tile) _(sign_tile_init)        \
    _(signbit_tile) _(signbit_tile_init) _(signbit_tile_int32) _(silu_tile) _(silu_tile_init)      \
    _(sin_tile) _(sin_tile_init) _(sinh_tile) _(sinh_tile_init) _(softplus_tile)                   \
    _(softplus_tile_init) _(softshrink_tile) _(softshrink_tile_init) _(softsign_tile)              \
    _(softsign_tile_init) _(sqrt_tile) _(sqrt_tile_init) _(square_tile) _(square_tile_init)        \
    _(state_configure) _(stochastic_round_tile) _(store_compute_special_value_flags_to_l1)         \
    _(sub_bcast_cols_init_short) _(sub_binary_tile) _(sub_binary_tile_init) _(sub_int_tile)        \
    _(sub_int_tile_init) _(sub_tiles) _(sub_tiles_bcast) _(sub_tiles_bcast_cols)                   \
    _(sub_tiles_bcast_scalar) _(sub_tiles_bcast_scalar_init_short) _(sub_tiles_init)               \
    _(sub_unary_tile) _(sub_unary_tile_int32) _(tan_tile) _(tan_tile_init) _(tanh_tile)            \
    _(tanh_tile_init) _(threshold_tile) _(threshold_tile_init) _(tile_regs_acquire)                \
    _(tile_regs_commit) _(tile_regs_release) _(tile_regs_wait) _(tiled_prod_tile)                  \
    _(tiled_prod_tile_init) _(tilize_block) _(tilize_init) _(tilize_init_short_with_dt)            \
    _(tilize_uninit) _(tilize_uninit_with_dt) _(topk_local_sort) _(topk_merge) _(topk_rebuild)     \
    _(topk_tile_init) _(transpose_wh_dest) _(transpose_wh_dest_init_short) _(transpose_wh_init)    \
    _(transpose_wh_init_short) _(transpose_wh_tile) _(trunc_tile) _(typecast_tile)                 \
    _(typecast_tile_init) _(unary_bcast) _(unary_bcast_init) _(unary_bcast_uninit)                 \
    _(unary_eq_tile) _(unary_eq_tile_init) _(unary_eq_tile_int32) _(unary_ge_tile)                 \
    _(unary_ge_tile_init) _(unary_ge_tile_int32) _(unary_gt_tile) _(unary_gt_tile_init)            \
    _(unary_gt_tile_int32) _(unary_le_tile) _(unary_le_tile_init) _(unary_le_tile_int32)           \
    _(unary_lt_tile) _(unary_lt_tile_init) _(unary_lt_tile_int32) _(unary_max_int32_tile)          \
    _(unary_max_tile) _(unary_max_tile_init) _(unary_min_int32_tile) _(unary_min_tile)             \
    _(unary_min_tile_init) _(unary_ne_tile) _(unary_ne_tile_init) _(unary_ne_tile_int32)           \
    _(unary_op_init_common) _(untilize_block) _(untilize_init) _(untilize_uninit)                  \
    _(welford_clear) _(welford_finalize_to_face) _(welford_finalize_to_row) _(welford_init)        \
    _(welford_restore_state) _(welford_save_state) _(welford_update) _(welford_update_rows)        \
    _(where_tile) _(where_tile_init) _(xlogy_binary_tile) _(xlogy_binary_tile_init)

namespace ckernel {
#define WT_UNSUPPORTED_(name)                                                                      \
    template <auto... options, typename... Args>                                                   \
    [[gnu::error(#name " is not supported yet: it needs the Tensix engine")]] void name(Args...);
WT_TENSIX_CALLS(WT_UNSUPPORTED_)
#undef WT_UNSUPPORTED_
}
