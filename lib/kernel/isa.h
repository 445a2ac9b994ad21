/* Each kernel file is compiled once for each instruction set; JN_K(name) is the set's own name of a
 * kernel, so that the sets live side by side in one archive. Internal to lib/kernel. */
#ifndef JN_KERNEL_ISA_H
#define JN_KERNEL_ISA_H

#include "kernel/kernels.h"

#ifndef JN_ISA
#error "lib/kernel/meson.build defines JN_ISA as avx512, avx2 or plain"
#endif

#define JN_K_JOIN(name, isa) jn_k_##name##_##isa
#define JN_K_NAME(name, isa) JN_K_JOIN(name, isa)
#define JN_K(name)           JN_K_NAME(name, JN_ISA)
#define JN_K_STRING(isa)     #isa
#define JN_K_TEXT(isa)       JN_K_STRING(isa)

#define JN_KERNEL_NAMES(X) \
    X(words)               \
    X(uniforms)            \
    X(normals)             \
    X(box_muller)          \
    X(scramble)            \
    X(exp)                 \
    X(log)                 \
    X(log1p)               \
    X(expm1)               \
    X(softplus)            \
    X(tanh)                \
    X(sigmoid)             \
    X(quantile)            \
    X(max)                 \
    X(sum_exp)             \
    X(moments)             \
    X(measure)             \
    X(lse)                 \
    X(weigh)               \
    X(extent)              \
    X(above)               \
    X(sum_log1p)           \
    X(powers)              \
    X(weights)             \
    X(bins)                \
    X(group_lme)           \
    X(group_means)         \
    X(control)             \
    X(residual)            \
    X(quadratic)           \
    X(affine)              \
    X(diagonal)            \
    X(logistic)            \
    X(score)               \
    X(score_bits)          \
    X(distance)            \
    X(law_gap)             \
    X(law_exp)

/* Prototypes, from the types of the table's members. */
#define JN_K_DECLARE(name) __typeof__(*((jn_kernels *)0)->name) JN_K(name);
JN_KERNEL_NAMES(JN_K_DECLARE)
#undef JN_K_DECLARE

#endif
