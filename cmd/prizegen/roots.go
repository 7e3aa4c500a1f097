package main

import (
	"crypto/x509"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// trustEmbeddedRoots makes TLS trust Mozilla's certificate authorities, which are part of
// the program, if the system has none, as in an image from scratch. It takes a few
// milliseconds and must be called at most once.
func trustEmbeddedRoots() { x509.SetFallbackRoots(embeddedRoots()) }

func embeddedRoots() *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		switch {
		case err != nil:
			panic(fmt.Sprintf("prizegen: invalid embedded certificate: %v", err))
		case root.Constraint == nil:
			pool.AddCert(cert)
		default:
			pool.AddCertWithConstraint(cert, root.Constraint)
		}
	}
	return pool
}

// expectTLS must be called before calling other servers over TLS. Commands that call none
// start faster without it.
func expectTLS(a *app) {
	if a.trustRoots != nil {
		a.trustRoots()
	}
}
