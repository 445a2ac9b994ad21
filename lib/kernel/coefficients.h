/* Polynomials of the kernels, low order first. Internal to lib/kernel.
 *
 * Each interpolates its function at the Chebyshev nodes of the interval, found with 60 digits and
 * rounded (solve V c = f(x), x_i = mid + half cos(pi (2 i + 1) / (2 n))); "error" is the largest
 * error of the rounded polynomial, relative to the function that it serves. */
#ifndef JN_KERNEL_COEFFICIENTS_H
#define JN_KERNEL_COEFFICIENTS_H

/* (e^r - 1 - r) / r^2 on |r| <= 1.0001 log(2)/2, first coefficient held at 1/2;
 * error 2^-56 of itself. */
static const double EXP_Q[11] = {
    0.5,
    0.16666666666666669,
    0.041666666666666664,
    0.008333333333330062,
    0.0013888888888886552,
    0.00019841269863053618,
    2.4801587317144498e-05,
    2.7557268459997064e-06,
    2.755728296954995e-07,
    2.510038549551032e-08,
    2.0911236630261545e-09,
};

/* (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, s <= 1.0001 (sqrt 2 - 1) / (sqrt 2 + 1);
 * error 2^-57.6 of the logarithm. */
static const double LOG_P[7] = {
    0.666666666666667,   0.3999999999989938,  0.28571428626031065, 0.2222221112572281,
    0.18182889786191042, 0.15331699633543858, 0.14616721179861816,
};

/* (sin t / t - 1) / t^2 and (cos t - 1 + t^2 / 2) / t^4 in t^2, |t| <= 0.9818 (2.5 sixteenths of a
 * turn); errors 2^-56.6 of sin t / t, 2^-57.8 of the cosine. */
static const double SIN_P[7] = {
    -0.16666666666666666,  0.008333333333333307,  -0.0001984126984122549, 2.755731919637102e-06,
    -2.50521001960118e-08, 1.605779660878642e-10, -7.552877849917304e-13,
};
static const double COS_P[7] = {
    0.041666666666666664,    -0.0013888888888888874, 2.480158730156264e-05,
    -2.7557319208629874e-07, 2.0876752434143152e-09, -1.1470052142826158e-11,
    4.7270649457483045e-14,
};

#endif
