package numgen_test

import (
	"fmt"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/numgen"
)

func ExampleParse() {
	format, err := numgen.Parse(numgen.Default)
	if err != nil {
		fmt.Println(err)
		return
	}
	nums := format.Append(nil, entropy.Seed("42").Range(entropy.Number, 0, 3))
	for ; len(nums) > 0; nums = nums[format.Len():] {
		fmt.Printf("%s\n", nums[:format.Len()])
	}
	// Output:
	// 0166
	// 9027
	// 2470
}

func ExampleParse_invalid() {
	_, err := numgen.Parse("digits100")
	fmt.Println(err)
	// Output: unknown format "digits100" for the number part: the length must be a whole number from 1 to 64, got "100"
}
