// Package drand takes seeds from drand, the public randomness beacon of the League of
// Entropy (https://docs.drand.love).
//
// A drand chain publishes a round every few seconds. The randomness of a round is the
// SHA-256 of a BLS signature that a threshold of independent organisations create together.
// None of them knows it before it is due, none can choose it, and anyone can verify it with
// the public key of the chain. A [Client] fetches rounds from mirrors and verifies each
// one, so a mirror can withhold a round but cannot change it.
//
// The seed of a round is the string
//
//	drand/<chain hash>/<round>/<randomness>
//
// with hash and randomness in lower-case hexadecimal. The chain hash covers the public
// key, so the seed identifies its randomness completely. A [Proof] adds the signature,
// and [Check] verifies both offline.
//
// Rounds are signed on BLS12-381 by the schemes [SchemeQuicknet] and [SchemeChained].
// Other schemes are not supported.
package drand
