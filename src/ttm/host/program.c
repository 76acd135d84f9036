// Programs: kernels on cores, with their circular buffers, semaphores and arguments.
//
// What is added here is checked and remembered; launch.c compiles and sends it.
#include "ttm/host/host.h"

#include <ctype.h>

static wt_status_t program_open(const ttm_program_t *p) {
    if (p->compiled)
        return fail(WT_INVALID,
                    "the program has been launched: nothing can be added to it any more");
    return WT_OK;
}

static wt_status_t program_create(ttm_device_t *d, ttm_program_t **out) {
    ttm_program_t *p = calloc(1, sizeof *p);
    if (!p) return fail(WT_NOMEM, "no memory for a program");
    p->device = d;
    vec_push(&d->programs, p);
    d->refs++;
    *out = p;
    return WT_OK;
}

wt_status_t ttm_program_create(ttm_device_t *device, ttm_program_t **program) {
    NEED(device);
    NEED(program);
    TRY(device_enter(device));
    return device_leave(device, program_create(device, program));
}

static void kernel_free(ttm_kernel_t *k) {
    for (int p = 0; p < PROC_COUNT; p++) kernel_image_free(&k->images[p]);
    for (int i = 0; i < CORES_MAX; i++) vec_free(&k->rtas[i]);
    vec_free(&k->crtas);
    arena_free(&k->arena);
    free(k);
}

// The device is closing: compiled code goes, handles of kernels and circular buffers stay.
void program_close(ttm_program_t *p) {
    for (size_t i = 0; i < p->kernels.len; i++)
        for (int c = 0; c < PROC_COUNT; c++) kernel_image_free(&p->kernels.data[i]->images[c]);
}

wt_status_t ttm_program_destroy(ttm_program_t *program) {
    if (!program) return WT_OK;
    ttm_device_t *d = program->device;
    device_lock(d);
    if (d->chip && d->depth > 1 && core_set_count(&program->running))
        return device_leave(d, fail(WT_INVALID, "a callback must not destroy a running program"));
    if (d->chip) {
        Err before;
        err_save(&before); // waiting may fail; that is nobody's concern any more
        if (!program->given_up) (void)program_wait(program);
        (void)err_raise(&before);
        size_t i = 0;
        while (d->programs.data[i] != program) i++;
        d->programs.data[i] = vec_pop(&d->programs);
    }
    for (size_t i = 0; i < program->kernels.len; i++) kernel_free(program->kernels.data[i]);
    for (size_t i = 0; i < program->cbs.len; i++) free(program->cbs.data[i]);
    vec_free(&program->kernels);
    vec_free(&program->cbs);
    vec_free(&program->semaphores);
    device_release(d);
    free(program);
    return WT_OK;
}

// ---- circular buffers

static wt_status_t cb_add_index(ttm_cb_t *cb, uint32_t num_cbs, const ttm_cb_index_t *i) {
    if (i->index >= num_cbs)
        return fail(WT_INVALID, "circular buffer index %u: a core has 0 to %u", i->index,
                    num_cbs - 1);
    if (cb->mask >> i->index & 1)
        return fail(WT_INVALID, "circular buffer index %u is given twice", i->index);
    if (i->page_size == 0 || cb->size % i->page_size)
        return fail(WT_INVALID, "pages of %u bytes do not divide circular buffer %u of %u bytes",
                    i->page_size, i->index, cb->size);
    if (i->format > 255) return fail(WT_INVALID, "%u is no data format", i->format);
    cb->mask |= 1ull << i->index;
    cb->page_size[i->index] = i->page_size;
    cb->format[i->index] = (uint8_t)i->format;
    return WT_OK;
}

// No core may have one index twice.
static wt_status_t cb_check(const ttm_program_t *p, const ttm_cb_t *cb) {
    for (size_t n = 0; n < p->cbs.len; n++) {
        const ttm_cb_t *other = p->cbs.data[n];
        uint32_t core;
        if (!(other->mask & cb->mask) || !core_set_overlap(&other->cores, &cb->cores, &core))
            continue;
        ttm_core_t c = core_at(p->device->grid, core);
        return fail(WT_INVALID, "core (%u,%u) already has a circular buffer with index %d", c.x,
                    c.y, __builtin_ctzll(other->mask & cb->mask));
    }
    return WT_OK;
}

static wt_status_t cb_place(ttm_cb_t *cb, const ttm_buffer_t *in) {
    int index = __builtin_ctzll(cb->mask);
    if (in->device != cb->program->device)
        return fail(WT_INVALID, "circular buffer %d lies in a buffer of another device", index);
    if (in->type != TTM_BUFFER_L1)
        return fail(WT_INVALID, "circular buffer %d lies in a buffer that is not in L1", index);
    uint64_t room = alloc_size_per_bank(in->size, in->page_size, in->banks, LAYOUT_ALIGN);
    if (room < cb->size)
        return fail(WT_INVALID, "circular buffer %d of %u bytes: its buffer has %llu in each bank",
                    index, cb->size, (unsigned long long)room);
    cb->fixed = (uint32_t)in->address;
    return WT_OK;
}

static wt_status_t cb_init(ttm_cb_t *cb, const ttm_core_range_t *ranges, size_t num_ranges,
                           const ttm_cb_index_t *indices, size_t num_indices,
                           const ttm_buffer_t *in) {
    ttm_program_t *p = cb->program;
    TRY(core_set_of(&cb->cores, p->device->grid, ranges, num_ranges));
    if (!indices || num_indices == 0)
        return fail(WT_INVALID, "a circular buffer without an index is of no use");
    if (cb->size == 0) return fail(WT_INVALID, "circular buffer %u has no bytes", indices->index);
    for (size_t i = 0; i < num_indices; i++)
        TRY(cb_add_index(cb, p->device->facts->num_cbs, &indices[i]));
    if (in) TRY(cb_place(cb, in));
    return cb_check(p, cb);
}

static wt_status_t cb_create(ttm_program_t *p, const ttm_core_range_t *ranges, size_t num_ranges,
                             uint32_t size, const ttm_cb_index_t *indices, size_t num_indices,
                             const ttm_cb_options_t *o, ttm_cb_t **out) {
    TRY(program_open(p));
    ttm_cb_t *cb = calloc(1, sizeof *cb);
    if (!cb) return fail(WT_NOMEM, "no memory for a circular buffer's description");
    cb->program = p;
    cb->size = size;
    wt_status_t s = cb_init(cb, ranges, num_ranges, indices, num_indices, o->buffer);
    if (s != WT_OK) {
        free(cb);
        return s;
    }
    vec_push(&p->cbs, cb);
    if (out) *out = cb;
    return WT_OK;
}

wt_status_t ttm_cb_create(ttm_program_t *program, const ttm_core_range_t *ranges, size_t num_ranges,
                          uint32_t size, const ttm_cb_index_t *indices, size_t num_indices,
                          const ttm_cb_options_t *options, ttm_cb_t **cb) {
    NEED(program);
    ttm_cb_options_t o;
    TRY(OPTIONS(&o, options));
    TRY(device_enter(program->device));
    return device_leave(program->device,
                        cb_create(program, ranges, num_ranges, size, indices, num_indices, &o, cb));
}

static wt_status_t cb_address(const ttm_cb_t *cb, uint64_t *address) {
    if (!cb->address)
        return fail(WT_INVALID, "the circular buffer has no address before its program's launch");
    *address = cb->address;
    return WT_OK;
}

wt_status_t ttm_cb_address(const ttm_cb_t *cb, uint64_t *address) {
    NEED(cb);
    NEED(address);
    TRY(device_enter(cb->program->device));
    return device_leave(cb->program->device, cb_address(cb, address));
}

// ---- semaphores

static wt_status_t semaphore_create(ttm_program_t *p, const ttm_core_range_t *ranges,
                                    size_t num_ranges, uint32_t initial, uint32_t *id) {
    TRY(program_open(p));
    Semaphore s = { .initial = initial };
    TRY(core_set_of(&s.cores, p->device->grid, ranges, num_ranges));
    uint32_t used = 0, core = 0; // the least id that none of the cores has
    for (size_t i = 0; i < p->semaphores.len; i++)
        if (core_set_overlap(&p->semaphores.data[i].cores, &s.cores, &core))
            used |= 1u << p->semaphores.data[i].id;
    s.id = (uint32_t)__builtin_ctz(~used);
    if (s.id >= ABI_NUM_SEMAPHORES) {
        uint32_t first = 0;
        core_set_next(&s.cores, &first);
        ttm_core_t c = core_at(p->device->grid, first);
        return fail(WT_INVALID,
                    "none of the %d semaphores of a core is free on all cores from (%u,%u) on",
                    ABI_NUM_SEMAPHORES, c.x, c.y);
    }
    vec_push(&p->semaphores, s);
    *id = s.id;
    return WT_OK;
}

wt_status_t ttm_semaphore_create(ttm_program_t *program, const ttm_core_range_t *ranges,
                                 size_t num_ranges, uint32_t initial, uint32_t *id) {
    NEED(program);
    NEED(id);
    TRY(device_enter(program->device));
    return device_leave(program->device,
                        semaphore_create(program, ranges, num_ranges, initial, id));
}

// ---- kernels

static const char *const opt_levels[] = { NULL, "O0", "O1", "O2", "O3", "Os", "Ofast", "Oz" };

// What the two kinds of kernel have in common in their options.
typedef struct KernelArgs {
    const uint32_t *compile_args;
    size_t num_compile_args;
    const ttm_named_arg_t *named_args;
    size_t num_named_args;
    const ttm_define_t *defines;
    size_t num_defines;
    ttm_opt_t opt_level;
} KernelArgs;

#define KERNEL_ARGS(o)                                                                             \
    (KernelArgs) {                                                                                 \
        (o)->compile_args, (o)->num_compile_args, (o)->named_args, (o)->num_named_args,            \
            (o)->defines, (o)->num_defines, (o)->opt_level                                         \
    }

// NAME or NAME(parameters), as the preprocessor reads them; anything else would define another
// name.
static bool define_name_good(const char *name) {
    const char *p = name;
    while (isalnum((unsigned char)*p) || *p == '_') p++;
    if (p == name || isdigit((unsigned char)*name)) return false;
    return !*p || (*p == '(' && p[strcspn(p, ")\n")] == ')' && !p[strcspn(p, ")") + 1]);
}

enum { LIST_MAX = 65536 }; // of any list in a kernel's options: more is a mistake

static wt_status_t kernel_copy_args(ttm_kernel_t *k, const KernelArgs *a) {
    if (a->num_compile_args > LIST_MAX || a->num_named_args > LIST_MAX || a->num_defines > LIST_MAX)
        return fail(WT_INVALID,
                    "kernel '%s': %zu compile-time arguments, %zu named ones, %zu defines; at most "
                    "%d of each",
                    k->name, a->num_compile_args, a->num_named_args, a->num_defines, LIST_MAX);
    if ((a->num_compile_args && !a->compile_args) || (a->num_named_args && !a->named_args) ||
        (a->num_defines && !a->defines))
        return fail(WT_INVALID, "kernel '%s': an array of its options is NULL but not empty",
                    k->name);
    if (a->opt_level > TTM_OPT_OZ)
        return fail(WT_INVALID, "kernel '%s': %u is no optimisation level", k->name, a->opt_level);
    k->opt_level = opt_levels[a->opt_level];
    uint32_t *words = arena_array(&k->arena, uint32_t, a->num_compile_args);
    for (size_t i = 0; i < a->num_compile_args; i++) words[i] = a->compile_args[i];
    k->compile_args = words;
    k->num_compile_args = a->num_compile_args;
    k->named_args = arena_array(&k->arena, NamedArg, a->num_named_args);
    for (size_t i = 0; i < a->num_named_args; i++) {
        const char *name = a->named_args[i].name;
        if (!name) return fail(WT_INVALID, "kernel '%s': a named argument has no name", k->name);
        k->named_args[i] =
            (NamedArg){ arena_str(&k->arena, name, strlen(name)), a->named_args[i].value };
    }
    k->num_named_args = a->num_named_args;
    k->defines = arena_array(&k->arena, Define, a->num_defines);
    for (size_t i = 0; i < a->num_defines; i++) {
        const char *name = a->defines[i].name, *value = a->defines[i].value;
        if (!name) return fail(WT_INVALID, "kernel '%s': a define has no name", k->name);
        if (!define_name_good(name))
            return fail(WT_INVALID, "kernel '%s': '%s' cannot be the name of a define", k->name,
                        name);
        if (!value) value = "";
        if (strchr(value, '\n'))
            return fail(WT_INVALID, "kernel '%s': the value of '%s' holds a line break", k->name,
                        name);
        k->defines[i] = (Define){ arena_str(&k->arena, name, strlen(name)),
                                  arena_str(&k->arena, value, strlen(value)) };
    }
    k->num_defines = a->num_defines;
    return WT_OK;
}

// One kernel per processor; two data-movement kernels of a core on different NoCs, unless both use
// both.
static wt_status_t kernel_check(const ttm_program_t *p, const ttm_kernel_t *k) {
    for (size_t n = 0; n < p->kernels.len; n++) {
        const ttm_kernel_t *other = p->kernels.data[n];
        uint32_t core;
        if (!core_set_overlap(&other->cores, &k->cores, &core)) continue;
        ttm_core_t c = core_at(p->device->grid, core);
        static const char *const classes[] = { "RISCV_0", "RISCV_1", "the compute processors" };
        if (other->class == k->class)
            return fail(WT_INVALID, "kernel '%s': %s of core (%u,%u) already has kernel '%s'",
                        k->name, classes[k->class], c.x, c.y, other->name);
        if (other->class == CLASS_COMPUTE || k->class == CLASS_COMPUTE) continue;
        if (other->noc_mode != k->noc_mode)
            return fail(WT_INVALID,
                        "kernel '%s': core (%u,%u) has a kernel ('%s') of the other NoC mode",
                        k->name, c.x, c.y, other->name);
        if (k->noc_mode == DM_DEDICATED_NOC && other->noc == k->noc)
            return fail(WT_INVALID,
                        "kernel '%s': NoC %u of core (%u,%u) is already used by kernel '%s'",
                        k->name, k->noc, c.x, c.y, other->name);
    }
    return WT_OK;
}

static wt_status_t kernel_init(ttm_kernel_t *k, const char *path, const char *text,
                               const ttm_core_range_t *ranges, size_t num_ranges,
                               const KernelArgs *args) {
    ttm_program_t *p = k->program;
    TRY(program_open(p));
    k->name = "kernel.cpp"; // what the compiler calls a string
    if (path) {
        char found[PATH_CAP];
        TRY(kernel_path_resolve(path, p->device->root_dir, found, sizeof found));
        k->path = arena_str(&k->arena, found, strlen(found));
        k->name = arena_str(&k->arena, path_base(path), strlen(path_base(path)));
    } else {
        k->text = arena_str(&k->arena, text, strlen(text));
    }
    WRAP(core_set_of(&k->cores, p->device->grid, ranges, num_ranges), "kernel '%s'", k->name);
    TRY(kernel_copy_args(k, args));
    return kernel_check(p, k);
}

static ttm_kernel_t *kernel_new(ttm_program_t *p) {
    ttm_kernel_t *k = calloc(1, sizeof *k);
    if (k)
        k->program = p;
    else
        (void)fail(WT_NOMEM, "no memory for a kernel's description");
    return k;
}

// Ends the creation of a kernel: adds it to its program, or frees it.
static wt_status_t kernel_finish(ttm_kernel_t *k, wt_status_t s, ttm_kernel_t **out) {
    if (s != WT_OK) {
        kernel_free(k);
        return s;
    }
    vec_push(&k->program->kernels, k);
    if (out) *out = k;
    return WT_OK;
}

static wt_status_t dataflow_create(ttm_program_t *p, const char *path, const char *text,
                                   const ttm_core_range_t *ranges, size_t num_ranges,
                                   const ttm_dataflow_options_t *options, ttm_kernel_t **out) {
    ttm_dataflow_options_t o;
    TRY(OPTIONS(&o, options));
    if (o.processor > TTM_RISCV_1)
        return fail(WT_INVALID, "%u is no data-movement processor", o.processor);
    if (o.noc > TTM_NOC_1) return fail(WT_INVALID, "%u is no NoC", o.noc);
    TRY(device_enter(p->device));
    ttm_kernel_t *k = kernel_new(p);
    if (!k) return device_leave(p->device, WT_NOMEM);
    k->class = o.processor == TTM_RISCV_0 ? CLASS_DM0 : CLASS_DM1;
    k->noc = o.noc ? (uint8_t)(o.noc - TTM_NOC_0) : (uint8_t)o.processor;
    k->noc_mode = o.dynamic_noc ? DM_DYNAMIC_NOC : DM_DEDICATED_NOC;
    wt_status_t s = kernel_init(k, path, text, ranges, num_ranges, &KERNEL_ARGS(&o));
    return device_leave(p->device, kernel_finish(k, s, out));
}

wt_status_t ttm_kernel_create_dataflow(ttm_program_t *program, const char *path,
                                       const ttm_core_range_t *ranges, size_t num_ranges,
                                       const ttm_dataflow_options_t *options,
                                       ttm_kernel_t **kernel) {
    NEED(program);
    NEED(path);
    return dataflow_create(program, path, NULL, ranges, num_ranges, options, kernel);
}

wt_status_t ttm_kernel_create_dataflow_from_string(ttm_program_t *program, const char *source,
                                                   const ttm_core_range_t *ranges,
                                                   size_t num_ranges,
                                                   const ttm_dataflow_options_t *options,
                                                   ttm_kernel_t **kernel) {
    NEED(program);
    NEED(source);
    return dataflow_create(program, NULL, source, ranges, num_ranges, options, kernel);
}

static wt_status_t compute_create(ttm_program_t *p, const char *path, const char *text,
                                  const ttm_core_range_t *ranges, size_t num_ranges,
                                  const ttm_compute_options_t *options, ttm_kernel_t **out) {
    // tt::MathFidelity LoFi 0, HiFi2 2, HiFi3 3, HiFi4 4; the build counts from 1, 0 is its
    // default.
    static const uint8_t fidelities[] = { 0, 1, 3, 4, 5 };
    ttm_compute_options_t o;
    TRY(OPTIONS(&o, options));
    if (o.math_fidelity > TTM_FIDELITY_HIFI4)
        return fail(WT_INVALID, "%u is no math fidelity", o.math_fidelity);
    TRY(device_enter(p->device));
    ttm_kernel_t *k = kernel_new(p);
    if (!k) return device_leave(p->device, WT_NOMEM);
    k->class = CLASS_COMPUTE;
    k->compute = (ComputeOptions){
        .math_fidelity = fidelities[o.math_fidelity],
        .fp32_dest_acc = o.fp32_dest_acc != 0,
        .dst_full_sync = o.dst_full_sync != 0,
        .math_approx = o.math_approx != 0,
        .bfp8_pack_precise = o.bfp8_pack_precise != 0,
        .unpack_to_dest_fp32 = o.unpack_to_dest_fp32,
    };
    wt_status_t s = kernel_init(k, path, text, ranges, num_ranges, &KERNEL_ARGS(&o));
    return device_leave(p->device, kernel_finish(k, s, out));
}

wt_status_t ttm_kernel_create_compute(ttm_program_t *program, const char *path,
                                      const ttm_core_range_t *ranges, size_t num_ranges,
                                      const ttm_compute_options_t *options, ttm_kernel_t **kernel) {
    NEED(program);
    NEED(path);
    return compute_create(program, path, NULL, ranges, num_ranges, options, kernel);
}

wt_status_t ttm_kernel_create_compute_from_string(ttm_program_t *program, const char *source,
                                                  const ttm_core_range_t *ranges, size_t num_ranges,
                                                  const ttm_compute_options_t *options,
                                                  ttm_kernel_t **kernel) {
    NEED(program);
    NEED(source);
    return compute_create(program, NULL, source, ranges, num_ranges, options, kernel);
}

// ---- arguments

static wt_status_t args_check(const ttm_kernel_t *k, size_t unique, size_t common) {
    const size_t most = ABI_MAX_RUNTIME_ARGS;
    if (unique <= most && common <= most - unique) return WT_OK;
    return fail(WT_INVALID,
                "kernel '%s': %zu unique and %zu common runtime arguments; a core takes "
                "%zu in all",
                k->name, unique, common, most);
}

static wt_status_t set_rtas(ttm_kernel_t *k, const ttm_core_range_t *ranges, size_t num_ranges,
                            const uint32_t *args, size_t n) {
    CoreSet cores;
    uint32_t core;
    Grid g = k->program->device->grid;
    WRAP(core_set_of(&cores, g, ranges, num_ranges), "kernel '%s'", k->name);
    TRY(args_check(k, n, k->crtas.len));
    if (core_set_beyond(&cores, &k->cores, &core))
        return fail(WT_INVALID, "kernel '%s' does not run on core (%u,%u)", k->name,
                    core_at(g, core).x, core_at(g, core).y);
    for (uint32_t i = 0; core_set_next(&cores, &i); i++) {
        vec_resize(&k->rtas[i], n);
        if (n) memcpy(k->rtas[i].data, args, n * sizeof *args);
    }
    return WT_OK;
}

wt_status_t ttm_set_runtime_args(ttm_kernel_t *kernel, const ttm_core_range_t *ranges,
                                 size_t num_ranges, const uint32_t *args, size_t num_args) {
    NEED(kernel);
    if (num_args) NEED(args);
    ttm_device_t *d = kernel->program->device;
    TRY(device_enter(d));
    return device_leave(d, set_rtas(kernel, ranges, num_ranges, args, num_args));
}

static wt_status_t set_crtas(ttm_kernel_t *k, const uint32_t *args, size_t n) {
    size_t most = 0;
    for (uint32_t i = 0; core_set_next(&k->cores, &i); i++)
        if (k->rtas[i].len > most) most = k->rtas[i].len;
    TRY(args_check(k, most, n));
    vec_resize(&k->crtas, n);
    if (n) memcpy(k->crtas.data, args, n * sizeof *args);
    return WT_OK;
}

wt_status_t ttm_set_common_runtime_args(ttm_kernel_t *kernel, const uint32_t *args,
                                        size_t num_args) {
    NEED(kernel);
    if (num_args) NEED(args);
    ttm_device_t *d = kernel->program->device;
    TRY(device_enter(d));
    return device_leave(d, set_crtas(kernel, args, num_args));
}

// ---- launch and wait

wt_status_t ttm_program_launch(ttm_program_t *program, const ttm_launch_options_t *options) {
    NEED(program);
    ttm_launch_options_t o;
    TRY(OPTIONS(&o, options));
    TRY(device_enter(program->device));
    return device_leave(program->device, program_launch(program, &o));
}

wt_status_t ttm_program_wait(ttm_program_t *program) {
    NEED(program);
    TRY(device_enter(program->device));
    return device_leave(program->device, program_wait(program));
}
