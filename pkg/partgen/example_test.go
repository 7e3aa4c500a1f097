package partgen_test

import (
	"fmt"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/partgen"
)

// Append generates the parts of a range of draws, without separators.
func ExampleFormat_Append() {
	format, err := partgen.Parse(entropy.Text, "[BCDFGHJKLM]3")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(format.Size(), "different parts")
	fmt.Printf("%s\n", format.Append(nil, entropy.Seed("42").Range(entropy.Text, 0, 4)))
	// Output:
	// 1000 different parts
	// DDDCBKFGGGLH
}
