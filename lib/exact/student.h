/* Multivariate Student densities with 2 degrees of freedom about the modes of a posterior, mixed by
 * the masses of the modes' Gaussians: a proposal whose tails cover most others. Internal. */
#ifndef JN_EXACT_STUDENT_H
#define JN_EXACT_STUDENT_H

#include <stdint.h>

#include "jensen/exact.h"
#include "jensen/logspace.h"
#include "jensen/random.h"
#include "jensen/target.h"

enum { JN_STUDENT_BLOCK = 512, JN_STUDENT_DIM = 64, JN_STUDENT_MODES = 16 };

/* Doubles that a block of draws works in. */
#define JN_STUDENT_SCRATCH(dim) ((3 * (dim) + 5) * JN_STUDENT_BLOCK)

typedef struct jn_student {
    const jn_model *m;
    size_t row;
    jn_modes modes;
    double log_weight[JN_STUDENT_MODES];
    bool
        outweighed; /* the posterior's tails are so much heavier that no error of a mean is known */
} jn_student;

/* Free with jn_student_free. JN_ERR_UNSUPPORTED: discrete, or more than 64 coordinates. */
JN_CHECKED jn_status jn_student_new(const jn_model *m, size_t row, jn_student *out, jn_error *err);
void jn_student_free(jn_student *q);

/* log p(x, u) - log q(u) at scrambled Sobol' points first .. first+n-1 of a stream, mapped by q;
 * n <= JN_STUDENT_BLOCK. */
JN_CHECKED jn_status jn_student_weights(const jn_student *q, const jn_stream *s, uint64_t first,
                                        size_t n, double *scratch, double *out);
/* The same at given u: dim rows of JN_STUDENT_BLOCK. */
JN_CHECKED jn_status jn_student_weights_at(const jn_student *q, size_t n, const double *u,
                                           double *scratch, double *out);

/* A standard error, relative, by what the weights say of it: one that makes up much of their sum
 * says that there are more like it that no replicate has seen. Infinite where the sum means
 * nothing, and where five of them reach 0. */
double jn_student_doubt(const jn_student *q, double error, const jn_lse *weights);

#endif
