// Command relay serves a drand chain of its own, whose key everybody knows: it stands for
// the public relays where a deployment is tested without the internet. It prints the
// hash of the chain, then serves until it is ended.
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

// program lets the chain be made outside a test.
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
