package randomorg_test

import (
	"fmt"

	"github.com/prizegen/prizegen/pkg/entropy/randomorg"
)

// ParseSeed returns the serial number and the blob of a seed.
func Example() {
	ref, err := randomorg.ParseSeed("random.org/6116/24b1f1f1a5e5ec2a8ad9f6a2bb1cb29a1c7e6e2b8f3e5d9d1e0c2f7a4b6d8e90")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("serial number", ref.SerialNumber)
	fmt.Println(ref.Seed())
	// Output:
	// serial number 6116
	// random.org/6116/24b1f1f1a5e5ec2a8ad9f6a2bb1cb29a1c7e6e2b8f3e5d9d1e0c2f7a4b6d8e90
}
