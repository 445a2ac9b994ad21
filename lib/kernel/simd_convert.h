/* 64-bit words to the nearest double where no instruction does it: the halves are put into the
 * mantissas of 2^52, which is exact, and joined by one rounding. See simd.h. */
#ifndef JN_KERNEL_SIMD_CONVERT_H
#define JN_KERNEL_SIMD_CONVERT_H

INLINE vd v_low_half(vi x)
{
    const vi magic = (vi){ 0 } + 0x4330000000000000U;
    return (vd)((x & 0xffffffffU) | magic) - 0x1p52;
}

INLINE vd v_from_unsigned(vi x)
{
    const vi magic = (vi){ 0 } + 0x4330000000000000U;
    const vd high = (vd)((x >> 32) | magic) - 0x1p52;
    return high * 0x1p32 + v_low_half(x);
}

INLINE vd v_from_signed(vi x)
{
    /* the high half with its sign bit flipped is unsigned and 2^31 too large */
    const vi magic = (vi){ 0 } + 0x4330000080000000U;
    const vd high = (vd)((x >> 32) ^ magic) - (0x1p52 + 0x1p31);
    return high * 0x1p32 + v_low_half(x);
}

#endif
