// A tensor's layout, as the host's TensorAccessorArgs writes it into compile-time arguments (and,
// for what it marks as runtime, into common runtime arguments).
//
// First a word of flags. An interleaved tensor has no more. A sharded one goes on with its rank,
// the number of banks, the tensor's shape in pages, a shard's shape, and the banks: two per word,
// the first in the low half. A bank is x << 8 | y for L1, a bank number in the place of x for DRAM.
#pragma once
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

#include "api/compile_time_args.h"
#include "wt/args.h"

namespace tensor_accessor {
constexpr std::size_t MAX_RANK = 8;
constexpr std::size_t UNKNOWN = (std::size_t)-1;

enum class ArgConfig : uint8_t {
    None = 0,
    Sharded = 1 << 0,
    IsDram = 1 << 1,
    RuntimeRank = 1 << 2,
    RuntimeNumBanks = 1 << 3,
    RuntimeTensorShape = 1 << 4,
    RuntimeShardShape = 1 << 5,
    RuntimeBankCoords = 1 << 6,
};
constexpr bool has(uint32_t flags, ArgConfig bit) { return flags & (uint32_t)bit; }
} // namespace tensor_accessor

template <std::size_t CTA_OFFSET, std::size_t CRTA_OFFSET = tensor_accessor::UNKNOWN>
struct TensorAccessorArgs {
    static constexpr uint32_t flags = get_compile_time_arg_val(CTA_OFFSET);
    static constexpr bool is_sharded =
        tensor_accessor::has(flags, tensor_accessor::ArgConfig::Sharded);
    static constexpr bool is_dram = tensor_accessor::has(flags, tensor_accessor::ArgConfig::IsDram);
    static constexpr bool rank_is_crta =
        tensor_accessor::has(flags, tensor_accessor::ArgConfig::RuntimeRank);
    static constexpr bool num_banks_is_crta =
        tensor_accessor::has(flags, tensor_accessor::ArgConfig::RuntimeNumBanks);
    static constexpr bool tensor_shape_is_crta =
        tensor_accessor::has(flags, tensor_accessor::ArgConfig::RuntimeTensorShape);
    static constexpr bool shard_shape_is_crta =
        tensor_accessor::has(flags, tensor_accessor::ArgConfig::RuntimeShardShape);
    static constexpr bool bank_coords_is_crta =
        tensor_accessor::has(flags, tensor_accessor::ArgConfig::RuntimeBankCoords);
    static_assert(!is_sharded || !rank_is_crta || (tensor_shape_is_crta && shard_shape_is_crta),
                  "a runtime rank needs runtime shapes");
    static_assert(!is_sharded || !num_banks_is_crta || bank_coords_is_crta,
                  "a runtime number of banks needs runtime bank coordinates");

    // Where each part lies among the compile-time arguments; a runtime part takes no room there.
    static constexpr uint32_t RankCTAOffset = CTA_OFFSET + 1;
    static constexpr uint32_t NumBanksCTAOffset = RankCTAOffset + !rank_is_crta;
    static constexpr uint32_t TensorShapeCTAOffset = NumBanksCTAOffset + !num_banks_is_crta;
    template <uint32_t at, bool present> static constexpr uint32_t argument() {
        if constexpr (present)
            return get_compile_time_arg_val(at);
        else
            return 0;
    }
    static constexpr uint32_t RankCT = argument<RankCTAOffset, (is_sharded && !rank_is_crta)>();
    static constexpr uint32_t NumBanksCT =
        argument<NumBanksCTAOffset, (is_sharded && !num_banks_is_crta)>();
    static constexpr uint32_t ShardShapeCTAOffset =
        TensorShapeCTAOffset + (tensor_shape_is_crta ? 0 : RankCT);
    static constexpr uint32_t BankCoordsCTAOffset =
        ShardShapeCTAOffset + (shard_shape_is_crta ? 0 : RankCT);
    static constexpr uint32_t EndCTAOffset =
        BankCoordsCTAOffset + (bank_coords_is_crta ? 0 : (NumBanksCT + 1) / 2);

    constexpr TensorAccessorArgs() : crta_offset_rt(0) {}
    constexpr explicit TensorAccessorArgs(uint32_t crta_offset) : crta_offset_rt(crta_offset) {
        static_assert(CRTA_OFFSET == tensor_accessor::UNKNOWN,
                      "the offset is already a template argument");
    }

    static constexpr uint32_t num_compile_time_args() {
        return is_sharded ? EndCTAOffset - CTA_OFFSET : 1;
    }
    static constexpr uint32_t next_compile_time_args_offset() {
        return CTA_OFFSET + num_compile_time_args();
    }

    // The same among the common runtime arguments; constant where rank and number of banks are.
    constexpr uint32_t crta_offset() const {
        return CRTA_OFFSET == tensor_accessor::UNKNOWN ? crta_offset_rt : (uint32_t)CRTA_OFFSET;
    }
    constexpr uint32_t rank_crta_offset() const { return crta_offset(); }
    constexpr uint32_t num_banks_crta_offset() const { return crta_offset() + rank_is_crta; }
    constexpr uint32_t tensor_shape_crta_offset() const {
        return num_banks_crta_offset() + num_banks_is_crta;
    }
    constexpr uint32_t shard_shape_crta_offset() const {
        return tensor_shape_crta_offset() + (tensor_shape_is_crta ? get_rank() : 0);
    }
    constexpr uint32_t bank_coords_crta_offset() const {
        return shard_shape_crta_offset() + (shard_shape_is_crta ? get_rank() : 0);
    }
    constexpr uint32_t num_common_runtime_args() const {
        if constexpr (!is_sharded)
            return 0;
        else
            return bank_coords_crta_offset() +
                   (bank_coords_is_crta ? get_physical_num_banks() : 0) - crta_offset();
    }
    constexpr uint32_t next_common_runtime_args_offset() const {
        return crta_offset() + num_common_runtime_args();
    }

    FORCE_INLINE constexpr uint32_t get_rank() const {
        if constexpr (rank_is_crta)
            return get_common_arg_val<uint32_t>(rank_crta_offset());
        else
            return RankCT;
    }
    FORCE_INLINE constexpr uint32_t get_num_banks() const {
        if constexpr (num_banks_is_crta)
            return get_common_arg_val<uint32_t>(num_banks_crta_offset());
        else
            return NumBanksCT;
    }
    constexpr uint32_t get_physical_num_banks() const { return (get_num_banks() + 1) / 2; }
    FORCE_INLINE uint32_t tensor_dim(uint32_t i) const {
        if constexpr (tensor_shape_is_crta)
            return get_common_arg_val<uint32_t>(tensor_shape_crta_offset() + i);
        else
            return kernel_compile_time_args[TensorShapeCTAOffset + i];
    }
    FORCE_INLINE uint32_t shard_dim(uint32_t i) const {
        if constexpr (shard_shape_is_crta)
            return get_common_arg_val<uint32_t>(shard_shape_crta_offset() + i);
        else
            return kernel_compile_time_args[ShardShapeCTAOffset + i];
    }
    FORCE_INLINE uint16_t bank_coord(uint32_t i) const {
        uint32_t pair;
        if constexpr (bank_coords_is_crta)
            pair = get_common_arg_val<uint32_t>(bank_coords_crta_offset() + i / 2);
        else
            pair = kernel_compile_time_args[BankCoordsCTAOffset + i / 2];
        return i & 1 ? pair >> 16 : pair & 0xffff;
    }

  private:
    uint32_t crta_offset_rt;
};

// The arguments of several tensors that follow each other.
namespace tensor_accessor {
template <uint32_t left, uint32_t offset, typename... Done>
constexpr auto args_tuple(std::tuple<Done...> done) {
    if constexpr (left == 0) {
        return done;
    } else {
        using Args = TensorAccessorArgs<offset>;
        return args_tuple<left - 1, Args::next_compile_time_args_offset()>(
            std::tuple_cat(done, std::make_tuple(Args())));
    }
}
// Where the n-th of them begin; for n tensors, where those behind all of them do.
namespace detail {
template <uint32_t n, uint32_t offset> constexpr uint32_t get_tensor_accessor_args_cta_offset() {
    if constexpr (n == 0)
        return offset;
    else
        return get_tensor_accessor_args_cta_offset<
            n - 1, TensorAccessorArgs<offset>::next_compile_time_args_offset()>();
}
} // namespace detail
} // namespace tensor_accessor
template <uint32_t NUM_TENSORS, uint32_t CTA_OFFSET>
constexpr auto make_tensor_accessor_args_tuple() {
    return tensor_accessor::args_tuple<NUM_TENSORS, CTA_OFFSET>(std::tuple<>());
}
