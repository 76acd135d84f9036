// Values that host and kernels agree on.
#pragma once
#include <cstddef>
#include <cstdint>

constexpr static std::uint32_t INVALID = 0; // a semaphore's usual two states
constexpr static std::uint32_t VALID = 1;
constexpr static std::size_t DEFAULT_L1_SMALL_SIZE = 0;
constexpr static std::size_t DEFAULT_TRACE_REGION_SIZE = 0;
constexpr static std::size_t DEFAULT_WORKER_L1_SIZE = 0;
constexpr uint16_t RTA_CRTA_NO_ARGS_SENTINEL = 0xFFFF;
