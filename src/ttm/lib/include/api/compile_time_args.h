// Compile-time arguments: KERNEL_COMPILE_TIME_ARGS is a list of numbers,
// KERNEL_COMPILE_TIME_ARG_MAP one of {"name", number} pairs; the build defines both.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "wt/attributes.h"

#ifndef KERNEL_COMPILE_TIME_ARGS
#define KERNEL_COMPILE_TIME_ARGS
#endif

template <class T, class... Ts> constexpr std::array<T, sizeof...(Ts)> make_array(Ts... values) {
    return { T(values)... };
}

constexpr auto kernel_compile_time_args = make_array<std::uint32_t>(KERNEL_COMPILE_TIME_ARGS);

template <uint32_t Idx> constexpr uint32_t get_ct_arg() {
    static_assert(Idx < kernel_compile_time_args.size(),
                  "compile-time argument index out of range: the host passed fewer arguments");
    return kernel_compile_time_args[Idx];
}
#define get_compile_time_arg_val(arg_idx) get_ct_arg<arg_idx>()

#ifndef KERNEL_COMPILE_TIME_ARG_MAP
#define KERNEL_COMPILE_TIME_ARG_MAP
#endif

namespace wt {
// The first stands for none: an array cannot be empty.
constexpr std::pair<std::string_view, uint32_t> named_args[] = { {},
                                                                 KERNEL_COMPILE_TIME_ARG_MAP };
// For a name that is not in the map. It is not constexpr, so that a constant expression which gets
// here does not compile; at run time it faults.
[[noreturn]] inline void no_such_named_argument() { __builtin_trap(); }
} // namespace wt

constexpr uint32_t get_named_ct_arg(std::string_view name) {
    for (size_t i = 1; i < sizeof wt::named_args / sizeof *wt::named_args; i++)
        if (wt::named_args[i].first == name) return wt::named_args[i].second;
    wt::no_such_named_argument();
}
constexpr uint32_t get_named_compile_time_arg_val(std::string_view name) {
    return get_named_ct_arg(name);
}
