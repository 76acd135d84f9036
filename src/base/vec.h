// A growing array of any element type:  typedef Vec(int) Ints;  Ints v = {0};  vec_push(&v, 7);
//
// Zero is the empty vector. Elements move when it grows, so keep indices, not pointers.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define Vec(T)                                                                                     \
    struct {                                                                                       \
        T *data;                                                                                   \
        size_t len, cap;                                                                           \
    }

#define vec_push(v, ...)                                                                           \
    do {                                                                                           \
        vec_reserve((v), (v)->len + 1);                                                            \
        (v)->data[(v)->len++] = __VA_ARGS__;                                                       \
    } while (0)
#define vec_reserve(v, n)                                                                          \
    ((v)->cap >= (size_t)(n)                                                                       \
         ? (void)0                                                                                 \
         : (void)((v)->data = vec_grow((v)->data, &(v)->cap, (n), sizeof *(v)->data)))
// Makes the length n; new elements are zero.
#define vec_resize(v, n)                                                                           \
    do {                                                                                           \
        size_t vec_n_ = (n);                                                                       \
        vec_reserve((v), vec_n_);                                                                  \
        if (vec_n_ > (v)->len)                                                                     \
            vec_zero((v)->data + (v)->len, (vec_n_ - (v)->len) * sizeof *(v)->data);               \
        (v)->len = vec_n_;                                                                         \
    } while (0)
#define vec_last(v) ((v)->data[(v)->len - 1])
#define vec_pop(v)  ((v)->data[--(v)->len])
#define vec_free(v) (free((v)->data), (v)->data = NULL, (v)->len = (v)->cap = 0)

void *vec_grow(void *data, size_t *cap, size_t need, size_t size);
void vec_zero(void *p, size_t n);
