package entropy_test

import (
	"fmt"

	"github.com/prizegen/prizegen/pkg/entropy"
)

// The owner of a seed keeps it secret and publishes its commitment before the first draw.
func ExampleSeed_Commitment() {
	seed, err := entropy.ParseSeed("42")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(seed.Commitment())
	// Output: 73475cb40a568e8da8a045ced110137e159f890ac4da883b6b17dc651b3a8049
}

// The first two words are the ones that openssl prints; see the package comment.
func ExampleStream() {
	stream := entropy.NewStream(entropy.Seed("42").Subkey(entropy.Text))
	stream.Seek(0)
	fmt.Printf("%016x%016x\n", stream.Uint64(), stream.Uint64())
	stream.Seek(0)
	fmt.Println(stream.Uniform(26))
	// Output:
	// 38d5a4528854d3ed96d007e9a35a8ae3
	// 5
}
