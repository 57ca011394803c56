//! The fingerprint of a body, by which a later delivery of an event with another body is found.

use twox_hash::XxHash3_64;

/// Returns the fingerprint of `bytes`: their 64-bit [XXH3](https://xxhash.com) with seed 0.
///
/// Stores keep fingerprints and compare them across processes, architectures and versions, so the
/// [specification](https://github.com/Cyan4973/xxHash/blob/v0.8.3/doc/xxhash_spec.md) fixes the function.
///
/// No decision rests on a fingerprint: an equal one only reports that a duplicate has the same body. A sender
/// that makes two of its own bodies collide gains nothing. Events are identified by SHA-256.
pub(crate) fn fingerprint(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    /// Lengths on both sides of each boundary in the algorithm, with the results of the reference
    /// implementation (xxHash 0.8.4, `XXH3_64bits`) for bytes of which the one at `n` is `7 * n + 3`.
    const REFERENCE: [(usize, u64); 16] = [
        (0, 0x2d06_8005_38d3_94c2),
        (1, 0x13e6_08bc_156d_efed),
        (3, 0xa908_8dda_485b_481c),
        (4, 0x6d92_53b1_6c8b_1ed3),
        (8, 0x6053_9db6_3047_1163),
        (9, 0xfeff_6683_61d7_23a8),
        (16, 0xb8c8_59b0_f030_b585),
        (17, 0x714a_0440_8e79_b80f),
        (128, 0x6742_5a03_6502_61bf),
        (129, 0xc664_bf33_11c6_abc4),
        (240, 0x6455_6dc6_b462_a6cf),
        (241, 0x8bea_dd3a_8874_fe17),
        (256, 0x3c38_817f_6d79_c0da),
        (1024, 0x9b81_661c_641c_72b1),
        (1025, 0x806c_2072_ed71_3576),
        (65536, 0x5d03_b43b_14c7_5500),
    ];

    #[test]
    fn a_fingerprint_is_that_of_the_reference_implementation() {
        let bytes: Vec<u8> = (0..65536_u32).map(|at| (at * 7 + 3) as u8).collect();
        for (length, expected) in REFERENCE {
            assert_eq!(fingerprint(&bytes[..length]), expected, "{length} bytes");
        }
    }
}
