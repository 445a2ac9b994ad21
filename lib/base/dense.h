/* Small dense linear algebra: n x n row-major matrices, no allocation, nothing that can abort.
 * A lower triangular factor has zeros above its diagonal. Internal. */
#ifndef JN_BASE_DENSE_H
#define JN_BASE_DENSE_H

#include <stdbool.h>
#include <stddef.h>

/* a = L L' in place (the lower triangle is read); false when a is not positive definite to working
 * precision or holds a NaN, and a is then spoilt. */
bool jn_cholesky(size_t n, double *a);

/* L y = b and L' y = b in place. */
void jn_lower_solve(size_t n, const double *l, double *b);
void jn_lower_transpose_solve(size_t n, const double *l, double *b);

/* sum of log L_ii: half of log det(L L'). */
double jn_lower_log_det(size_t n, const double *l);

/* (L L')^-1, symmetric, in place of L. */
void jn_cholesky_invert(size_t n, double *l);

/* The inverse of a symmetric positive definite matrix in place; false as for jn_cholesky. */
bool jn_spd_invert(size_t n, double *a);

/* Eigenvalues (ascending) of a symmetric matrix by cyclic Jacobi rotations, which find small
 * eigenvalues of a scaled matrix to high relative accuracy (Demmel & Veselic 1992). `a` is spoilt;
 * eigenvector k is column k of `vectors` (NULL: not wanted). false: no convergence, or NaN. */
bool jn_symmetric_eigen(size_t n, double *a, double *values, double *vectors);

/* Eigenvalues (ascending, in place of the diagonal) of a symmetric tridiagonal matrix by the
 * implicit QL method, and the first component of each normalised eigenvector: the Gauss rule of a
 * Jacobi matrix (Golub & Welsch 1969). off: n - 1 elements beside the diagonal, spoilt. false: no
 * convergence, or NaN. */
bool jn_tridiagonal_eigen(size_t n, double *diagonal, double *off, double *first);

#endif
