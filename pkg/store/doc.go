// Package store keeps campaigns, entrants and draws in an SQL database: either a SQLite
// file or PostgreSQL, which several processes on several machines can share.
//
//	db, err := store.Open(ctx, "prizegen.db", store.Options{})
//
// Both engines use the same statements. The differences are in engine.go, runner.go and
// the migrations.
package store
