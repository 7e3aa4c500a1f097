package main

import (
	"crypto/x509"
	"fmt"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// trustEmbeddedRoots has certificates checked against Mozilla's authorities, which
// are part of the program, where the system has none: an image from scratch, for one.
// It takes a few milliseconds, and must be called once at most.
func trustEmbeddedRoots() { x509.SetFallbackRoots(embeddedRoots()) }

func embeddedRoots() *x509.CertPool {
	pool := x509.NewCertPool()
	for root := range bundle.Roots() {
		cert, err := x509.ParseCertificate(root.Certificate)
		switch {
		case err != nil:
			panic(fmt.Sprintf("prizegen: an embedded certificate can't be read: %v", err))
		case root.Constraint == nil:
			pool.AddCert(cert)
		default:
			pool.AddCertWithConstraint(cert, root.Constraint)
		}
	}
	return pool
}

// expectTLS is called before a server elsewhere may be called by TLS. Commands that
// call nobody start without looking at certificates.
func (a *app) expectTLS() {
	if a.trustRoots != nil {
		a.trustRoots()
	}
}
