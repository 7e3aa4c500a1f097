// Command relay serves a drand chain whose key is not secret. It replaces the public relays
// when a deployment is tested without internet access. It prints the hash of the chain, and
// then serves until it is killed.
//
//	relay ADDRESS
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/prizegen/prizegen/pkg/entropy/drand/drandtest"
)

// program is a testing.TB for use outside a test.
type program struct{ testing.TB }

func (program) Helper() {}

func (program) Fatal(args ...any) { log.Fatal(args...) }

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: relay ADDRESS")
	}
	chain := drandtest.Make(program{}, drandtest.Config{})
	fmt.Println(chain.Hash())
	server := &http.Server{Addr: os.Args[1], Handler: chain, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}
