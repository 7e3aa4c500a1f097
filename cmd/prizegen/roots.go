package main

import (
	"crypto/x509"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// trustEmbeddedRoots makes TLS use the embedded copy of Mozilla's root certificates if
// the system has none, as in an image built from scratch. It takes a few milliseconds
// and must be called at most once.
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

// expectTLS must be called before any call to other servers over TLS. Commands that do
// not need it start faster without it.
func expectTLS(a *app) {
	if a.trustRoots != nil {
		a.trustRoots()
	}
}
