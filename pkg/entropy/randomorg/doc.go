// Package randomorg takes seeds from RANDOM.ORG (https://www.random.org), which
// makes random numbers from atmospheric noise and signs them.
//
// A [Client] asks for one blob of 256 bits with the method generateSignedBlobs of
// the JSON-RPC API, release 4 (https://api.random.org/json-rpc/4/signed). The
// answer tells the blob, a serial number, the time and more in an object named
// random, and a signature over that very text. The seed is the text
//
//	random.org/<serial number>/<blob>
//
// with the blob as 64 lower-case hexadecimal digits. A [Proof] keeps the signed
// text and its signature, and [Check] verifies them against a seed without a
// network, with the key of RANDOM.ORG's certificate.
//
// Unlike a round of drand, a blob is known to its maker first, and to nobody else
// but by its maker's word: what the signature shows is that RANDOM.ORG has given
// this blob, under this serial number, at that time.
package randomorg
