package source_test

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy/source"
)

// CheckProof checks the proof of a seed, here without a network.
func Example() {
	const seed = "drand/52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971/42/" +
		"8ada64bae5c6c0f5540a6a13af56e663240edfbd2c76ac6a8f27671eb7259ce3"
	proof := jsontext.Value(`{
		"source": "drand",
		"chain": "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
		"round": 42,
		"signature": "95a9f9f5b231b7714de1553105d8ffdf3dcda24cfdb1e689319bccf79a9c8ce430a91b811fbfaf763900bc998b5d686a"
	}`)
	finding, err := source.CheckProof(context.Background(), source.Config{}, seed, proof, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(finding.At, finding.Signed)
	// Output: 2023-08-23 15:11:30 +0000 UTC true
}
