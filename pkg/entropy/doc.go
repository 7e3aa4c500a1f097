// Package entropy turns a seed into unbiased random numbers that anyone can recompute.
//
// A [Seed] is a string. From it, each part of a draw (its text, its number and its prize)
// gets its own [Key]. A key and an index determine one [Stream] of 64-bit words:
//
//	subkey(label)      = HMAC-SHA256(key: seed, message: "prizegen/v1/" + label)
//	block(label, i, j) = AES-256(subkey(label), bigendian64(j) ‖ bigendian64(i))
//
// The index of the draw is i, and j counts the blocks of its stream. For j = 0 and
// consecutive draws, this is AES in counter mode with a big-endian counter. [Stream.Blocks]
// generates many blocks at once in this way.
//
// A word becomes a bounded number by Lemire's multiply and shift with rejection, which
// makes all values equally likely; see [Stream.Uniform].
//
// You can check the first block of seed 42 without this program:
//
//	key=$(printf prizegen/v1/text | openssl dgst -sha256 -hmac 42 -r | cut -d' ' -f1)
//	printf '%032x' 0 | xxd -r -p | openssl enc -aes-256-ecb -nopad -K $key | xxd -p
package entropy
