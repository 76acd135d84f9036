// Tensors as ends of a transfer: by page, by shard, or one page of an iteration.
#pragma once
#include "experimental/noc.h"

template <typename Accessor> struct PageView {
    const Accessor &accessor;
    explicit PageView(const Accessor &a) : accessor(a) {}
};
template <typename Accessor> struct ShardView {
    const Accessor &accessor;
    explicit ShardView(const Accessor &a) : accessor(a) {}
};

namespace experimental {

// By page number, from an accessor or a view of one.
template <typename Accessor> struct wt_page_traits {
    struct src_args_type {
        uint32_t page_id = 0, offset_bytes = 0;
    };
    using dst_args_type = src_args_type;
    static uint64_t noc(const Accessor &t, uint8_t noc, const src_args_type &a) {
        return t.get_noc_addr(a.page_id, a.offset_bytes, noc);
    }
    static uint32_t l1(const Accessor &t, const src_args_type &a) {
        return (uint32_t)noc(t, noc_index, a);
    }
};

template <typename DSpec>
struct noc_traits_t<TensorAccessor<DSpec>> : wt_page_traits<TensorAccessor<DSpec>> {};

template <typename Accessor> struct noc_traits_t<PageView<Accessor>> {
    using src_args_type = typename wt_page_traits<Accessor>::src_args_type;
    using dst_args_type = src_args_type;
    static uint64_t noc(const PageView<Accessor> &v, uint8_t noc, const src_args_type &a) {
        return wt_page_traits<Accessor>::noc(v.accessor, noc, a);
    }
    static uint32_t l1(const PageView<Accessor> &v, const src_args_type &a) {
        return (uint32_t)noc(v, noc_index, a);
    }
};

template <typename Accessor> struct noc_traits_t<ShardView<Accessor>> {
    struct src_args_type {
        uint32_t shard_id = 0, offset_bytes = 0;
    };
    using dst_args_type = src_args_type;
    static uint64_t noc(const ShardView<Accessor> &v, uint8_t noc, const src_args_type &a) {
        return v.accessor.get_shard_noc_addr(a.shard_id, a.offset_bytes, noc);
    }
    static uint32_t l1(const ShardView<Accessor> &v, const src_args_type &a) {
        return (uint32_t)noc(v, noc_index, a);
    }
};

template <> struct noc_traits_t<tensor_accessor::Page> {
    struct src_args_type {
        uint32_t offset_bytes = 0;
    };
    using dst_args_type = src_args_type;
    static uint64_t noc(const tensor_accessor::Page &p, uint8_t, const src_args_type &a) {
        return p.noc_addr() + a.offset_bytes;
    }
    static uint32_t l1(const tensor_accessor::Page &p, const src_args_type &a) {
        return (uint32_t)noc(p, 0, a);
    }
};

} // namespace experimental
