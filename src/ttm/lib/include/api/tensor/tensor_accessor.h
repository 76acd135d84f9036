// TensorAccessor: where the pages of a tensor are, from the arguments that describe its layout.
//
//   constexpr auto args = TensorAccessorArgs<0>();
//   const auto in = TensorAccessor(args, get_arg_val<uint32_t>(0), page_size);
//   noc_async_read_page(i, in, l1_address);
//
// An interleaved tensor is InterleavedAddrGen's layout. A sharded one is cut into equal shards,
// numbered in row order; shard s lies in bank s % banks, behind the bank's earlier shards.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>

#include "api/tensor/page.h"
#include "api/tensor/tensor_accessor_args.h"
#include "wt/banks.h"

namespace tensor_accessor {

template <typename Args> struct InterleavedSpec {
    static constexpr bool is_interleaved = true, is_dram = Args::is_dram;
};

// The layout of a sharded tensor. What is known when compiling folds away.
template <typename Args> struct ShardedSpec {
    static constexpr bool is_interleaved = false, is_dram = Args::is_dram;
    static constexpr bool has_static_rank = Args::RankCT != 0;
    static constexpr uint32_t rank_ct = Args::RankCT, num_banks_ct = Args::NumBanksCT;
    using Shape = std::array<uint32_t, has_static_rank ? rank_ct : MAX_RANK>;

    FORCE_INLINE explicit ShardedSpec(const Args &a) : args(a), rank_(a.get_rank()) {
        uint32_t tensor = 1, shard = 1, shards = 1;
        for (uint32_t i = rank_; i-- > 0;) {
            tensor_shape_[i] = a.tensor_dim(i);
            shard_shape_[i] = a.shard_dim(i);
            shard_grid_[i] = (tensor_shape_[i] + shard_shape_[i] - 1) / shard_shape_[i];
            tensor_strides_[i] = tensor;
            shard_strides_[i] = shard;
            shard_grid_strides_[i] = shards;
            tensor *= tensor_shape_[i];
            shard *= shard_shape_[i];
            shards *= shard_grid_[i];
        }
        tensor_volume_ = tensor;
        shard_volume_ = shard;
        shard_count_ = shards;
    }

    FORCE_INLINE uint32_t rank() const { return has_static_rank ? rank_ct : rank_; }
    FORCE_INLINE uint32_t num_banks() const { return args.get_num_banks(); }
    const Shape &tensor_shape() const { return tensor_shape_; }
    const Shape &tensor_strides() const { return tensor_strides_; }
    const Shape &shard_shape() const { return shard_shape_; }
    const Shape &shard_strides() const { return shard_strides_; }
    const Shape &shard_grid() const { return shard_grid_; }
    const Shape &shard_grid_strides() const { return shard_grid_strides_; }
    uint32_t tensor_volume() const { return tensor_volume_; }
    uint32_t shard_volume() const { return shard_volume_; }
    uint32_t num_shards() const { return shard_count_; }
    FORCE_INLINE uint16_t bank_coord(uint32_t bank) const { return args.bank_coord(bank); }

  private:
    Args args;
    uint32_t rank_, tensor_volume_, shard_volume_, shard_count_;
    Shape tensor_shape_, tensor_strides_, shard_shape_, shard_strides_, shard_grid_,
        shard_grid_strides_;
};

template <typename Args>
using SpecOf = std::conditional_t<Args::is_sharded, ShardedSpec<Args>, InterleavedSpec<Args>>;

template <typename Accessor> class Pages;
template <typename Accessor> class ShardPages;

} // namespace tensor_accessor

template <typename DSpecT> struct TensorAccessor {
    using DSpec = DSpecT;
    static constexpr bool is_dram = DSpec::is_dram;
    struct PageMapping {
        size_t bank_id, bank_page_offset;
    };

    template <std::size_t CTA, std::size_t CRTA>
    FORCE_INLINE TensorAccessor(const TensorAccessorArgs<CTA, CRTA> &args, size_t address,
                                uint32_t page_bytes = 0)
        : bank_base_address(address), page_size(page_bytes), dspec_(args) {}

    const DSpec &dspec() const { return dspec_; }

    // The address of a page, by number or by coordinates (in pages), and of a shard's first page.
    FORCE_INLINE uint64_t get_noc_addr(uint32_t page_id, uint32_t offset = 0,
                                       uint8_t noc = noc_index) const {
        return address_of(get_bank_and_offset(page_id), offset, noc);
    }
    template <typename Coord, std::enable_if_t<!std::is_arithmetic_v<Coord>, int> = 0>
    FORCE_INLINE uint64_t get_noc_addr(const Coord &page, uint32_t offset = 0,
                                       uint8_t noc = noc_index) const {
        return address_of(get_bank_and_offset(page), offset, noc);
    }
    FORCE_INLINE uint64_t get_shard_noc_addr(uint32_t shard_id, uint32_t offset = 0,
                                             uint8_t noc = noc_index) const {
        return address_of(shard_start(shard_id), offset, noc);
    }
    template <typename Coord, std::enable_if_t<!std::is_arithmetic_v<Coord>, int> = 0>
    FORCE_INLINE uint64_t get_shard_noc_addr(const Coord &shard, uint32_t offset = 0,
                                             uint8_t noc = noc_index) const {
        uint32_t id = 0;
        for (uint32_t i = 0; i < dspec_.rank(); i++)
            id += shard[i] * dspec_.shard_grid_strides()[i];
        return get_shard_noc_addr(id, offset, noc);
    }

    PageMapping get_bank_and_offset(uint32_t page_id) const {
        typename DSpec::Shape page;
        for (uint32_t i = dspec_.rank(); i-- > 0;) {
            page[i] = page_id % dspec_.tensor_shape()[i];
            page_id /= dspec_.tensor_shape()[i];
        }
        return get_bank_and_offset(page);
    }
    template <typename Coord, std::enable_if_t<!std::is_arithmetic_v<Coord>, int> = 0>
    PageMapping get_bank_and_offset(const Coord &page) const {
        uint32_t shard = 0, within = 0;
        for (uint32_t i = 0; i < dspec_.rank(); i++) {
            shard += page[i] / dspec_.shard_shape()[i] * dspec_.shard_grid_strides()[i];
            within += page[i] % dspec_.shard_shape()[i] * dspec_.shard_strides()[i];
        }
        PageMapping at = shard_start(shard);
        at.bank_page_offset += within;
        return at;
    }

    // Does it lie in this core's own L1?
    FORCE_INLINE bool is_local_bank(uint32_t virtual_x, uint32_t virtual_y,
                                    uint8_t noc = noc_index) const {
        return virtual_x == my_x[noc] && virtual_y == my_y[noc];
    }
    FORCE_INLINE bool is_local_addr(uint64_t noc_addr, uint8_t noc = noc_index) const {
        return is_local_bank(NOC_UNICAST_ADDR_X(noc_addr), NOC_UNICAST_ADDR_Y(noc_addr), noc);
    }
    FORCE_INLINE bool is_local_page(uint32_t page_id, uint8_t noc = noc_index) const {
        return bank_is_here(get_bank_and_offset(page_id).bank_id, noc);
    }
    FORCE_INLINE bool is_local_shard(uint32_t shard_id, uint8_t noc = noc_index) const {
        return bank_is_here(shard_id % dspec_.num_banks(), noc);
    }

    // Ranges of pages to iterate over; an end of 0 means all. They refer to this accessor.
    tensor_accessor::Pages<TensorAccessor>
    pages(uint32_t start_page_id = 0, uint32_t end_page_id = 0, uint8_t noc = noc_index) const {
        return { *this, start_page_id, end_page_id ? end_page_id : dspec_.tensor_volume(), noc };
    }
    tensor_accessor::ShardPages<TensorAccessor> shard_pages(uint32_t shard_id,
                                                            uint32_t start_page_offset = 0,
                                                            uint32_t end_page_offset = 0,
                                                            uint8_t noc = noc_index) const {
        return { *this, shard_id, start_page_offset,
                 end_page_offset ? end_page_offset : dspec_.shard_volume(), noc };
    }

    const size_t bank_base_address = 0;
    const uint32_t page_size = 0;

  private:
    DSpec dspec_;

    FORCE_INLINE PageMapping shard_start(uint32_t shard) const {
        uint32_t banks = dspec_.num_banks();
        return { shard % banks, shard / banks * dspec_.shard_volume() };
    }
    FORCE_INLINE bool bank_is_here(uint32_t bank, uint8_t noc) const {
        uint16_t xy = dspec_.bank_coord(bank);
        return is_local_bank(xy >> 8, xy & 0xff, noc);
    }
    FORCE_INLINE uint64_t address_of(PageMapping at, uint32_t offset, uint8_t noc) const {
        uint16_t xy = dspec_.bank_coord(at.bank_id);
        uint32_t addr = bank_base_address + at.bank_page_offset * page_size + offset;
        if constexpr (is_dram)
            return get_noc_addr_from_bank_id<true>(xy >> 8, addr, noc);
        else
            return ::get_noc_addr((uint32_t)(xy >> 8), (uint32_t)(xy & 0xff), addr, noc);
    }
};

template <typename Args>
struct TensorAccessor<tensor_accessor::InterleavedSpec<Args>> : InterleavedAddrGen<Args::is_dram> {
    using DSpec = tensor_accessor::InterleavedSpec<Args>;

    template <std::size_t CTA, std::size_t CRTA>
    FORCE_INLINE TensorAccessor(const TensorAccessorArgs<CTA, CRTA> &, size_t address,
                                uint32_t page_bytes = 0)
        : InterleavedAddrGen<Args::is_dram>{ (uint32_t)address, page_bytes } {}

    tensor_accessor::Pages<TensorAccessor> pages(uint32_t start_page_id, uint32_t end_page_id,
                                                 uint8_t noc = noc_index) const {
        return { *this, start_page_id, end_page_id, noc };
    }
};

template <std::size_t CTA, std::size_t CRTA>
TensorAccessor(const TensorAccessorArgs<CTA, CRTA> &, size_t)
    -> TensorAccessor<tensor_accessor::SpecOf<TensorAccessorArgs<CTA, CRTA>>>;
template <std::size_t CTA, std::size_t CRTA>
TensorAccessor(const TensorAccessorArgs<CTA, CRTA> &, size_t, uint32_t)
    -> TensorAccessor<tensor_accessor::SpecOf<TensorAccessorArgs<CTA, CRTA>>>;

namespace tensor_accessor {

// What the two iterators share: a position that counts up, and the page it stands for. `Self` says
// with page_at() what that is, and with settle() which positions it passes over.
template <typename Self, typename Accessor> class PageIterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Page;
    using difference_type = std::ptrdiff_t;
    using reference = const Page &;
    using pointer = const Page *;

    PageIterator(const Accessor &a, uint32_t at, uint32_t end, uint8_t noc)
        : accessor(&a), at(at), end(end), noc(noc), page(0, 0) {}

    uint32_t page_id() const { return page.page_id(); }
    reference operator*() const { return page; }
    pointer operator->() const { return &page; }
    Self &operator++() { return self() += 1; }
    Self operator++(int) {
        Self before = self();
        self() += 1;
        return before;
    }
    Self &operator+=(difference_type steps) {
        at = end - at < (uint32_t)steps ? end : at + (uint32_t)steps;
        self().settle();
        return self();
    }
    Self operator+(difference_type steps) const {
        Self r = *static_cast<const Self *>(this);
        r += steps;
        return r;
    }
    bool operator==(const PageIterator &o) const { return at == o.at; }
    bool operator!=(const PageIterator &o) const { return at != o.at; }
    bool operator<(const PageIterator &o) const { return at < o.at; }
    bool operator>(const PageIterator &o) const { return at > o.at; }
    bool operator<=(const PageIterator &o) const { return at <= o.at; }
    bool operator>=(const PageIterator &o) const { return at >= o.at; }

  protected:
    const Accessor *accessor;
    uint32_t at, end;
    uint8_t noc;
    Page page;

  private:
    Self &self() { return *static_cast<Self *>(this); }
};

// Pages of a tensor in the order of their numbers.
template <typename Accessor> class Pages {
  public:
    class iterator : public PageIterator<iterator, Accessor> {
      public:
        iterator(const Accessor &a, uint32_t at, uint32_t end, uint8_t noc)
            : PageIterator<iterator, Accessor>(a, at, end, noc) {
            settle();
        }
        void settle() {
            if (this->at < this->end)
                this->page = Page(this->accessor->get_noc_addr(this->at, 0, this->noc), this->at);
        }
    };
    using const_iterator = iterator;

    Pages(const Accessor &a, uint32_t start, uint32_t end, uint8_t noc)
        : accessor(a), start_(start < end ? start : end), end_(end), noc(noc) {}
    iterator begin() const { return iterator(accessor, start_, end_, noc); }
    iterator end() const { return iterator(accessor, end_, end_, noc); }
    iterator cbegin() const { return begin(); }
    iterator cend() const { return end(); }

  private:
    const Accessor &accessor;
    uint32_t start_, end_;
    uint8_t noc;
};

// Pages of one shard, passing over those that stick out of the tensor.
template <typename Accessor> class ShardPages {
  public:
    class iterator : public PageIterator<iterator, Accessor> {
      public:
        iterator(const Accessor &a, uint32_t shard, uint32_t at, uint32_t end, uint8_t noc)
            : PageIterator<iterator, Accessor>(a, at, end, noc), shard(shard) {
            settle();
        }
        void settle() {
            for (; this->at < this->end; this->at++)
                if (look()) return;
        }

      private:
        uint32_t shard;
        bool look() {
            const auto &d = this->accessor->dspec();
            typename Accessor::DSpec::Shape coord;
            uint32_t left = this->at, grid = shard, id = 0;
            for (uint32_t i = d.rank(); i-- > 0;) {
                coord[i] =
                    grid % d.shard_grid()[i] * d.shard_shape()[i] + left % d.shard_shape()[i];
                grid /= d.shard_grid()[i];
                left /= d.shard_shape()[i];
                if (coord[i] >= d.tensor_shape()[i]) return false;
                id += coord[i] * d.tensor_strides()[i];
            }
            this->page = Page(this->accessor->get_noc_addr(coord, 0, this->noc), id);
            return true;
        }
    };
    using const_iterator = iterator;

    ShardPages(const Accessor &a, uint32_t shard, uint32_t start, uint32_t end, uint8_t noc)
        : accessor(a), shard(shard), start_(start), end_(end), noc(noc) {}
    iterator begin() const { return iterator(accessor, shard, start_, end_, noc); }
    iterator end() const { return iterator(accessor, shard, end_, end_, noc); }
    iterator cbegin() const { return begin(); }
    iterator cend() const { return end(); }

  private:
    const Accessor &accessor;
    uint32_t shard, start_, end_;
    uint8_t noc;
};

template <typename... Args, uint32_t... I>
auto accessor_tuple(const std::tuple<Args...> &args, uint32_t address_rt, uint32_t page_size_ct,
                    std::integer_sequence<uint32_t, I...>) {
    return std::make_tuple(TensorAccessor(std::get<I>(args), get_arg_val<uint32_t>(address_rt + I),
                                          kernel_compile_time_args[page_size_ct + I])...);
}

} // namespace tensor_accessor

// Accessors of several tensors whose addresses follow each other in the runtime arguments and whose
// page sizes do in the compile-time arguments.
template <typename... Args>
auto make_tensor_accessor_tuple(const std::tuple<Args...> &args,
                                uint32_t address_rt_arg_index_start,
                                uint32_t page_size_ct_arg_index_start) {
    return tensor_accessor::accessor_tuple(args, address_rt_arg_index_start,
                                           page_size_ct_arg_index_start,
                                           std::make_integer_sequence<uint32_t, sizeof...(Args)>());
}

// Any accessor behind one type, for arrays of them.
class AbstractTensorAccessorWrapper {
  public:
    AbstractTensorAccessorWrapper() = default;
    template <typename Accessor>
    AbstractTensorAccessorWrapper(const Accessor &a)
        : accessor(&a), call([](const void *p, uint32_t page, uint32_t offset, uint8_t noc) {
              return static_cast<const Accessor *>(p)->get_noc_addr(page, offset, noc);
          }) {}
    uint64_t get_noc_addr(uint32_t page_idx, uint32_t offset = 0, uint8_t noc = noc_index) const {
        return call(accessor, page_idx, offset, noc);
    }

  private:
    const void *accessor = nullptr;
    uint64_t (*call)(const void *, uint32_t, uint32_t, uint8_t) = nullptr;
};

template <typename... Accessors>
auto make_abstract_tensor_accessor_wrappers(const std::tuple<Accessors...> &accessors) {
    return std::apply(
        [](const auto &...a) {
            return std::array<AbstractTensorAccessorWrapper, sizeof...(a)>{
                AbstractTensorAccessorWrapper(a)...
            };
        },
        accessors);
}
