// Package randomorg takes seeds from RANDOM.ORG (https://www.random.org), which generates
// random numbers from atmospheric noise and signs them.
//
// A [Client] requests one blob of 256 bits with the generateSignedBlobs method of the
// JSON-RPC API, release 4 (https://api.random.org/json-rpc/4/signed). The result contains
// an object "random", which holds the blob, a serial number and the time, and a signature
// of that object. The seed is the string
//
//	random.org/<serial number>/<blob>
//
// with the blob as 64 lower-case hexadecimal digits. A [Proof] holds the signed object and
// its signature. [Check] verifies a seed and its proof offline with the public key from
// RANDOM.ORG's certificate.
//
// Unlike a round of drand, a blob is known to RANDOM.ORG before it is published. The
// signature proves only that RANDOM.ORG issued this blob with this serial number and
// time.
package randomorg
