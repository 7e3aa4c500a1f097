package drand_test

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/drand"
)

// Check verifies offline that a seed is round 1000 of quicknet.
func Example() {
	const seed = entropy.Seed("drand/52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971/1000/" +
		"fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd")
	const proofText = `{
		"source": "drand",
		"chain": "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971",
		"round": 1000,
		"signature": "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125e342b73a8dd2bacbe47e4b6b63ed5e39"
	}`
	var proof drand.Proof
	if err := json.Unmarshal([]byte(proofText), &proof); err != nil {
		fmt.Println(err)
		return
	}
	chain, err := drand.Check(seed, proof)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("signed by", chain.BeaconID, "at", chain.TimeOf(proof.Round))
	// Output: signed by quicknet at 2023-08-23 15:59:24 +0000 UTC
}
