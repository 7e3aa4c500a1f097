// Package store stores campaigns, entrants and draws in a SQLite file or in PostgreSQL.
// Processes on several machines can share a PostgreSQL database.
//
//	db, err := store.Open(ctx, "prizegen.db", store.Options{})
//
// Both engines share most SQL statements. They differ in engine.go, runner.go and the
// migrations.
package store
