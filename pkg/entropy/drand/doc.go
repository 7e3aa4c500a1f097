// Package drand takes seeds from drand, the public randomness beacon of the
// League of Entropy (https://docs.drand.love).
//
// A chain of drand publishes a round every few seconds. Its randomness is the
// SHA-256 of a BLS signature that a threshold of independent organisations make
// together: none of them knows it before it is due, none can choose it, and
// anyone can check it with the chain's public key. A [Client] asks mirrors for
// rounds and gives none that it has not verified, so a mirror can withhold a
// round but never change one.
//
// The seed of a round is the text
//
//	drand/<chain hash>/<round>/<randomness>
//
// with hash and randomness in lower-case hexadecimal. The chain hash covers the
// public key, so the seed says all by itself which randomness it claims to be; a
// [Proof] adds the signature, and [Check] verifies one against the other without
// a network.
//
// Rounds are signed on BLS12-381, by the schemes of [SchemeQuicknet] and
// [SchemeChained]. Chains of other schemes are refused.
package drand
