// Package entropy turns a seed into unbiased random numbers that anyone can
// recompute.
//
// A [Seed] is a text. From it each part of a draw (its text, its number, its
// prize) gets a [Key] of its own, and a key and an index name one [Stream] of
// 64-bit words:
//
//	subkey(label)      = HMAC-SHA256(key: seed, message: "prizegen/v1/" + label)
//	block(label, i, j) = AES-256(subkey(label), bigendian64(j) ‖ bigendian64(i))
//
// i is the index of the draw and j counts the blocks of its stream. The blocks
// j = 0 of consecutive draws are exactly AES in counter mode with a big-endian
// counter, which is how [Stream.Blocks] makes many at once.
//
// A bounded number comes from a word by Lemire's multiply and shift with
// rejection, so that no value is likelier than another; see [Stream.Uniform].
// Package partgen writes such numbers in an alphabet.
//
// The first block of seed 42 can be checked without this program:
//
//	key=$(printf prizegen/v1/text | openssl dgst -sha256 -hmac 42 -r | cut -d' ' -f1)
//	printf '%032x' 0 | xxd -r -p | openssl enc -aes-256-ecb -nopad -K $key | xxd -p
package entropy
