// Package store keeps campaigns, entrants and draws in SQL: in a SQLite file, or in
// PostgreSQL where several processes share them.
//
// [Open] takes the path of a file or a postgres:// address and brings the tables up
// to date. The statements are written once for both; what differs between the two
// is in engine.go and in the migrations.
package store
