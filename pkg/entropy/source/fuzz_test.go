package source_test

import (
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/prizegen/prizegen/pkg/entropy"
	"github.com/prizegen/prizegen/pkg/entropy/source"
)

// FuzzCheckProof checks that only a signed proof is accepted, and only for its own seed.
func FuzzCheckProof(f *testing.F) {
	const hash = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
	const genuine = "drand/" + hash + "/42/8ada64bae5c6c0f5540a6a13af56e663240edfbd2c76ac6a8f27671eb7259ce3"
	f.Add(genuine, `{"source":"drand","chain":"`+hash+`","round":42,"signature":"95a9f9f5b231b7714de1553105d8ffdf3dcda24cfdb1e689319bccf79a9c8ce430a91b811fbfaf763900bc998b5d686a"}`)
	f.Add("drand/"+hash+"/0/"+hash, `{"source":"drand","chain":"`+hash+`","chain_info":{"period":0}}`)
	f.Add("random.org/6116/"+hash, `{"source":"random.org","random":"{\"method\":\"generateSignedBlobs\",\"n\":1,\"size\":256,\"format\":\"hex\",\"data\":[\"`+hash+`\"],\"serialNumber\":6116}","signature":""}`)
	f.Add("42", `{"source":"os"}`)
	f.Fuzz(func(t *testing.T, seed, proof string) {
		finding, err := source.CheckProof(t.Context(), source.Config{}, entropy.Seed(seed), jsontext.Value(proof), false)
		if err == nil && (!finding.Signed || seed != genuine) {
			t.Errorf("seed %q with proof %s: got %s, want an error", seed, proof, finding)
		}
		if err != nil && finding.Signed {
			t.Errorf("proof %s: got a signed finding and error %v, want only one of them", proof, err)
		}
	})
}
